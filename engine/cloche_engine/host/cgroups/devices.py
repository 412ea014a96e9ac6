"""Block devices as limits of input and output name them: `major:minor`."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable
from pathlib import Path

from cloche_engine.host.cgroups.setting import LimitError
from cloche_engine.sandbox.plan.limits import DeviceLimits

Devices = dict[str, DeviceLimits]
"""What each device is held to, by its number."""


def numbered(wanted: Iterable[DeviceLimits]) -> Devices:
    """Limits by the numbers of their devices; LimitError where there is no such disk."""
    return {_number(each.path): each for each in wanted}


def _number(path: str) -> str:
    try:
        found = Path(path).stat()
    except OSError as error:
        raise LimitError(error.errno, f"{path} of <blkiotune>: {error.strerror}") from error
    if not stat.S_ISBLK(found.st_mode):
        raise LimitError(errno.ENOTBLK, f"{path} of <blkiotune> is no block device")
    number = f"{os.major(found.st_rdev)}:{os.minor(found.st_rdev)}"
    about = Path("/sys/dev/block") / number
    if (about / "partition").exists():
        disk = about.resolve().parent.name
        raise LimitError(
            errno.ENODEV, f"{path} of <blkiotune> is a partition: name its disk, /dev/{disk}"
        )
    return number
