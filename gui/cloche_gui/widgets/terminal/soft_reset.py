"""The soft reset (DECSTR), which the core does not know, told in sequences that it knows.

`tput rs2` and full-screen programs send it to get rid of margins, insert mode and the like without
losing what is on the screen.
"""

_DECSTR = b"\x1b[!p"
_AT_MOST = 16  # in a block of 4 KiB: one costs as much as hundreds of characters
_BEGINNINGS = tuple(_DECSTR[:length] for length in (3, 2, 1))
_DEFAULTS = (
    b"\x1b[0$}"  # the screen takes text, not the status line
    b"\x1b[?25h\x1b[?1l\x1b>"  # cursor shown, its keys and the keypad as usual
    b"\x1b[2l\x1b[4l\x1b[?7h\x1b[?45l\x1b[?1045l"  # typing, overwriting, wrapping forwards only
    b"\x1b[?6l\x1b[?69l\x1b[r"  # no margins, and rows counted from the screen's edge
    b'\x1b[m\x1b[1"q\x1b[0"q\x1b(B\x1b)B\x1b*B\x1b+B\x0f'  # plain, erasable, ASCII
    b"\x1b[H\x1b7"  # what DECRC goes back to
)


class SoftResets:
    """Finds soft resets in the output of one program, even where a read cut one in two."""

    def __init__(self) -> None:
        self._begun = b""

    def around(self, output: bytes) -> list[bytes]:
        """What stands before, between and after them; a beginning at the end waits for more.

        Of a storm the last 16 are kept.
        """
        output, self._begun = self._begun + output, b""
        parts = output.split(_DECSTR) if b"!" in output else [output]  # one byte is found at once
        if len(parts) > _AT_MOST:
            parts[:-_AT_MOST] = [b"".join(parts[:-_AT_MOST])]
        if parts[-1].endswith(_BEGINNINGS):
            self._begun = next(begun for begun in _BEGINNINGS if parts[-1].endswith(begun))
            parts[-1] = parts[-1][: -len(self._begun)]
        return parts


def soft_reset(row: int, column: int) -> bytes:
    """What resets the modes and leaves the cursor in this cell, counted from 0."""
    return _DEFAULTS + b"\x1b[%d;%dH" % (row + 1, column + 1)
