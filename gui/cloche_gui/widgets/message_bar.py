"""Messages inside the window instead of dialogs in front of it."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from itertools import pairwise

from PyQt6.QtCore import QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QPainter, QPaintEvent
from PyQt6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from cloche_gui.presenters.notice import Notice
from cloche_gui.widgets import icons
from cloche_gui.widgets.colors import colors
from cloche_gui.widgets.labels import WrappedLabel

Choice = tuple[str, Callable[[], object]]


class _Mark(QWidget):
    """The icon of a message in the colour of its tone."""

    def __init__(self, notice: Notice) -> None:
        super().__init__()
        self._notice = notice
        self.setFixedSize(QSize(20, 20))

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        color = QColor(colors().tones[self._notice.tone])
        icons.paint(painter, self._notice.tone.value, QRectF(self.rect()), color)


class MessageBar(QFrame):
    """One message with its choices, on a ground in its tone."""

    closed = pyqtSignal()

    def __init__(
        self, notice: Notice, choices: Sequence[Choice] = (), *, closable: bool = True
    ) -> None:
        super().__init__()
        self.notice = notice
        self.setObjectName("message")
        self.setAccessibleName(notice.spoken)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 8, 8)
        row.setSpacing(10)
        row.addWidget(_Mark(notice), 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(_label(notice), 1)
        self.buttons = [self._button(text, action) for text, action in choices]
        self.reached: list[QWidget] = [*self.buttons, *([self._close_button()] if closable else [])]
        """What Tab goes through, in this order."""
        for button in self.reached:
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignVCenter)

    def says(self, notice: Notice, choices: Sequence[Choice]) -> bool:
        """Whether this is the same message with the same choices."""
        texts = [button.text() for button in self.buttons]
        return self.notice == notice and texts == [text for text, _ in choices]

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        """Draw the tinted ground."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tone = QColor(colors().tones[self.notice.tone])
        tone.setAlphaF(0.45)
        painter.setPen(tone)
        painter.setBrush(QColor(colors().grounds[self.notice.tone]))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)

    def _button(self, text: str, action: Callable[[], object]) -> QPushButton:
        button = QPushButton(text)
        button.clicked.connect(lambda _: action())
        return button

    def _close_button(self) -> QToolButton:
        button = QToolButton()
        button.setIcon(icons.icon("close"))
        button.setAutoRaise(True)
        button.setToolTip("Close this message")
        button.setAccessibleName("Close this message")
        button.clicked.connect(self.closed)
        return button


def _label(notice: Notice) -> QLabel:
    title = f"<b>{html.escape(notice.title)}</b>" if notice.title else ""
    rest = " ".join(html.escape(part) for part in (notice.text, notice.hint) if part)
    label = WrappedLabel("<br>".join(part for part in (title, rest) if part))
    label.setTextFormat(Qt.TextFormat.RichText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


class MessageArea(QWidget):
    """The messages of a window or page, one per topic, newest below."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bars: dict[str, MessageBar] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(6)
        self.hide()

    def show_notice(
        self,
        topic: str,
        notice: Notice,
        choices: Sequence[Choice] = (),
        *,
        closable: bool = True,
    ) -> MessageBar:
        """Show a message; another one on the same topic gives way, an equal one stays."""
        present = self._bars.get(topic)
        if present is not None and present.says(notice, choices):
            return present
        self.clear(topic)
        bar = self._bars[topic] = MessageBar(notice, choices, closable=closable)
        bar.closed.connect(lambda: self.clear(topic))
        self._column.addWidget(bar)
        self._take_its_turn(bar)
        self.show()
        return bar

    def _take_its_turn(self, bar: MessageBar) -> None:
        """Tab comes to a message before what stands below it, though it was made last."""
        others = [each for each in self._bars.values() if each is not bar]
        turns = [self, *(widget for each in (*others, bar) for widget in each.reached)]
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # an order begins at what takes the focus
        for one, other in pairwise(turns):
            self.setTabOrder(one, other)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def clear(self, topic: str) -> None:
        """Take away the message on a topic, if there is one."""
        bar = self._bars.pop(topic, None)
        if bar is not None:
            self._column.removeWidget(bar)
            bar.hide()
            bar.deleteLater()
        self.setVisible(bool(self._bars))

    def bar(self, topic: str) -> MessageBar | None:
        """The message on a topic."""
        return self._bars.get(topic)

    @property
    def texts(self) -> list[str]:
        """What is shown, in one line each."""
        return [bar.notice.spoken for bar in self._bars.values()]
