"""Draws one glyph in white, with its decorations, into a picture of its own."""

import math
from enum import IntEnum

from PyQt6.QtCore import QPointF, Qt
from PyQt6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPainterPath, QPen

from cloche_gui.widgets.terminal import boxes
from cloche_gui.widgets.terminal.model import Style, Underline

_WHITE = QColor(255, 255, 255)


class Variant(IntEnum):
    """What besides its cluster makes a tile, to be added; an underline's number goes above."""

    BOLD = 1
    ITALIC = 2
    STRIKE = 4
    OVERLINE = 8
    INVISIBLE = 16
    LEFT_HALF = 32
    RIGHT_HALF = 64


HALVES = (int(Variant.LEFT_HALF), int(Variant.RIGHT_HALF))
"""The two tiles of a wide character."""
_ANY_HALF = Variant.LEFT_HALF | Variant.RIGHT_HALF
_UNDERLINE_SHIFT = 8
_FACES = Variant.BOLD | Variant.ITALIC
_DECORATED = -1 << _UNDERLINE_SHIFT | Variant.STRIKE | Variant.OVERLINE
_BLANK = {" ", ""}


def variant_of(style: Style) -> int:
    """The variant that a style asks for; an underline in a colour of its own is not part of it."""
    line = style.underline if style.underline_color is None else Underline.NONE
    return (
        style.bold * Variant.BOLD
        | style.italic * Variant.ITALIC
        | style.strike * Variant.STRIKE
        | style.overline * Variant.OVERLINE
        | style.invisible * Variant.INVISIBLE
        | line << _UNDERLINE_SHIFT
    )


class GlyphPen:
    """One font at one scale: how big a cell is, and how each glyph looks in it."""

    def __init__(self, font: QFont, scale: float, dots_per_inch: float) -> None:
        self._fonts = _variants(font, scale, dots_per_inch)
        self._metrics = [QFontMetricsF(one) for one in self._fonts]
        metrics = self._metrics[0]
        self.width = max(1, round(metrics.horizontalAdvance("M" * 32) / 32))
        leading = max(0.0, metrics.leading())
        self._baseline = round(metrics.ascent() + leading / 2)
        ink = metrics.tightBoundingRect("_gjpq|").bottom()  # hinted glyphs may go below the descent
        self.height = self._baseline + max(round(metrics.descent() + leading / 2), math.ceil(ink))
        self._stroke = max(1, round(metrics.lineWidth()))
        below = round(max(metrics.underlinePos(), 1 + self._stroke / 2))
        self._underline_top = min(self._baseline + below, self.height - self._stroke)
        self._strike_top = round(self._baseline - metrics.strikeOutPos())

    def draw(self, variant: int, cluster: str) -> QImage:
        """The glyph, white unless its font has colours; two cells wide for either half."""
        cells = 2 if variant & _ANY_HALF else 1
        image = QImage(self.width * cells, self.height, QImage.Format.Format_ARGB32_Premultiplied)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        if not variant & Variant.INVISIBLE:
            if boxes.draws(cluster):
                boxes.draw(painter, self.width, self.height, cluster)
            elif cluster not in _BLANK:
                self._draw_text(painter, variant, cluster, image.width())
        if variant & _DECORATED:
            self._decorate(painter, variant, image.width())
        painter.end()
        return image

    def _draw_text(self, painter: QPainter, variant: int, cluster: str, room: int) -> None:
        face = variant & _FACES
        painter.setFont(self._fonts[face])
        painter.setPen(_WHITE)
        metrics = self._metrics[face]
        advance, ink = metrics.horizontalAdvance(cluster), metrics.tightBoundingRect(cluster)
        excess = max(advance / (room + 0.5), ink.width() / (room + self._stroke), 1.0)
        if excess > 1.02:  # a fallback font's glyph that is too big for its cells
            painter.translate(0, self._baseline * (1 - 1 / excess) / 2)
            painter.scale(1 / excess, 1 / excess)
        left = max(0.0, (room * excess - advance) / 2) if variant >= Variant.LEFT_HALF else 0.0
        painter.drawText(QPointF(left, self._baseline), cluster)
        painter.resetTransform()

    def _decorate(self, painter: QPainter, variant: int, room: int) -> None:
        if variant & Variant.STRIKE:
            painter.fillRect(0, self._strike_top, room, self._stroke, _WHITE)
        if variant & Variant.OVERLINE:
            painter.fillRect(0, 0, room, self._stroke, _WHITE)
        self._underline(painter, Underline(variant >> _UNDERLINE_SHIFT), room)

    def _underline(self, painter: QPainter, line: Underline, room: int) -> None:
        top, stroke = self._underline_top, self._stroke
        if line in {Underline.SINGLE, Underline.DOUBLE}:
            painter.fillRect(0, top, room, stroke, _WHITE)
        if line is Underline.DOUBLE:
            second = top + 2 * stroke
            painter.fillRect(
                0,
                second if second + stroke <= self.height else top - 2 * stroke,
                room,
                stroke,
                _WHITE,
            )
        elif line is Underline.CURLY:
            self._wave(painter, room)
        elif line in {Underline.DOTTED, Underline.DASHED}:
            long = stroke if line is Underline.DOTTED else max(2, self.width // 3)
            for left in range(0, room, 2 * long):
                painter.fillRect(left, top, long, stroke, _WHITE)

    def _wave(self, painter: QPainter, room: int) -> None:
        depth = min(self.height - self._baseline - self._stroke, 3 * self._stroke) / 2
        middle = self.height - depth - self._stroke / 2
        path = QPainterPath(QPointF(0, middle))
        for cell in range(room // self.width):
            left, quarter = cell * self.width, self.width / 4
            path.quadTo(left + quarter, middle - 2 * depth, left + 2 * quarter, middle)
            path.quadTo(left + 3 * quarter, middle + 2 * depth, left + 4 * quarter, middle)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.strokePath(path, QPen(_WHITE, self._stroke))


def _variants(font: QFont, scale: float, dots_per_inch: float) -> list[QFont]:
    """The font in pixels of the device: regular, bold, italic, both."""
    points = font.pointSizeF()
    pixels = points * dots_per_inch / 72 if points > 0 else float(font.pixelSize())
    fonts = []
    for style in range(4):
        variant = QFont(font)
        variant.setPixelSize(max(1, round(pixels * scale)))
        variant.setBold(bool(style & Variant.BOLD))
        variant.setItalic(bool(style & Variant.ITALIC))
        variant.setKerning(False)
        variant.setStyleHint(QFont.StyleHint.Monospace)
        fonts.append(variant)
    return fonts
