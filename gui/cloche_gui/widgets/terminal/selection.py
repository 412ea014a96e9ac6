"""How a drag of the mouse becomes a selection: by character, word, line or block."""

from cloche_gui.widgets.terminal.core import TerminalCore
from cloche_gui.widgets.terminal.marks import Anchor, Marks, Unit, block
from cloche_gui.widgets.terminal.model import Point, Span

_WHOLE = {Unit.WORD, Unit.LINE}


class Selector:
    """One gesture at a time: `press`, then `drag`; a click alone selects nothing."""

    def __init__(self, core: TerminalCore) -> None:
        self._core = core
        self._marks = Marks(core)
        self._anchor: Anchor | None = None
        self._anchor_edge = 0
        self._unit = Unit.CHARACTER

    @property
    def span(self) -> Span | None:
        """What is selected."""
        return self._marks.span

    def text(self) -> str:
        """The selected text."""
        return self._marks.text()

    def html(self) -> str:
        """The selected text as HTML of the core."""
        return self._marks.html()

    def select(self, span: Span) -> None:
        """Selects these cells, without a gesture."""
        self._anchor = None
        self._marks.select(span)

    def select_all(self) -> None:
        """Selects everything there is."""
        self._anchor = None
        self._marks.select_all()

    def clear(self) -> None:
        """Selects nothing and forgets the gesture."""
        self._marks.clear()
        self._anchor = None

    def press(self, point: Point, unit: Unit, *, right_half: bool) -> None:
        """Starts a gesture on this cell; a word or a line is selected at once."""
        self._marks.clear()
        self._unit = unit
        self._anchor = Anchor(self._core, point)
        self._anchor_edge = int(right_half)
        if unit in _WHOLE:
            self.drag(point, right_half=right_half)

    def drag(self, point: Point, *, right_half: bool) -> None:
        """Selects from where the gesture started to this cell, whole units."""
        start = self._anchor.point if self._anchor else None
        if start is None:
            return
        if self._unit in _WHOLE:
            first, last = (
                self._marks.around(start, self._unit),
                self._marks.around(point, self._unit),
            )
            self._marks.select(Span(min(first.start, last.start), max(first.end, last.end)))
            return
        span = self._between(start, self._anchor_edge, point, int(right_half))
        if span is None:
            self._marks.clear()
        else:
            self._marks.select(span)

    def extend(self, point: Point, *, right_half: bool) -> None:
        """Moves the end of the selection here, as Shift and a click do."""
        span = self.span
        if self._anchor is None and span is not None:
            self._anchor, self._anchor_edge = Anchor(self._core, span.start), 0
        self.drag(point, right_half=right_half)

    def _between(self, start: Point, edge: int, end: Point, end_edge: int) -> Span | None:
        """The cells between two edges of cells; an edge is left of its cell, or right of it."""
        columns = self._core.columns
        edges = sorted(
            (start.row * columns + start.column + edge, end.row * columns + end.column + end_edge)
        )
        if edges[0] == edges[1]:
            return None
        if self._unit is Unit.BLOCK:
            return self._block(start, edge, end, end_edge)
        return Span(Point(*divmod(edges[0], columns)), Point(*divmod(edges[1] - 1, columns)))

    def _block(self, start: Point, edge: int, end: Point, end_edge: int) -> Span | None:
        left, right = sorted((start.column + edge, end.column + end_edge))
        return block(Point(start.row, left), Point(end.row, right - 1)) if left < right else None
