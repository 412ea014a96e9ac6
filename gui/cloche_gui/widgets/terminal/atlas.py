"""Glyphs drawn once, in white, as tiles of one pixmap; the painter tints them.

A tile has the size of one cell: a wide character is two tiles. Decorations belong to the tile.
"""

import time

from PyQt6.QtCore import QRect, Qt
from PyQt6.QtGui import QFont, QImage, QPainter, QPixmap
from PyQt6.sip import voidptr

from cloche_gui.widgets.terminal.glyphs import HALVES, GlyphPen

_TILES_PER_ROW = 64
_SECONDS_A_FRAME = 0.025
_ANY_HALF = sum(HALVES)


Place = tuple[float, float]
"""The left and the top of a tile in the pixmap."""


class _Table(dict[str, Place]):
    """Tiles of one variant by cluster; a tile that is missed is made, if there is time."""

    def __init__(self, atlas: "Atlas", variant: int) -> None:
        super().__init__()
        self._atlas, self._variant = atlas, variant

    def __missing__(self, cluster: str) -> Place:
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
        self._pen = GlyphPen(font, scale, dots_per_inch)
        self.width, self.height = self._pen.width, self._pen.height
        self.ensure_capacity(0)

    def ensure_capacity(self, cells: int) -> None:
        """Promises that this many cells that are all different can be shown at once."""
        self._most = 4096 + 2 * cells
        self._clear()

    @property
    def pixmap(self) -> QPixmap:
        """All tiles."""
        return self._pixmap

    def table(self, variant: int) -> dict[str, Place]:
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

    def make(self, variant: int, cluster: str) -> Place:
        """Draws a tile and says where it is."""
        start = time.thread_time()
        place = self._make(variant, cluster)
        self._spent += time.thread_time() - start
        return place

    def _make(self, variant: int, cluster: str) -> Place:
        sides = HALVES if variant & _ANY_HALF else (0,)
        if self._count + len(sides) > self._most:
            self._clear()
        image, plain = self._pen.draw(variant, cluster), variant & ~_ANY_HALF
        if not _is_white(image):
            self.colored_clusters.add(cluster)
            for number, side in enumerate(sides):
                part = image.copy(QRect(number * self.width, 0, self.width, self.height))
                self._colored[plain | side, cluster] = QPixmap.fromImage(part)
            image = self._pen.draw(variant, " ")
        left, top = self._put(image, len(sides))
        for number, side in enumerate(sides):
            self.table(plain | side)[cluster] = float(left + number * self.width), float(top)
        return self.table(variant)[cluster]

    def _put(self, image: QImage, tiles: int) -> tuple[int, int]:
        left, top = self._room_for(tiles)
        painter = QPainter(self._pixmap)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
        painter.drawImage(left, top, image)
        painter.end()
        return left, top

    def _clear(self) -> None:
        self.generation += 1
        self._count = 0
        self._tables: dict[int, _Table] = {}
        self._colored: dict[tuple[int, str], QPixmap] = {}
        self.colored_clusters: set[str] = set()
        """What has colours of its own in any variant."""
        self._pixmap = QPixmap(_TILES_PER_ROW * self.width, 8 * self.height)
        self._pixmap.fill(Qt.GlobalColor.transparent)
        self._make(0, " ")

    def _room_for(self, tiles: int) -> tuple[int, int]:
        """The next tiles that are free side by side."""
        row, column = divmod(self._count, _TILES_PER_ROW)
        if column + tiles > _TILES_PER_ROW:
            row, column = row + 1, 0
        self._count = row * _TILES_PER_ROW + column + tiles
        if (row + 1) * self.height > self._pixmap.height():
            taller = QPixmap(self._pixmap.width(), self._pixmap.height() * 2)
            taller.fill(Qt.GlobalColor.transparent)
            painter = QPainter(taller)
            painter.drawPixmap(0, 0, self._pixmap)
            painter.end()
            self._pixmap = taller
        return column * self.width, row * self.height


def _is_white(image: QImage) -> bool:
    raw = _copied(image.constBits(), image.sizeInBytes())
    return raw[0::4] == raw[3::4] and raw[1::4] == raw[3::4] and raw[2::4] == raw[3::4]


def _copied(bits: voidptr | None, size: int) -> bytes:
    return b"" if bits is None else bits.asstring(size)
