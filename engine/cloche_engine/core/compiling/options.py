"""The options of a mount, as mount(8) names them."""

from __future__ import annotations

from cloche_engine.core.compiling.refusal import refusal
from cloche_engine.definition.spec import Filesystem, FilesystemKind
from cloche_engine.kernel import constants as k
from cloche_engine.sandbox.plan.mounts import SAFE

_BITS = {
    "nosuid": k.MOUNT_ATTR_NOSUID,
    "nodev": k.MOUNT_ATTR_NODEV,
    "noexec": k.MOUNT_ATTR_NOEXEC,
    "noatime": k.MOUNT_ATTR_NOATIME,
    "nodiratime": k.MOUNT_ATTR_NODIRATIME,
}
_ANYWAY = frozenset("defaults rw exec async relatime bind rbind create=dir create=file".split())
_OF_MEMORY = frozenset({"mode=755", "mode=0755"})
"""What a filesystem in memory is anyway, as LXC's configurations like to say."""
_OPPOSITES = {"exec": "noexec", "suid": "nosuid", "rw": "ro"}


def attributes_of(filesystem: Filesystem) -> tuple[bool, int]:
    """Whether it is read-only, and its MOUNT_ATTR_*; UnsupportedError names what cannot be."""
    wanted = [word.strip() for option in filesystem.options for word in option.split(",")]
    is_root = filesystem.target == "/"
    anyway = _ANYWAY | (_OF_MEMORY if filesystem.kind is FilesystemKind.RAM else frozenset())
    attributes = k.MOUNT_ATTR_NODEV if is_root else SAFE
    for word in filter(None, wanted):
        if _OPPOSITES.get(word) in wanted or (word == "rw" and filesystem.readonly):
            other = "<readonly/>" if filesystem.readonly and word == "rw" else _OPPOSITES[word]
            raise _refused(filesystem, f"contradict each other: {word} and {other}", "keep one")
        if word == "suid":
            attributes &= ~_suid_bit(filesystem)
        elif word in _BITS:
            attributes |= _BITS[word]
        elif word == "dev":
            reason = "cannot have device nodes ('dev'): those that harm nobody are in /dev"
            raise _refused(filesystem, reason, "remove the option")
        elif word not in anyway | {"ro"}:
            known = ", ".join(sorted({*_BITS, "ro", "exec", "suid"}))
            raise _refused(filesystem, f"has the unknown option '{word}'", f"use some of {known}")
    return filesystem.readonly or "ro" in wanted, attributes


def _suid_bit(filesystem: Filesystem) -> int:
    """Set-user-id programs count on the root and on the engine's own templates alone."""
    if filesystem.target == "/" or filesystem.kind is FilesystemKind.TEMPLATE:
        return k.MOUNT_ATTR_NOSUID
    raise _refused(
        filesystem,
        "cannot have set-user-id programs ('suid'): only the root and templates can",
        "remove the option, or put such programs into the root",
    )


def _refused(filesystem: Filesystem, reason: str, hint: str) -> Exception:
    message = f"the mount on {filesystem.target} {reason}"
    if reason.startswith("contradict"):
        message = f"the options of the mount on {filesystem.target} {reason}"
    return refusal(message, hint, filesystem.location)
