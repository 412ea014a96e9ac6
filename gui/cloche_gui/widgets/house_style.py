"""Fusion, with frames and marks that can be seen in the dark."""

from __future__ import annotations

from typing import Any

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QPainter, QPalette, QPen, QPolygonF
from PyQt6.QtWidgets import (
    QAbstractScrollArea,
    QAbstractSpinBox,
    QLineEdit,
    QProxyStyle,
    QStyle,
    QStyleOption,
    QStyleOptionComplex,
    QWidget,
)

from cloche_gui.widgets.colors import colors

_CHECKS = {
    QStyle.PrimitiveElement.PE_IndicatorCheckBox,
    QStyle.PrimitiveElement.PE_IndicatorItemViewItemCheck,
}

_FRAMED = {QStyle.ComplexControl.CC_SpinBox, QStyle.ComplexControl.CC_ComboBox}
_SIDE, _HEADER_MARGIN = 4, 6


class HouseStyle(QProxyStyle):
    """Draws check boxes, radio buttons and frames itself: Fusion's vanish on dark grounds."""

    def __init__(self) -> None:
        super().__init__("Fusion")

    def polish(self, what: Any) -> Any:
        """Give lines of text room on both sides; a palette or an application stays as it is."""
        if isinstance(what, QLineEdit) and not isinstance(what.parent(), QAbstractSpinBox):
            what.setTextMargins(_SIDE, 0, _SIDE, 0)
        return super().polish(what)

    def pixelMetric(
        self,
        metric: QStyle.PixelMetric,
        option: QStyleOption | None = None,
        widget: QWidget | None = None,
    ) -> int:
        """Sizes that differ from Fusion's."""
        if metric == QStyle.PixelMetric.PM_HeaderMargin:
            return _HEADER_MARGIN
        return super().pixelMetric(metric, option, widget)

    def drawPrimitive(
        self,
        element: QStyle.PrimitiveElement,
        option: QStyleOption | None,
        painter: QPainter | None,
        widget: QWidget | None = None,
    ) -> None:
        """Draw one element."""
        if option is None or painter is None:
            return
        if element in _CHECKS:
            _paint_check(painter, option)
        elif element == QStyle.PrimitiveElement.PE_IndicatorRadioButton:
            _paint_radio(painter, option)
        elif element == QStyle.PrimitiveElement.PE_FrameLineEdit:
            _paint_frame(painter, option)
        elif element == QStyle.PrimitiveElement.PE_Frame and isinstance(
            widget, QAbstractScrollArea
        ):
            _paint_box(painter, option)
        else:
            super().drawPrimitive(element, option, painter, widget)

    def drawComplexControl(
        self,
        control: QStyle.ComplexControl,
        option: QStyleOptionComplex | None,
        painter: QPainter | None,
        widget: QWidget | None = None,
    ) -> None:
        """Draw one element of several parts."""
        super().drawComplexControl(control, option, painter, widget)
        if control in _FRAMED and option is not None and painter is not None:
            _paint_frame(painter, option)


def _paint_box(painter: QPainter, option: QStyleOption) -> None:
    focused = option.state & QStyle.StateFlag.State_HasFocus
    highlight = option.palette.color(QPalette.ColorRole.Highlight)
    color = highlight if focused else QColor(colors().border)
    box = QRectF(option.rect)
    left, top, width, height = box.left(), box.top(), box.width(), box.height()
    # Filled, not drawn: at 125 % a drawn line lies half under what the frame is around.
    for edge in (
        QRectF(left, top, width, 1),
        QRectF(left, top + height - 1, width, 1),
        QRectF(left, top, 1, height),
        QRectF(left + width - 1, top, 1, height),
    ):
        painter.fillRect(edge, color)


def _pen(option: QStyleOption) -> QPen:
    if option.state & QStyle.StateFlag.State_HasFocus:
        return QPen(option.palette.color(QPalette.ColorRole.Highlight), 1.5)
    enabled = option.state & QStyle.StateFlag.State_Enabled
    return QPen(QColor(colors().mark if enabled else colors().border), 1)


def _ground(option: QStyleOption, *, on: bool) -> QColor:
    palette = option.palette
    return palette.color(QPalette.ColorRole.Highlight if on else QPalette.ColorRole.Base)


def _square(option: QStyleOption) -> QRectF:
    side = min(option.rect.width(), option.rect.height(), 16) - 1.5
    square = QRectF(0, 0, side, side)
    square.moveCenter(QRectF(option.rect).center())
    return square


def _paint_check(painter: QPainter, option: QStyleOption) -> None:
    on = bool(option.state & QStyle.StateFlag.State_On)
    square = _square(option)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(_pen(option))
    painter.setBrush(_ground(option, on=on))
    painter.drawRoundedRect(square, 3, 3)
    if on:
        enabled = option.state & QStyle.StateFlag.State_Enabled
        mark = QColor("#ffffff" if enabled else colors().mark)
        painter.setPen(QPen(mark, 1.8, cap=Qt.PenCapStyle.RoundCap))
        points = ((0.24, 0.53), (0.43, 0.71), (0.77, 0.31))
        where = [square.topLeft() + QPointF(x, y) * square.width() for x, y in points]
        painter.drawPolyline(QPolygonF(where))
    painter.restore()


def _paint_radio(painter: QPainter, option: QStyleOption) -> None:
    on = bool(option.state & QStyle.StateFlag.State_On)
    circle = _square(option)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(_pen(option))
    painter.setBrush(_ground(option, on=on))
    painter.drawEllipse(circle)
    if on:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor("#ffffff"))
        painter.drawEllipse(circle.center(), 2.8, 2.8)
    painter.restore()


def _paint_frame(painter: QPainter, option: QStyleOption) -> None:
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(_pen(option))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(QRectF(option.rect).adjusted(0.75, 0.75, -0.75, -0.75), 3, 3)
    painter.restore()
