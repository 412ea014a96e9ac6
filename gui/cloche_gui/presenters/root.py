"""Where the root of a new container comes from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cloche_engine.definition.spec import Filesystem, FilesystemKind


class Origin(StrEnum):
    """The three ways that the form offers."""

    SHARED = "shared"
    TEMPLATE = "template"
    DIRECTORY = "directory"


@dataclass(frozen=True, slots=True)
class Root:
    """source is the name of a template or an absolute path; empty for the host's own root."""

    origin: Origin = Origin.SHARED
    source: str = ""

    @property
    def error(self) -> str:
        """Why it cannot be used yet; empty where it can."""
        source = self.source.strip()
        if self.origin is Origin.SHARED:
            return ""
        if self.origin is Origin.TEMPLATE:
            return "" if source else "There is no template yet; get one first."
        if not source:
            return "Choose the directory that holds the system."
        return "" if source.startswith("/") else (
            "The directory must be an absolute path; begin it with /."
        )  # fmt: skip

    @property
    def filesystems(self) -> tuple[Filesystem, ...]:
        """The mount on `/`; none where the host's root is shared."""
        if self.origin is Origin.SHARED:
            return ()
        is_template = self.origin is Origin.TEMPLATE
        kind = FilesystemKind.TEMPLATE if is_template else FilesystemKind.MOUNT
        return (Filesystem(kind, self.source.strip(), "/"),)
