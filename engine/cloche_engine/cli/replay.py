"""What a container said before we came, without its questions to a terminal.

A terminal would answer them now, and the answers would be typed into a program that asks no more.
"""

from __future__ import annotations

import re

# ENQ, DECID, DA and DSR, DECRQM, XTVERSION, kitty keyboard, window reports, DECREQTPARM, DECRQCRA,
# XTSMGRAPHICS; OSC with a question mark for a value; DECRQSS and XTGETTCAP; kitty graphics.
_QUESTIONS = re.compile(
    rb"\x05|\x1bZ"
    rb"|\x1b\[[?>=]?[0-9;]*(?:[cnutx]|\$p|\*y)"
    rb"|\x1b\[>[0-9;]*q|\x1b\[\?[0-9;]*S"
    rb"|\x1b\](?:[^\x07\x1b]*;)?\?(?:;[^\x07\x1b]*)?(?:\x07|\x1b\\)"
    rb"|\x1bP[0-9;]*[$+]q[^\x1b]*\x1b\\"
    rb"|\x1b_G[^\x1b]*\x1b\\"
)
# The same finals, but commands: CSI u restores the cursor, CSI 22 t keeps the title.
_COMMANDS = re.compile(rb"\x1b\[(?:u|[<>=]?[0-9;]+u|(?:[1-9]|10|22|23)(?:;[0-9;]*)?t)")


class Replay:
    """Keeps earlier output together, for a question may lie across two packets."""

    def __init__(self) -> None:
        self._said = bytearray()

    def add(self, payload: bytes) -> None:
        """More of what was said."""
        self._said += payload

    def take(self) -> bytes:
        """All of it, questions left out; nothing is kept."""
        said, self._said = bytes(self._said), bytearray()
        return _QUESTIONS.sub(lambda found: found[0] if _is_command(found[0]) else b"", said)


def _is_command(sequence: bytes) -> bool:
    return _COMMANDS.fullmatch(sequence) is not None
