"""Block devices as limits of input and output name them: `major:minor`."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable
from pathlib import Path

from cloche_engine.host.cgroups.setting import LimitError
from cloche_engine.sandbox.plan.limits import DeviceLimits, Limits

Devices = dict[str, DeviceLimits]
"""What each device is held to, by its number."""


def numbered(wanted: Iterable[DeviceLimits]) -> Devices:
    """Limits by the numbers of their devices; LimitError where there is no such disk."""
    return {_number(each.path): each for each in wanted}


def unheeded_weight(limits: Limits, root: Path | None) -> list[str]:
    """A sentence where a weight has no effect; root is that of the tree with the io controller."""
    if not limits.io_weight and not any(each.weight for each in limits.devices):
        return []
    schedulers = Path("/sys/block").glob("*/queue/scheduler")
    if any("[bfq]" in _text(file) for file in schedulers):
        return []
    if root is not None and "enable=1" in _text(root / "io.cost.qos"):
        return []
    return ["<weight>: no disk heeds it here; choose the scheduler bfq for it"]


def _text(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:
        return ""


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
