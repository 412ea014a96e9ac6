"""A release of Debian or Ubuntu by the host's own tools and package sources."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from cloche_engine.api.errors import UnsupportedError
from cloche_engine.api.unpacking import GIVE_HINT
from cloche_engine.host.saving import saved_in

_MMDEBSTRAP = Path("/usr/bin/mmdebstrap")
_DEBOOTSTRAP = Path("/usr/sbin/debootstrap")
_APT_CONFIG = Path("/usr/bin/apt-config")
_FOLDER = Path("/etc/apt")
_FAMILY = re.compile(r"/(debian|ubuntu)/?$")
_WHAT = ("--variant=minbase", "--include=systemd-sysv")
"""Little, but with an init: the tree is for single programs and for whole systems."""
_SHELL = """
out=$1; shift
/usr/sbin/debootstrap "$@" >&2 || exit
exec /usr/bin/tar --create --numeric-owner --xattrs --xattrs-include=security.capability \
    --directory="$out" .
"""


def words(suite: str, scratch: Path) -> list[str]:
    """The command that writes the release as an archive; UnsupportedError where no tool is there.

    What it needs on the way lies in `scratch`.
    """
    if _MMDEBSTRAP.exists():
        sources = scratch / "sources.list"
        with saved_in(scratch, "the list of package sources"):
            sources.write_text("".join(f"{line}\n" for line in lines_for(suite)))
        given = [str(sources)] if sources.stat().st_size else []
        return [str(_MMDEBSTRAP), "--mode=root", *_WHAT, "--format=tar", *_proxy(),
                suite, "-", *given]  # fmt: skip
    if _DEBOOTSTRAP.exists():
        tree = scratch / "tree"
        mirror = next((line.split()[-3] for line in lines_for(suite)), "")
        return ["/bin/sh", "-c", _SHELL, "sh", str(tree), *_WHAT, suite, str(tree),
                *([mirror] if mirror else [])]  # fmt: skip
    raise UnsupportedError(
        "neither mmdebstrap nor debootstrap is installed on this system",
        "install mmdebstrap, or make the tree elsewhere and use `clochectl template add`",
    )


def lines_for(suite: str, folder: Path = _FOLDER) -> list[str]:
    """Lines of sources.list(5) for a release, of the host's own mirrors.

    Where the host's sources name that release, they are taken as they are.
    """
    entries = [entry for file in _files(folder) for entry in _entries(file)]
    named = [e for e in entries if e.suite == suite or e.suite.startswith(f"{suite}-")]
    if any(entry.suite == suite for entry in named):
        return [entry.line(entry.suite) for entry in named]
    mirror = next((entry for entry in entries if _FAMILY.search(entry.uri)), None)
    return [mirror.line(suite)] if mirror is not None else []


def cause(said: list[str]) -> str:
    """Why it failed, of its last lines: apt's first error, from which the others follow."""
    errors = (line.removeprefix("E:").strip() for line in said if line.startswith("E:"))
    return next(errors, said[-1] if said else "it said nothing").rstrip(".")


def damage(said: list[str]) -> tuple[str, str]:
    """What is wrong with an archive that zstd could not unpack, and what to do about it."""
    words = re.sub(r"^(zstd: )?/\*stdin\*\\ *: *", "", cause(said))
    what = "it ends too early" if "premature end" in words else f"it is damaged: {words}"
    return f"the archive cannot be unpacked: {what}", GIVE_HINT


def hint_for(said: list[str]) -> str:
    """What to do about a failure, as far as its words tell."""
    text = "\n".join(said).lower()
    if "no such" in text or "404" in text or "does not have a release" in text:
        return "look whether the release is named so, and whether the mirror has it"
    if "resolv" in text or "connect" in text or "fetch" in text:
        return "look whether this system reaches its package sources: apt-get update"
    return "try the same by hand to see all that it says"


class _Entry:
    """One source: what stands in brackets, where it is, which suite, its components."""

    def __init__(self, options: str, uri: str, suite: str, components: str) -> None:
        self.options, self.uri, self.suite, self.components = options, uri, suite, components

    def line(self, suite: str) -> str:
        brackets = f"[{self.options}] " if self.options else ""
        return f"deb {brackets}{self.uri} {suite} {self.components}"


def _files(folder: Path) -> list[Path]:
    patterns = ("sources.list", "sources.list.d/*.sources", "sources.list.d/*.list")
    found = [file for pattern in patterns for file in sorted(folder.glob(pattern))]
    return [file for file in found if file.is_file()]


def _entries(file: Path) -> Iterator[_Entry]:
    text = file.read_text(errors="replace")
    return _stanzas(text) if file.suffix == ".sources" else _lines(text)


def _lines(text: str) -> Iterator[_Entry]:
    """sources.list(5), the older form."""
    for line in text.splitlines():
        found = re.fullmatch(r"deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s*(.*)", line.strip())
        if found:
            yield _Entry((found[1] or "").strip(), found[2], found[3], found[4].strip())


def _stanzas(text: str) -> Iterator[_Entry]:
    """deb822 sources: fields, with stanzas parted by empty lines."""
    plain = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    for stanza in re.split(r"\n\s*\n", plain):
        found = re.findall(r"^([\w-]+):[ \t]*(.*(?:\n[ \t].*)*)", stanza, re.MULTILINE)
        fields = {name.lower(): " ".join(value.split()) for name, value in found}
        if "deb" not in fields.get("types", "").split() or fields.get("enabled") == "no":
            continue
        key = fields.get("signed-by", "")
        options = f"signed-by={key}" if key.startswith("/") else ""
        for uri in fields.get("uris", "").split():
            for suite in fields.get("suites", "").split():
                yield _Entry(options, uri, suite, fields.get("components", ""))


def _proxy() -> list[str]:
    """The proxy of the host's apt, which mmdebstrap does not look for."""
    if not _APT_CONFIG.exists():
        return []
    asked = [str(_APT_CONFIG), "dump", "--format", "%v%n", "Acquire::http::Proxy"]
    said = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.split()
    return [f'--aptopt=Acquire::http::Proxy "{said[0]}"'] if said else []
