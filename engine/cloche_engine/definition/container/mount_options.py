"""Which options a mount can have, as mount(8) names them, and why one cannot be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from cloche_engine.definition.checking import fixes
from cloche_engine.definition.checking.report import Report
from cloche_engine.definition.container.filesystems import Mount
from cloche_engine.definition.names import short
from cloche_engine.definition.problem import Fix
from cloche_engine.definition.schema.model import nearest
from cloche_engine.definition.spec import Filesystem, FilesystemKind
from cloche_engine.definition.text.tree import Element, Tree

CODE = "mount-option"
"""What the warning is called."""

_ANYWAY = frozenset("defaults rw exec async relatime bind rbind create=dir create=file".split())
_OF_MEMORY = frozenset({"mode=755", "mode=0755"})
"""What a filesystem in memory is anyway, as LXC's configurations like to say."""
_OPPOSITES = {"exec": "noexec", "suid": "nosuid", "rw": "ro"}
_KNOWN = tuple("exec noatime nodev nodiratime noexec nosuid ro suid".split())
_REASONS = {
    "dev": "cannot have device nodes ('dev'): those that harm nobody are in /dev",
    "optional": "cannot be 'optional': a start fails where its source is not there",
}


@dataclass(frozen=True, slots=True)
class Refused:
    """One option that a mount cannot have: why, what to do, and what it was probably meant to be.

    meant is empty where it can only be removed, None where that would be a guess too.
    """

    word: str
    reason: str
    hint: str
    meant: str | None = ""


def option_words(text: str) -> list[str]:
    """The options in a text, which may hold several with commas."""
    return [word for word in map(str.strip, text.split(",")) if word]


def wanted_options(filesystem: Filesystem) -> list[str]:
    """All options of a mount, in their order."""
    return [word for text in filesystem.options for word in option_words(text)]


def refused_options(filesystem: Filesystem) -> Iterator[Refused]:
    """The options that keep it from being mounted."""
    wanted = frozenset(words := wanted_options(filesystem))
    for word in dict.fromkeys(words):
        if found := _contradicted(filesystem, word, wanted) or _refused(filesystem, word):
            yield found


def _contradicted(filesystem: Filesystem, word: str, wanted: frozenset[str]) -> Refused | None:
    both = f"the options of the mount on {filesystem.target} contradict each other: {word} and"
    if word == "rw" and filesystem.readonly:
        return Refused(word, f"{both} <readonly/>", "keep one", None)
    if _OPPOSITES.get(word) in wanted:
        return Refused(word, f"{both} {_OPPOSITES[word]}", "keep one", None)
    return None


def _refused(filesystem: Filesystem, word: str) -> Refused | None:
    mount = f"the mount on {filesystem.target}"
    is_ram = filesystem.kind is FilesystemKind.RAM
    if word == "suid" and not _may_have_suid(filesystem):
        only = "cannot have set-user-id programs ('suid'): only the root and templates can"
        hint = "remove the option, or put such programs into the root"
        return Refused(word, f"{mount} {only}", hint)
    if word in _REASONS:
        return Refused(word, f"{mount} {_REASONS[word]}", "remove the option")
    if word in _ANYWAY or word in _KNOWN or (is_ram and word in _OF_MEMORY):
        return None
    unknown = f"{mount} has the unknown option '{short(word)}'"
    if is_ram and word.startswith("mode="):
        return Refused(word, f"{unknown}: a filesystem in memory has 0755", "remove the option")
    meant = nearest(word, _KNOWN)
    hint = f"did you mean {meant}?" if meant else f"use some of {', '.join(_KNOWN)}"
    return Refused(word, unknown, hint, meant or "")


def _may_have_suid(filesystem: Filesystem) -> bool:
    """Set-user-id programs count on the root and on the engine's own templates alone."""
    return filesystem.target == "/" or filesystem.kind is FilesystemKind.TEMPLATE


def check_options(report: Report, mount: Mount) -> None:
    """Warn of options with which no start can succeed, each at its `<option>`."""
    refused = {each.word: each for each in refused_options(mount.filesystem)}
    for element in mount.element.all("option") if refused else ():
        for found in filter(None, map(refused.get, option_words(element.text))):
            place = report.tree.text_place(element)
            reason = f"the container will not start: {found.reason}"
            fix = _mended(report.tree, element, found)
            report.warning(CODE, place, reason, found.hint, *([fix] if fix else []))


def _mended(tree: Tree, element: Element, found: Refused) -> Fix | None:
    """The option under the name that was meant, or without it."""
    if found.meant is None:
        return None
    words = option_words(element.text)
    left = (found.meant if word == found.word else word for word in words)
    text = ",".join(filter(None, left))
    if text:
        name = fixes.DID_YOU_MEAN if found.meant else fixes.REMOVE
        return fixes.write_text(tree, element, text, fix=name)
    words_of_it = f"remove the option {short(found.word)}"
    return replace(fixes.remove_element(tree, element), description=words_of_it)
