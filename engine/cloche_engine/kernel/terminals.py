"""Pseudoterminals of a devpts instance of one's own (pts(4), ioctl_tty(2))."""

from __future__ import annotations

import fcntl
import os
import struct
import termios

from cloche_engine.kernel import constants as k

SIZE = (24, 80)
"""Rows and columns of a terminal that nobody looks at yet."""
_IUTF8 = 0x4000  # the termios module has no name for it


def open_pair(ptmx: str) -> tuple[int, int]:
    """Master and peer; the peer comes from the master itself, never through a path."""
    master = os.open(ptmx, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        fcntl.ioctl(master, k.TIOCSPTLCK, struct.pack("i", 0))
        set_size(master, *SIZE)
        peer = fcntl.ioctl(master, k.TIOCGPTPEER, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
        _erase_whole_characters(peer)
    except OSError:
        os.close(master)
        raise
    return master, peer


def _erase_whole_characters(terminal: int) -> None:
    """Backspace takes a whole UTF-8 character in line mode, not its last byte (IUTF8)."""
    attributes = termios.tcgetattr(terminal)
    attributes[0] |= _IUTF8
    termios.tcsetattr(terminal, termios.TCSANOW, attributes)


def set_size(master: int, rows: int, columns: int) -> None:
    """Tell the terminal its size in cells; its programs get SIGWINCH."""
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def take_as_standard_streams(terminal: int) -> None:
    """In a new session, make this the controlling terminal and the three standard streams."""
    os.setsid()
    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
    for stream in range(3):
        os.dup2(terminal, stream)
