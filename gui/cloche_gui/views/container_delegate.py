"""One row of the list: state as icon and word, name, address."""

from __future__ import annotations

from PyQt6.QtCore import QModelIndex, QRect, QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QFont, QPainter, QPalette
from PyQt6.QtWidgets import QApplication, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from cloche_engine.api.model import Container, State
from cloche_gui.models.containers import CONTAINER_ROLE
from cloche_gui.presenters.container import row_text
from cloche_gui.widgets import icons
from cloche_gui.widgets.colors import colors

_PADDING = 10
_ICON = 18


def state_color(state: State) -> QColor:
    """The colour that a state's icon has; the word beside it says the same."""
    scheme = colors()
    by_state = {
        State.RUNNING: scheme.running,
        State.PAUSED: scheme.paused,
        State.FAILED: scheme.failed,
        State.STARTING: scheme.link,
        State.STOPPING: scheme.link,
        State.WAITING: scheme.link,
    }
    return QColor(by_state.get(state, scheme.faint))


class ContainerDelegate(QStyledItemDelegate):
    """Paints a container in two lines."""

    def sizeHint(self, option: QStyleOptionViewItem, _index: QModelIndex) -> QSize:
        """Room for two lines of text."""
        return QSize(160, 2 * option.fontMetrics.height() + 18)

    def paint(
        self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex
    ) -> None:
        """Paint one row."""
        container = index.data(CONTAINER_ROLE)
        if painter is None or not isinstance(container, Container):
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        self._paint_ground(painter, option, selected=selected)
        self._paint_icon(painter, option.rect, container, selected=selected)
        self._paint_texts(painter, option, container, selected=selected)
        painter.restore()

    def _paint_ground(
        self, painter: QPainter, option: QStyleOptionViewItem, *, selected: bool
    ) -> None:
        palette = QApplication.palette()
        ground = QRectF(option.rect).adjusted(4, 2, -4, -2)
        if selected:
            painter.setBrush(palette.color(QPalette.ColorRole.Highlight))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.setBrush(palette.color(QPalette.ColorRole.AlternateBase))
        else:
            return
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawRoundedRect(ground, 6, 6)
        if selected and option.state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(palette.color(QPalette.ColorRole.HighlightedText))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(ground.adjusted(2.5, 2.5, -2.5, -2.5), 4, 4)

    def _paint_icon(
        self, painter: QPainter, rect: QRect, container: Container, *, selected: bool
    ) -> None:
        color = QColor("#ffffff") if selected else state_color(container.state)
        top = rect.top() + (rect.height() - _ICON) / 2
        place = QRectF(rect.left() + 4 + _PADDING, top, _ICON, _ICON)
        icons.paint(painter, f"state-{container.state.value}", place, color)

    def _paint_texts(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        container: Container,
        *,
        selected: bool,
    ) -> None:
        left = 4 + _PADDING + _ICON + _PADDING
        room = option.rect.adjusted(left, 7, -_PADDING - 4, -7)
        palette = QApplication.palette()
        strong = palette.color(
            QPalette.ColorRole.HighlightedText if selected else QPalette.ColorRole.Text
        )
        font = QFont(option.font)
        font.setWeight(QFont.Weight.DemiBold)
        upper = QRect(room.left(), room.top(), room.width(), room.height() // 2)
        _draw(painter, font, strong, upper, container.name)
        lower = upper.translated(0, room.height() - upper.height())
        cut = Qt.TextElideMode.ElideMiddle  # an address is known by both of its ends
        weak = strong if selected else QColor(colors().faint)
        _draw(painter, option.font, weak, lower, row_text(container), cut)


def _draw(
    painter: QPainter,
    font: QFont,
    color: QColor,
    rect: QRect,
    text: str,
    elide: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
) -> None:
    painter.setFont(font)
    painter.setPen(color)
    text = painter.fontMetrics().elidedText(text, elide, rect.width())
    painter.drawText(rect, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), text)
