"""What a program tells the window besides its text: bell, title, text for the clipboard.

Nothing here is answered: the program learns neither a title nor what the clipboard holds.
"""

import unicodedata
from dataclasses import dataclass

from pyghostty import ffi, lib

TITLE_LIMIT = 256
CLIPBOARD_LIMIT = 100 * 1024
"""Bytes that a program may want to put on the clipboard at once."""
_UNSHOWN = {"Cc", "Cf", "Zl", "Zp", "Cs", "Co"}


@dataclass(slots=True)
class News:
    """What has come since the news was taken last; several of a kind are one."""

    bell: bool = False
    title: str | None = None
    copied: str | None = None


class Listener:
    """Hears the core of one terminal; keep it as long as the terminal."""

    def __init__(self, terminal: "ffi.CData") -> None:
        self._news: News | None = None
        self._callbacks = {
            "BELL": ffi.callback("GhosttyTerminalBellFn", self._bell),
            "TITLE_CHANGED": ffi.callback("GhosttyTerminalTitleChangedFn", self._title),
            "CLIPBOARD_WRITE": ffi.callback("GhosttyTerminalClipboardWriteFn", self._copied),
        }
        for option, callback in self._callbacks.items():
            lib.ghostty_terminal_set(
                terminal, getattr(lib, f"GHOSTTY_TERMINAL_OPT_{option}"), callback
            )

    def take(self) -> News | None:
        """The news, once."""
        taken, self._news = self._news, None
        return taken

    def _noted(self) -> News:
        if self._news is None:
            self._news = News()
        return self._news

    def _bell(self, _terminal: object, _data: object) -> None:
        self._noted().bell = True

    def _title(self, terminal: object, _data: object) -> None:
        said = ffi.new("GhosttyString*")
        lib.ghostty_terminal_get(terminal, lib.GHOSTTY_TERMINAL_DATA_TITLE, said)
        self._noted().title = one_line(_text(said)[: 4 * TITLE_LIMIT])

    def _copied(self, _terminal: object, _data: object, write: "ffi.CData") -> None:
        for number in range(write.contents_len):
            content = write.contents[number]
            if content.data.len <= CLIPBOARD_LIMIT and _text(content.mime) in {"", "text/plain"}:
                self._noted().copied = _text(content.data)


def one_line(text: str) -> str:
    """A program's words as one harmless line: nothing that breaks, hides or turns text around."""
    kept = "".join(one for one in text if unicodedata.category(one) not in _UNSHOWN)
    return kept[:TITLE_LIMIT].strip()


def _text(said: "ffi.CData") -> str:
    return bytes(ffi.buffer(said.ptr, said.len)).decode("utf-8", "replace") if said.len else ""
