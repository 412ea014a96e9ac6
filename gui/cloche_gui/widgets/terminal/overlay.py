"""What lies over the cells: the selection, the matches of a search, as stripes of rows."""

from collections.abc import Iterable, Iterator

from cloche_gui.widgets.terminal.model import Span, Stripe

Stripes = dict[int, tuple[Stripe, ...]]


def stripes(spans: Iterable[tuple[Span, int, int]], top: int, rows: int, columns: int) -> Stripes:
    """Spans with their text and ground colours, by row of the viewport; later ones are above."""
    found: Stripes = {}
    for span, foreground, background in spans:
        for row, first, last in visible(span, top, rows, columns):
            found[row] = (*found.get(row, ()), Stripe(first, last, foreground, background))
    return found


def visible(span: Span, top: int, rows: int, columns: int) -> Iterator[tuple[int, int, int]]:
    """Row of the viewport, first and last column of each visible part."""
    first, last, edge = span.start.row - top, span.end.row - top, columns - 1
    for row in range(max(first, 0), min(last, rows - 1) + 1):
        left = span.start.column if span.block or row == first else 0
        right = span.end.column if span.block or row == last else edge
        if left <= edge:
            yield row, left, min(right, edge)
