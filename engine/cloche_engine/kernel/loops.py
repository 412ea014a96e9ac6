"""Loop devices: an image file as a block device (loop(4))."""

from __future__ import annotations

import errno
import fcntl
import os
import struct

_CTL_GET_FREE = 0x4C82
_CONFIGURE = 0x4C0A
_READ_ONLY, _AUTOCLEAR = 1, 4
_TRIES = 50


def attach(image: int, *, readonly: bool) -> int:
    """A descriptor of a loop device that shows an open file, and ends with its last user.

    OSError where none is free, or where the kernel refuses (loop(4), LOOP_CONFIGURE).
    """
    flags = _AUTOCLEAR | (_READ_ONLY if readonly else 0)
    # struct loop_config: fd, block_size, struct loop_info64 (lo_flags at its byte 52), reserved
    config = struct.pack("=II52xI", image, 0, flags).ljust(304, b"\0")
    for _ in range(_TRIES):
        device = _free_one(readonly=readonly)
        try:
            fcntl.ioctl(device, _CONFIGURE, config)
        except OSError as error:
            os.close(device)
            if error.errno != errno.EBUSY:  # EBUSY: another process was quicker
                raise
        else:
            return device
    raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), "/dev/loop-control")


def _free_one(*, readonly: bool) -> int:
    control = os.open("/dev/loop-control", os.O_RDWR | os.O_CLOEXEC)
    try:
        number = fcntl.ioctl(control, _CTL_GET_FREE)
    finally:
        os.close(control)
    access = os.O_RDONLY if readonly else os.O_RDWR
    return os.open(f"/dev/loop{number}", access | os.O_CLOEXEC)
