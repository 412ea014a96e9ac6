"""Copying from and pasting into a console."""

from collections.abc import Callable

from PyQt6.QtCore import QMimeData, Qt
from PyQt6.QtGui import QClipboard, QGuiApplication
from PyQt6.QtWidgets import QMessageBox, QWidget

from cloche_gui.widgets.message_box import open_box
from cloche_gui.widgets.terminal import paste

_LINES_SHOWN = 12
_WIDTH_SHOWN = 80


def copy(text: str, mode: QClipboard.Mode = QClipboard.Mode.Clipboard) -> None:
    """Puts text where other programs can paste it, if there is any."""
    clipboard = QGuiApplication.clipboard()
    if clipboard is None or not text:
        return
    if mode is not QClipboard.Mode.Selection or clipboard.supportsSelection():
        clipboard.setText(text, mode)


def copy_html(text: str, document: str) -> None:
    """Puts text with its looks where other programs can paste either."""
    clipboard = QGuiApplication.clipboard()
    if clipboard is not None:
        both = QMimeData()
        both.setText(text)
        both.setHtml(document)
        clipboard.setMimeData(both)


def content(mode: QClipboard.Mode = QClipboard.Mode.Clipboard) -> str:
    """The text that other programs have copied."""
    clipboard = QGuiApplication.clipboard()
    return "" if clipboard is None else clipboard.text(mode)


def ask_before_running(parent: QWidget, text: str, answer: Callable[[], None]) -> None:
    """Shows several lines before they are pasted; calls `answer` if the user agrees."""
    lines = paste.clean(text).splitlines()
    shown = "\n".join(line[:_WIDTH_SHOWN] for line in lines[:_LINES_SHOWN])
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle("Paste several lines")
    box.setTextFormat(Qt.TextFormat.PlainText)
    count = f"{len(lines)} lines" if len(lines) > 1 else "a line with Enter at its end"
    box.setText(f"The clipboard holds {count}. The program in the console may run them at once.")
    box.setInformativeText(shown + ("\n…" if len(lines) > _LINES_SHOWN else ""))
    button = box.addButton("&Paste", QMessageBox.ButtonRole.AcceptRole)
    box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
    box.finished.connect(lambda _: answer() if box.clickedButton() is button else None)
    open_box(box)
