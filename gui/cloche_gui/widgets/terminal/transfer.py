"""What goes between a console and other programs: copies, pastes, drops."""

import shlex
from collections.abc import Callable
from dataclasses import dataclass

from PyQt6.QtCore import QMimeData
from PyQt6.QtGui import QClipboard
from PyQt6.QtWidgets import QWidget

from cloche_gui.widgets.terminal import clipboard, paste, rich_text
from cloche_gui.widgets.terminal.core import Mode, TerminalCore
from cloche_gui.widgets.terminal.selection import Selector


@dataclass(frozen=True, slots=True)
class Outlet:
    """Where bytes to the program go, and whether they may."""

    send: Callable[[bytes], None]
    is_open: Callable[[], bool]


class Transfer:
    """The clipboard's side of one console."""

    def __init__(
        self, parent: QWidget, core: TerminalCore, selector: Selector, outlet: Outlet
    ) -> None:
        self._parent, self._core, self._selector = parent, core, selector
        self._outlet = outlet

    def selected_text(self) -> str:
        """What is selected, as it is shown: what the program hid is blank."""
        text = self._selector.text()
        return rich_text.shown(text, self._selector.html()) if text else ""

    def copy(self) -> None:
        """Copies the selection."""
        clipboard.copy(self.selected_text())

    def copy_html(self) -> None:
        """Copies the selection with its colours; programs that want plain text find it too."""
        text = self.selected_text()
        if text:
            document = rich_text.portable(self._selector.html(), self._core.colors)
            clipboard.copy_html(text, document)

    def offer_selection(self) -> None:
        """Fills the primary selection, as a drag of the mouse does."""
        clipboard.copy(self.selected_text(), QClipboard.Mode.Selection)

    def paste(self, mode: QClipboard.Mode = QClipboard.Mode.Clipboard) -> None:
        """Sends what was copied; asks first if a shell would run it at once."""
        self.insert(clipboard.content(mode))

    def takes(self, mime: QMimeData | None) -> bool:
        """Whether something dragged can be dropped here."""
        return mime is not None and self._outlet.is_open() and (mime.hasUrls() or mime.hasText())

    def drop(self, mime: QMimeData) -> None:
        """Sends the paths of dropped files, quoted for a shell, or dropped text."""
        paths = [url.toLocalFile() or url.toString() for url in mime.urls()]
        self.insert(" ".join(map(shlex.quote, paths)) if paths else mime.text())

    def insert(self, text: str) -> None:
        """Sends text that was not typed; asks first if a shell would run it at once."""
        if not self._outlet.is_open() or not text:
            return
        if paste.runs_at_once(text, bracketed=self._bracketed):
            clipboard.ask_before_running(self._parent, text, lambda: self._insert(text))
        else:
            self._insert(text)

    @property
    def _bracketed(self) -> bool:
        return self._core.mode(Mode.BRACKETED_PASTE)

    def _insert(self, text: str) -> None:
        self._outlet.send(paste.encode(text, bracketed=self._bracketed))
