"""Glyphs drawn once, in white, as tiles of one pixmap; the painter tints them.

A tile has the size of one cell: a wide character is two tiles. Decorations belong to the tile.
"""

import math
import time
from enum import IntFlag

from PyQt6.QtCore import QPointF, QRect, Qt
from PyQt6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPainterPath, QPen, QPixmap
from PyQt6.sip import voidptr

from cloche_gui.widgets.terminal import boxes
from cloche_gui.widgets.terminal.model import Style, Underline

_TILES_PER_ROW = 64
_SECONDS_A_FRAME = 0.025
_WHITE = QColor(255, 255, 255)


class Variant(IntFlag):
    """What besides its cluster makes a tile; an underline's number is shifted above these."""

    BOLD = 1
    ITALIC = 2
    STRIKE = 4
    OVERLINE = 8
    INVISIBLE = 16
    LEFT_HALF = 32
    RIGHT_HALF = 64


_UNDERLINE_SHIFT = 8


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


class _Table(dict[str, tuple[float, float]]):
    """Tiles of one variant by cluster; a tile that is missed is made, if there is time."""

    def __init__(self, atlas: "Atlas", variant: int) -> None:
        super().__init__()
        self._atlas, self._variant = atlas, variant

    def __missing__(self, cluster: str) -> tuple[float, float]:
        if not self._atlas.has_time():
            return self._atlas.table(0)[" "]
        place = self[cluster] = self._atlas.make(self._variant, cluster)
        return place


class Atlas:
    """All tiles of one font at one scale. When it is full it starts anew and `generation` rises."""

    def __init__(self, font: QFont, scale: float, dots_per_inch: float) -> None:
        self.generation = 0
        self.owes = False
        """Whether a tile was asked for and a blank given, because there was no time to draw it."""
        self._spent = 0.0
        self._fonts = _variants(font, scale, dots_per_inch)
        metrics = QFontMetricsF(self._fonts[0])
        self.width = max(1, round(metrics.horizontalAdvance("M" * 32) / 32))
        leading = max(0.0, metrics.leading())
        self._baseline = round(metrics.ascent() + leading / 2)
        ink = metrics.tightBoundingRect("_gjpq|").bottom()  # hinted glyphs may go below the descent
        self.height = self._baseline + max(round(metrics.descent() + leading / 2), math.ceil(ink))
        self._stroke = max(1, round(metrics.lineWidth()))
        below = round(max(metrics.underlinePos(), 1 + self._stroke / 2))
        self._underline_top = min(self._baseline + below, self.height - self._stroke)
        self._strike_top = round(self._baseline - metrics.strikeOutPos())
        self.ensure_capacity(0)

    def ensure_capacity(self, cells: int) -> None:
        """Promises that this many cells that are all different can be shown at once."""
        self._most = 4096 + 2 * cells
        self._clear()

    @property
    def pixmap(self) -> QPixmap:
        """All tiles."""
        return self._pixmap

    def table(self, variant: int) -> dict[str, tuple[float, float]]:
        """Where the tiles of this variant are in the pixmap, by cluster."""
        table = self._tables.get(variant)
        if table is None:
            table = self._tables[variant] = _Table(self, variant)
        return table

    def colored(self, variant: int, cluster: str) -> QPixmap | None:
        """The picture of a glyph that has colours of its own; its tile is only its decoration."""
        return self._colored.get((variant, cluster))

    def begin_frame(self) -> None:
        """Gives new time to draw tiles in: the first of a script takes up to 35 ms."""
        self._spent = 0.0

    def has_time(self) -> bool:
        """Whether this frame may draw another tile; remembers that one is owed otherwise."""
        if self._spent < _SECONDS_A_FRAME:
            return True
        self.owes = True
        return False

    def make(self, variant: int, cluster: str) -> tuple[float, float]:
        """Draws a tile and says where it is."""
        start = time.perf_counter()
        place = self._make(variant, cluster)
        self._spent += time.perf_counter() - start
        return place

    def _make(self, variant: int, cluster: str) -> tuple[float, float]:
        image = self._draw(variant, cluster)
        if not _is_white(image):
            self._colored[variant, cluster] = QPixmap.fromImage(image)
            self.colored_clusters.add(cluster)
            image = self._draw(variant, " ")
        if self._count >= self._most:
            self._clear()
        place = self._place(self._count)
        self._count += 1
        painter = QPainter(self._pixmap)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
        painter.drawImage(*place, image)
        painter.end()
        return float(place[0]), float(place[1])

    def _clear(self) -> None:
        self.generation += 1
        self._count = 0
        self._tables: dict[int, _Table] = {}
        self._colored: dict[tuple[int, str], QPixmap] = {}
        self.colored_clusters: set[str] = set()
        """What has colours of its own in any variant."""
        self._pixmap = QPixmap(_TILES_PER_ROW * self.width, 8 * self.height)
        self._pixmap.fill(Qt.GlobalColor.transparent)
        self.table(0)[" "] = self._make(0, " ")

    def _place(self, number: int) -> tuple[int, int]:
        row, column = divmod(number, _TILES_PER_ROW)
        if (row + 1) * self.height > self._pixmap.height():
            taller = QPixmap(self._pixmap.width(), self._pixmap.height() * 2)
            taller.fill(Qt.GlobalColor.transparent)
            painter = QPainter(taller)
            painter.drawPixmap(0, 0, self._pixmap)
            painter.end()
            self._pixmap = taller
        return column * self.width, row * self.height

    def _draw(self, variant: int, cluster: str) -> QImage:
        halves = Variant.LEFT_HALF | Variant.RIGHT_HALF
        cells = 2 if variant & halves else 1
        image = QImage(self.width * cells, self.height, QImage.Format.Format_ARGB32_Premultiplied)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        if boxes.draws(cluster) and not variant & Variant.INVISIBLE:
            boxes.draw(painter, self.width, self.height, cluster)
        elif not variant & Variant.INVISIBLE:
            self._draw_text(painter, variant, cluster, image.width())
        self._decorate(painter, variant, image.width())
        painter.end()
        left = self.width if variant & Variant.RIGHT_HALF else 0
        return image.copy(QRect(left, 0, self.width, self.height))

    def _draw_text(self, painter: QPainter, variant: int, cluster: str, room: int) -> None:
        if cluster in {" ", ""}:
            return
        font = self._fonts[variant & (Variant.BOLD | Variant.ITALIC)]
        painter.setFont(font)
        painter.setPen(_WHITE)
        metrics = QFontMetricsF(font)
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


def _is_white(image: QImage) -> bool:
    raw = _copied(image.constBits(), image.sizeInBytes())
    return raw[0::4] == raw[3::4] and raw[1::4] == raw[3::4] and raw[2::4] == raw[3::4]


def _copied(bits: voidptr | None, size: int) -> bytes:
    return b"" if bits is None else bits.asstring(size)
