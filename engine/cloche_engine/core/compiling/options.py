"""The options of a mount as attributes of it (mount_setattr(2))."""

from __future__ import annotations

from cloche_engine.core.compiling.refusal import refusal
from cloche_engine.definition.container.mount_options import refused_options, wanted_options
from cloche_engine.definition.spec import Filesystem
from cloche_engine.kernel import constants as k
from cloche_engine.sandbox.plan.mounts import SAFE

_BITS = {
    "nosuid": k.MOUNT_ATTR_NOSUID,
    "nodev": k.MOUNT_ATTR_NODEV,
    "noexec": k.MOUNT_ATTR_NOEXEC,
    "noatime": k.MOUNT_ATTR_NOATIME,
    "nodiratime": k.MOUNT_ATTR_NODIRATIME,
}


def attributes_of(filesystem: Filesystem) -> tuple[bool, int]:
    """Whether it is read-only, and its MOUNT_ATTR_*; UnsupportedError names what cannot be."""
    for refused in refused_options(filesystem):
        raise refusal(refused.reason, refused.hint, filesystem.location)
    wanted = wanted_options(filesystem)
    attributes = k.MOUNT_ATTR_NODEV if filesystem.target == "/" else SAFE
    if "suid" in wanted:
        attributes &= ~k.MOUNT_ATTR_NOSUID
    for word in wanted:
        attributes |= _BITS.get(word, 0)
    return filesystem.readonly or "ro" in wanted, attributes
