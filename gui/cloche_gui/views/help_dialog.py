"""A page of help beside the window: it stays open while one works."""

from __future__ import annotations

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QPushButton,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from cloche_gui.widgets.closing import give_back
from cloche_gui.widgets.room import resize_in


class HelpDialog(QDialog):
    """Shows one page of HTML, which can be read by keyboard and copied."""

    def __init__(self, title: str, page: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.text = QTextBrowser()
        self.text.setAccessibleName(title)
        self.text.setHtml(page)
        buttons = QDialogButtonBox()
        close = QPushButton("Close")
        close.setAutoDefault(False)  # a default button looks the same with the keyboard and without
        buttons.addButton(close, QDialogButtonBox.ButtonRole.RejectRole)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addWidget(self.text, 1)
        column.addWidget(buttons)
        resize_in(self, QSize(660, 620))
        give_back(self)
