"""Sources of a definition, opened by root where somebody else may own part of the way.

Who owns a folder can put a link in the place of what lies there, and whoever starts the container
would then be given a tree of the host's root, mapped to be his own. So a link is followed only
where it is root's, or its owner's is what it leads to.
"""

from __future__ import annotations

import errno
import os

from cloche_engine.kernel import constants as k
from cloche_engine.kernel.syscalls import openat2
from cloche_engine.sandbox.walk import walk_telling_links


class ForeignLinkError(OSError):
    """A link of one user leads to what belongs to another."""

    def __init__(self, path: str, owner: int) -> None:
        words = f"a link of the user {owner} is on the way, and what it leads to is not that user's"
        super().__init__(errno.EPERM, words, path)


def open_source(path: str, flags: int = os.O_PATH) -> int:
    """A descriptor of what a definition names; ForeignLinkError, or OSError as of open(2)."""
    try:
        return openat2(k.AT_FDCWD, path, flags, k.RESOLVE_NO_SYMLINKS)
    except OSError as error:
        if error.errno not in {errno.ELOOP, errno.ENOSYS}:
            raise
    found, owners = walk_telling_links(path)
    try:
        allowed = {0, os.fstat(found).st_uid}
        if strangers := owners - allowed:
            raise ForeignLinkError(path, min(strangers))
        # Opened anew by its descriptor: the path may lead elsewhere by now.
        return os.open(f"/proc/self/fd/{found}", flags | os.O_CLOEXEC)
    finally:
        os.close(found)
