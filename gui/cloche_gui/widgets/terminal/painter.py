"""Paints rows of cells into one image, in pixels of the device.

All glyphs of a frame are one call: each cell has a fragment that only learns where its tile is.
The glyphs are then tinted by an image with one pixel per cell, scaled up, and so is the
background painted.
"""

from collections.abc import Container, Iterator, Sequence

from PyQt6.QtCore import QRect, Qt
from PyQt6.QtGui import QColor, QImage, QPainter, QPixmap

from cloche_gui.widgets.terminal.atlas import Atlas, Place
from cloche_gui.widgets.terminal.glyphs import HALVES, Variant, variant_of
from cloche_gui.widgets.terminal.model import Row, Stripe, Style
from cloche_gui.widgets.terminal.overlay import Stripes

_OPAQUE = 0xFF000000
_BRUSHES_KEPT = 4096
_Mode = QPainter.CompositionMode


class _CellColors:
    """An image of one pixel per cell."""

    def __init__(self, columns: int, rows: int) -> None:
        self.image = QImage(columns, rows, QImage.Format.Format_RGB32)
        self.image.fill(0)
        self._stride = self.image.bytesPerLine()

    def set_row(self, row: int, colors: bytes) -> None:
        bits = self.image.scanLine(row)
        if bits is not None:
            bits.setsize(self._stride)
            bits[0 : len(colors)] = colors


class _Brush:
    """What the painter makes of a style, kept by the style's identity: hashing it takes longer."""

    __slots__ = ("back", "fore", "hidden", "style", "variant")

    def __init__(self, style: Style) -> None:
        self.style = style  # kept, so that no other takes its identity
        self.variant = variant_of(style)
        self.hidden = self.variant | Variant.INVISIBLE
        self.fore = (style.foreground | _OPAQUE).to_bytes(4, "little")
        self.back = (style.background | _OPAQUE).to_bytes(4, "little")


class GridPainter:
    """The picture of a grid; `update` it with the rows that changed, then draw `image`."""

    def __init__(self, atlas: Atlas) -> None:
        self.atlas = atlas
        self._generation = atlas.generation
        self._brushes: dict[int, _Brush] = {}
        self.blink_is_off = False
        """Blinking text is not drawn; its rows must be updated when this changes."""
        self.resize(1, 1)

    def resize(self, rows: int, columns: int) -> None:
        """Another grid; every row must be updated afterwards."""
        self.rows, self.columns = rows, columns
        self.atlas.ensure_capacity(rows * columns)
        width, height = columns * self.atlas.width, rows * self.atlas.height
        self.image = QImage(width, height, QImage.Format.Format_RGB32)
        self._glyphs = QImage(width, height, QImage.Format.Format_ARGB32_Premultiplied)
        self._fore, self._back = _CellColors(columns, rows), _CellColors(columns, rows)
        self._fragments = [
            self._fragment(row, column) for row in range(rows) for column in range(columns)
        ]
        self._extras: list[list[tuple[int, QPixmap]]] = [[] for _ in range(rows)]
        self.blinking: set[int] = set()
        """The rows that have blinking text."""
        self.unfinished: set[int] = set()
        """The rows that miss glyphs, because there was no time to draw them all."""

    def update(self, screen: Sequence[Row], changed: Container[int], overlay: Stripes) -> None:
        """Paints these rows, under the stripes that lie over them."""
        every = range(min(self.rows, len(screen)))
        rows = [row for row in every if row in changed]
        self.atlas.begin_frame()
        self.unfinished = set()
        for _ in range(2):  # once more if the atlas was full: then all tiles have moved
            if self._generation != self.atlas.generation:
                self._generation, rows = self.atlas.generation, list(every)
            for row in rows:
                self._set_row(row, screen[row], overlay.get(row, ()))
            if self._generation == self.atlas.generation:
                break
        if rows:
            self._paint(_bands(rows))

    def tinted(self, style: Style, cluster: str, half: int, color: int) -> QPixmap:
        """One glyph in a colour of its own, for the cursor."""
        return self._tint(variant_of(style) | half, cluster, color)

    def _fragment(self, row: int, column: int) -> QPainter.PixmapFragment:
        fragment = QPainter.PixmapFragment()
        width, height = self.atlas.width, self.atlas.height
        fragment.x, fragment.y = (column + 0.5) * width, (row + 0.5) * height
        fragment.width, fragment.height = width, height
        fragment.scaleX = fragment.scaleY = fragment.opacity = 1.0
        fragment.rotation = fragment.sourceLeft = fragment.sourceTop = 0.0
        return fragment

    def _set_row(self, number: int, row: Row, stripes: tuple[Stripe, ...]) -> None:
        first = number * self.columns
        places: list[Place] = []
        fore, back = [], []
        self.blinking.discard(number)
        self.atlas.owes = False
        for start, end, style in row.runs:
            brush = self._brushes.get(id(style)) or self._new_brush(style)
            if style.blink:
                self.blinking.add(number)
            variant = brush.hidden if style.blink and self.blink_is_off else brush.variant
            if row.wide:
                places += self._wide_places(row, range(start, end), variant)
            else:
                places += map(self.atlas.table(variant).__getitem__, row.clusters[start:end])
            fore.append(brush.fore * (end - start))
            back.append(brush.back * (end - start))
        for fragment, place in zip(
            self._fragments[first : first + self.columns], places, strict=False
        ):
            fragment.sourceLeft, fragment.sourceTop = place
        self._extras[number] = self._row_extras(row)
        if self.atlas.owes:
            self.unfinished.add(number)
        front, ground = b"".join(fore), b"".join(back)
        for stripe in stripes:
            front = _covered(front, stripe, stripe.foreground)
            ground = _covered(ground, stripe, stripe.background)
        self._fore.set_row(number, front)
        self._back.set_row(number, ground)

    def _new_brush(self, style: Style) -> "_Brush":
        if len(self._brushes) >= _BRUSHES_KEPT:
            self._brushes.clear()
        brush = self._brushes[id(style)] = _Brush(style)
        return brush

    def _wide_places(self, row: Row, columns: range, variant: int) -> Iterator[Place]:
        table = self.atlas.table(variant)
        first, second = (self.atlas.table(variant | half) for half in HALVES)
        clusters, wide = row.clusters, row.wide
        for column in columns:
            cluster = clusters[column]
            if column in wide:
                yield first[cluster]
            elif not cluster and column - 1 in wide:
                yield second[clusters[column - 1]]
            else:
                yield table[cluster]

    def _row_extras(self, row: Row) -> list[tuple[int, QPixmap]]:
        """Pictures that are not tinted: colour glyphs, and underlines in a colour of their own."""
        extras: list[tuple[int, QPixmap]] = []
        for start, end, style in row.runs:
            if style.underline_color is not None and style.underline and self._is_shown(style):
                line = Style(0, 0, underline=style.underline)
                picture = self._tint(variant_of(line), " ", style.underline_color)
                extras += [(column, picture) for column in range(start, end)]
        colored = self.atlas.colored_clusters
        if colored and not colored.isdisjoint(row.clusters):
            extras += self._colored(row)
        return extras

    def _is_shown(self, style: Style) -> bool:
        return not (style.blink and self.blink_is_off)

    def _colored(self, row: Row) -> list[tuple[int, QPixmap]]:
        found = []
        for start, end, style in row.runs:
            if not self._is_shown(style):
                continue
            variant = variant_of(style)
            for column in range(start, end):
                for step, half in enumerate(HALVES if column in row.wide else (0,)):
                    picture = self.atlas.colored(variant | half, row.clusters[column])
                    if picture is not None:
                        found.append((column + step, picture))
        return found

    def _tint(self, variant: int, cluster: str, color: int) -> QPixmap:
        left, top = self.atlas.table(variant)[cluster]
        width, height = self.atlas.width, self.atlas.height
        picture = QPixmap(width, height)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.drawPixmap(0, 0, self.atlas.pixmap, int(left), int(top), width, height)
        painter.setCompositionMode(_Mode.CompositionMode_SourceIn)
        painter.fillRect(0, 0, width, height, QColor.fromRgb(color))
        colored = self.atlas.colored(variant, cluster)
        if colored is not None:
            painter.setCompositionMode(_Mode.CompositionMode_SourceOver)
            painter.drawPixmap(0, 0, colored)
        painter.end()
        return picture

    def _paint(self, bands: list[tuple[int, int]]) -> None:
        painter = QPainter(self._glyphs)
        for first, last in bands:
            painter.setCompositionMode(_Mode.CompositionMode_Source)
            fragments = self._fragments[first * self.columns : last * self.columns]
            painter.drawPixmapFragments(fragments, self.atlas.pixmap)  # type: ignore[arg-type]  # a list will do
            painter.setCompositionMode(_Mode.CompositionMode_SourceIn)
            painter.drawImage(self._band(first, last), self._fore.image, self._cells(first, last))
        painter.end()
        painter = QPainter(self.image)
        for first, last in bands:
            band = self._band(first, last)
            painter.drawImage(band, self._back.image, self._cells(first, last))
            painter.drawImage(band, self._glyphs, band)
            self._paint_extras(painter, first, last)
        painter.end()

    def _paint_extras(self, painter: QPainter, first: int, last: int) -> None:
        for row in range(first, last):
            for column, picture in self._extras[row]:
                painter.drawPixmap(column * self.atlas.width, row * self.atlas.height, picture)

    def _band(self, first: int, last: int) -> QRect:
        height = self.atlas.height
        return QRect(0, first * height, self.image.width(), (last - first) * height)

    def _cells(self, first: int, last: int) -> QRect:
        return QRect(0, first, self.columns, last - first)


def _bands(rows: list[int]) -> list[tuple[int, int]]:
    """Neighbouring rows together, each as first and one past the last."""
    bands: list[tuple[int, int]] = []
    for row in rows:
        if bands and bands[-1][1] == row:
            bands[-1] = (bands[-1][0], row + 1)
        else:
            bands.append((row, row + 1))
    return bands


def _covered(colors: bytes, stripe: Stripe, color: int) -> bytes:
    picked = (color | _OPAQUE).to_bytes(4, "little") * (stripe.last - stripe.first + 1)
    return colors[: stripe.first * 4] + picked + colors[stripe.last * 4 + 4 :]
