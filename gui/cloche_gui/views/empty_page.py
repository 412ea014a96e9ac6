"""What stands in the middle when there is nothing to show: a way on."""

from __future__ import annotations

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtGui import QAction, QIcon
from PyQt6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from cloche_gui.widgets import icons
from cloche_gui.widgets.fields import HelpLabel

WHAT_IT_IS = (
    "A container runs a program, or a whole Linux system, on this computer: with its own files, "
    "processes and network, kept apart from everything else."
)


_WIDTH = 480


class EmptyPage(QWidget):
    """A picture, a heading, one sentence, one big button and a small one."""

    def __init__(
        self, title: str, text: str, action: QAction | None = None, other: QAction | None = None
    ) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.addStretch(2)
        picture = QLabel()
        picture.setPixmap(icons.application_icon().pixmap(QSize(96, 96)))
        self.title = QLabel(title)
        font = self.title.font()
        font.setPointSizeF(font.pointSizeF() * 1.6)
        font.setBold(True)
        self.title.setFont(font)
        self.text = HelpLabel(text)
        self.text.setFixedWidth(_WIDTH)
        self.text.setMinimumHeight(self.text.heightForWidth(_WIDTH))
        self.text.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        for label in (picture, self.title, self.text):
            column.addWidget(label, 0, Qt.AlignmentFlag.AlignHCenter)
            column.addSpacing(8)
        self.button = QPushButton()
        if action is not None:
            self._prepare(action)
            column.addSpacing(8)
            column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        if other is not None:
            column.addSpacing(4)
            column.addWidget(_small_button(other), 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(3)

    def _prepare(self, action: QAction) -> None:
        self.button.setText("New container …")
        self.button.setIcon(QIcon(action.icon()))
        self.button.setMinimumSize(QSize(200, 44))
        self.button.setDefault(True)
        self.button.setAutoDefault(True)
        self.button.clicked.connect(action.trigger)


def _small_button(action: QAction) -> QPushButton:
    button = QPushButton(action.text().replace("&", ""))
    button.setFlat(True)
    button.setAutoDefault(False)
    button.clicked.connect(action.trigger)
    return button
