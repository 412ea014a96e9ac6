"""The form for a new template: what is wrong in it, and how far its making is."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from cloche_engine.api.templates import Progress
from cloche_engine.definition.names import valid_template_name

_MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class NewTemplate:
    """The values of the form: a release of Debian or Ubuntu, or a path where that is empty."""

    name: str
    suite: str = ""
    path: str = ""

    @property
    def is_release(self) -> bool:
        """Whether it is made from packages."""
        return bool(self.suite)


def name_error(name: str, taken: Collection[str]) -> str:
    """Why a template cannot be called so; empty where it can."""
    name = name.strip()
    if not name:
        return "Give the template a name, for example debian-12."
    if name in taken:
        return f"There is a template “{name}” already; choose another name."
    return valid_template_name(name) or ""


def source_error(form: NewTemplate, *, from_release: bool) -> str:
    """Why nothing can be made of the source; empty where it can."""
    if from_release:
        return "" if form.suite.strip() else "Name the release, for example bookworm."
    if not form.path.strip():
        return "Choose an archive, or a directory that holds a system."
    return "" if form.path.strip().startswith("/") else "Give an absolute path; begin it with /."


def host_release(os_release: str, otherwise: str = "bookworm") -> str:
    """The code name of this host's own release, from the text of os-release(5)."""
    for line in os_release.splitlines():
        key, _, value = line.partition("=")
        if key == "VERSION_CODENAME" and value.strip("\"' "):
            return value.strip("\"' ")
    return otherwise


def percent(progress: Progress) -> int | None:
    """How much of it is done, 0 to 100; None where nobody knows."""
    if progress.total <= 0:
        return None
    return max(0, min(100, 100 * progress.done // progress.total))


def words(progress: Progress) -> str:
    """What it does, without the mark by which mmdebstrap tells news from warnings."""
    return progress.words.removeprefix("I: ")


def size(size_bytes: int) -> str:
    """As people say it."""
    return f"{size_bytes / _MIB:.0f} MiB" if size_bytes >= _MIB else f"{size_bytes} bytes"
