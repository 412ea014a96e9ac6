"""Finds text in a terminal: every match in view is marked, one is the current one."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from cloche_gui.widgets.terminal import transcript
from cloche_gui.widgets.terminal.core import TerminalCore
from cloche_gui.widgets.terminal.marks import is_wrapped
from cloche_gui.widgets.terminal.model import Point, Span
from cloche_gui.widgets.terminal.selection import Selector
from cloche_gui.widgets.terminal.time_limit import time_limit

MOST = 100_000
"""Matches that are counted; beyond that there are "more"."""
_SECONDS, _SECONDS_IN_VIEW = 1.0, 0.05


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for."""

    text: str
    is_regex: bool = False
    match_case: bool = False

    def compiled(self) -> re.Pattern[str]:
        """The pattern; re.error says what is wrong with it."""
        flags = re.NOFLAG if self.match_case else re.IGNORECASE
        return re.compile(self.text if self.is_regex else re.escape(self.text), flags)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many matches there are, which is the current one (from 1), or what went wrong."""

    count: int = 0
    current: int = 0
    problem: str = ""


class Search:
    """The search of one terminal."""

    def __init__(self, core: TerminalCore, selector: Selector, refresh: Callable[[], None]) -> None:
        self._core, self._selector, self._refresh = core, selector, refresh
        self._pattern: re.Pattern[str] | None = None
        self._places: list[tuple[int, int]] = []  # row, and the how-manieth match of that row
        self._current = -1

    @property
    def is_active(self) -> bool:
        """Whether anything is looked for."""
        return self._pattern is not None

    def find(self, query: Query) -> Outcome:
        """Looks for this from now on; the current match is the last one in or above the view."""
        self._pattern, self._places, self._current = None, [], -1
        if not query.text:
            return Outcome()
        try:
            self._pattern = query.compiled()
        except re.error as error:
            return Outcome(problem=f"This is no regular expression: {error}")
        problem = self._scan()
        bottom = self._core.position.offset + self._core.rows
        before = [number for number, place in enumerate(self._places) if place[0] < bottom]
        if self._places:
            self._go_to(before[-1] if before else 0)
        return self._outcome(problem)

    def step(self, steps: int) -> Outcome:
        """Goes to another match, down if positive, around at the ends."""
        if self._pattern is None:
            return Outcome()
        at = self._places[self._current] if 0 <= self._current < len(self._places) else None
        problem = self._scan()
        if self._places:
            if at in self._places:
                self._current = self._places.index(at)
            self._go_to((self._current + steps) % len(self._places))
        return self._outcome(problem)

    def stop(self) -> None:
        """Looks for nothing any more; the current match stays selected."""
        self._pattern, self._places, self._current = None, [], -1

    def matches_in_view(self) -> list[Span]:
        """The matches on the screen, counted from the oldest line."""
        if self._pattern is None:
            return []
        top = self._core.position.offset
        found: list[Span] = []
        try:
            with time_limit(_SECONDS_IN_VIEW):
                for cells in self._lines_in_view():
                    found += _spans(self._pattern, cells, top)
        except TimeoutError:
            self._pattern = None
        return found

    def _outcome(self, problem: str) -> Outcome:
        return Outcome(len(self._places), self._current + 1, problem)

    def _scan(self) -> str:
        pattern = self._pattern
        self._places = []
        if pattern is None:
            return ""
        try:
            with time_limit(_SECONDS):
                for start, parts in transcript.paragraphs(self._core):
                    self._places += _rows_of(pattern, start, parts)
                    if len(self._places) >= MOST:
                        break
        except TimeoutError:
            self._pattern, self._places = None, []
            return "This takes too long; look for something simpler"
        return ""

    def _go_to(self, number: int) -> None:
        self._current = number
        row, nth = self._places[number]
        position = self._core.position
        if not position.offset <= row < position.offset + self._core.rows:
            self._core.scroll_to(max(0, row - self._core.rows // 2))
        self._refresh()
        here = [span for span in self.matches_in_view() if span.start.row == row]
        if here:
            self._selector.select(here[min(nth, len(here) - 1)])

    def _lines_in_view(self) -> Iterable[list[tuple[int, int, str]]]:
        """Row, column and text of the cells of each line; a wrapped one is whole."""
        line: list[tuple[int, int, str]] = []
        for number, row in enumerate(self._core.screen):
            line += [(number, at, one) for at, one in enumerate(row.clusters) if one]
            if not is_wrapped(self._core, number):
                yield line
                line = []
        yield line


def _spans(pattern: re.Pattern[str], cells: Sequence[tuple[int, int, str]], top: int) -> list[Span]:
    starts: list[int] = []
    for number, (_, _, cluster) in enumerate(cells):
        starts += [number] * len(cluster)
    found = []
    for match in pattern.finditer("".join(cluster for _, _, cluster in cells).rstrip()):
        if match.end() > match.start():
            first, last = cells[starts[match.start()]], cells[starts[match.end() - 1]]
            found.append(Span(Point(top + first[0], first[1]), Point(top + last[0], last[1])))
    return found


def _rows_of(pattern: re.Pattern[str], start: int, parts: Sequence[str]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    row, end, nth = 0, len(parts[0]) if parts else 0, 0
    for match in pattern.finditer("".join(parts).rstrip()):
        while match.start() >= end and row + 1 < len(parts):
            row, nth = row + 1, 0
            end += len(parts[row])
        if match.end() > match.start():
            found.append((start + row, nth))
            nth += 1
    return found
