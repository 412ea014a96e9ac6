"""Between a terminal and the socket of its program."""

from __future__ import annotations

from cloche_gui.services.console import ConsoleLink
from cloche_gui.widgets.terminal.widget import TerminalWidget


def send_from(terminal: TerminalWidget, link: ConsoleLink, typed: bytes) -> None:
    """Send what a terminal has `typed`: answers are told apart from what a person did."""
    if terminal.is_answering:
        link.answer(typed)
    else:
        link.send(typed)


def gap_note(lost: object) -> bytes:
    """What stands where this many bytes of output are missing."""
    return f"\r\n\x1b[7m {lost} bytes were not kept \x1b[0m\r\n".encode()
