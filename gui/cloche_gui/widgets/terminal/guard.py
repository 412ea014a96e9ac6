"""Caps in front of the core, for the few sequences that cost it a thousand times more than text.

A repeated character (REP) may fill up to 65,535 cells with eight bytes, a reset (RIS) makes all
pages anew, and a string (OSC, DCS, APC) may go on for ever. Where a number of four digits ends with
the letter of a repeat, and while output takes unusually long, repeats and resets are looked for;
other output is never searched. In insert mode a block of repeats takes ten seconds.
"""

import re
from collections.abc import Iterator

BLOCK = 4096
"""Bytes that may reach the core before the guard looks at what they cost."""
_SLACK = 64  # a read of a page and the begun character before it are one block
STRING_LIMIT = 65536
"""Bytes of one string; the rest of a longer one is dropped."""
_SLOW = 0.25e-6  # seconds a byte: several times what the dearest honest output costs
_AT_LEAST = 0.0005
_CAN = b"\x18"
_INSIDE = rb"[\x00-\x17\x19\x1c-\x1f]*"  # controls do not end a sequence
_CONTROLS = bytes(range(32))
_LAST_RESET = re.compile(rb".*(\x1b" + _INSIDE + rb"c)", re.DOTALL)
_REPEAT = re.compile(rb"(?:\x1b" + _INSIDE + rb"\[|\x9b)([\x00-\x17\x19\x1c-\x1f0-9:;]*)b")
_DIGITS = bytes(0x30 if 0x30 <= byte <= 0x39 else byte for byte in range(256))
_BETWEEN = _CONTROLS.replace(b"\x1b", b"") + b":;"
_NUMBER = re.compile(rb"[0-9]{1,9}")
_STRING_END = re.compile(rb"[\x07\x18\x1a\x1b]")


class Guard:
    """What one core may be fed; ask `admit` before, and tell `fed` after each block."""

    def __init__(self) -> None:
        self._is_suspicious = False
        self._is_dropping = False
        self._string = 0
        self._begun = b""

    def blocks(self, data: bytes) -> Iterator[bytes]:
        """Pieces that end with whole characters; the begun one at the end waits for more.

        In the middle of a character the core says that it is not at rest, as it does in a string.
        """
        data = self._begun + data
        at, self._begun = 0, b""
        while at < len(data):
            end = at + BLOCK if len(data) - at > BLOCK + _SLACK else len(data)
            whole = end - _begun(data, end)
            if whole <= at:
                self._begun = data[at:end]
                return
            yield data[at:whole]
            at = whole

    def admit(self, block: bytes, cells: int) -> bytes:
        """What of this block the core gets; repeats fill at most `cells` cells."""
        if self._is_dropping:
            block = self._without_string(block)
        if not self._is_suspicious and not _may_repeat_much(block):
            return block
        capped = _capped(block, cells)
        self._is_suspicious = capped != block
        return capped

    def fed(self, block: bytes, seconds: float, *, in_string: bool) -> bytes:
        """Learns what a block cost; returns what ends a string that is too long."""
        if seconds > _AT_LEAST + _SLOW * len(block):
            self._is_suspicious = True
        if not in_string:
            self._string = 0
            return b""
        start = block.rfind(b"\x1b")
        self._string = self._string + len(block) if start < 0 else len(block) - start
        if self._string <= STRING_LIMIT:
            return b""
        self._string, self._is_dropping = 0, True
        return _CAN

    def _without_string(self, block: bytes) -> bytes:
        end = _STRING_END.search(block)
        if end is None:
            return b""
        self._is_dropping = False
        return block[end.start() if end[0] == b"\x1b" else end.end() :]


def _may_repeat_much(block: bytes) -> bool:
    """Whether a thousand cells or more could be filled by one sequence of it."""
    begins = b"\x1b" in block or b"\x9b" in block
    return begins and b"0000b" in block.translate(_DIGITS, _BETWEEN)


def _begun(data: bytes, end: int) -> int:
    """How many bytes before `end` are the beginning of a character of UTF-8 that goes on."""
    for length in range(1, min(3, end) + 1):
        byte = data[end - length]
        if byte < 0x80:
            return 0
        if byte >= 0xC0:
            return length if length < 2 + (byte >= 0xE0) + (byte >= 0xF0) else 0
    return 0


def _capped(block: bytes, cells: int) -> bytes:
    """With nothing before the last reset, and with repeats that fill the screen once at most."""
    reset = _LAST_RESET.match(block)
    left = cells

    def repeat(match: re.Match[bytes]) -> bytes:
        nonlocal left
        if not left:
            return b""
        number = _NUMBER.match(match[1].translate(None, _CONTROLS))
        wanted = min(int(number[0]) if number else 1, left)
        left -= wanted
        return b"\x1b[%db" % wanted

    return _REPEAT.sub(repeat, block[reset.start(1) :] if reset else block)
