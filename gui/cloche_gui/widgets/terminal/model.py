"""What a terminal shows, as plain values."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import NamedTuple


class Underline(IntEnum):
    """The line below a cell, numbered as SGR 4:n numbers it."""

    NONE = 0
    SINGLE = 1
    DOUBLE = 2
    CURLY = 3
    DOTTED = 4
    DASHED = 5


@dataclass(frozen=True, slots=True)
class Style:
    """How a cell looks: reverse, faint and the palette are applied; colours are 0xRRGGBB."""

    foreground: int
    background: int
    bold: bool = False
    italic: bool = False
    strike: bool = False
    overline: bool = False
    invisible: bool = False
    blink: bool = False
    underline: Underline = Underline.NONE
    underline_color: int | None = None


class Run(NamedTuple):
    """Cells from `start` up to but not including `end` that share a style."""

    start: int
    end: int
    style: Style


@dataclass(frozen=True, slots=True)
class Row:
    """One line of cells: a cluster each, "" for the second half of a wide one.

    `wide` has the columns where a wide one starts.
    """

    clusters: Sequence[str]
    runs: Sequence[Run]
    wide: frozenset[int] = frozenset()

    @property
    def text(self) -> str:
        """The characters of the line, without the blanks at its end."""
        return "".join(self.clusters).rstrip()

    def style_at(self, column: int) -> Style:
        """The style of one cell."""
        return next(run.style for run in self.runs if run.start <= column < run.end)


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell as it is shown; colours are "#rrggbb"."""

    text: str
    foreground: str
    background: str
    bold: bool
    italic: bool
    underline: Underline
    strike: bool
    invisible: bool
    wide: bool
    selected: bool
    matched: bool = False


class CursorShape(Enum):
    """The shapes that DECSCUSR chooses from."""

    BAR = "bar"
    BLOCK = "block"
    UNDERLINE = "underline"
    HOLLOW = "hollow"


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the cursor stands in the viewport, and how it looks."""

    column: int
    row: int
    shape: CursorShape
    blinking: bool


class Point(NamedTuple):
    """A cell, counted from the oldest line of the scrollback."""

    row: int
    column: int


class Span(NamedTuple):
    """Cells in reading order, both ends included; as a block, the rectangle between the two."""

    start: Point
    end: Point
    block: bool = False


class Stripe(NamedTuple):
    """Cells of one row, both ends included, and the colours that cover their own."""

    first: int
    last: int
    foreground: int
    background: int


class Position(NamedTuple):
    """How much history there is: all lines, the first visible one, the visible ones."""

    total: int
    offset: int
    visible: int


def hex_color(color: int) -> str:
    """0xRRGGBB as "#rrggbb"."""
    return f"#{color:06x}"
