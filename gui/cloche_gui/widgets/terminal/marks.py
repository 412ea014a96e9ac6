"""Selected text in the core: it follows the lines through scrolling, reflow and eviction."""

from collections.abc import Callable
from enum import Enum

from pyghostty import ffi, lib

from cloche_gui.widgets.terminal.core import TerminalCore
from cloche_gui.widgets.terminal.model import Point, Span

# As in core: a struct in place of a union that cffi cannot pass by value.
ffi.cdef("""
typedef struct { uint16_t x; uint32_t y; uint64_t rest; } ClochePointValue;
typedef struct { int tag; ClochePointValue value; } ClochePoint;
""")
_grid_ref = ffi.cast(
    "GhosttyResult(*)(GhosttyTerminal, ClochePoint, GhosttyGridRef*)",
    ffi.addressof(lib, "ghostty_terminal_grid_ref"),
)
_grid_ref_track = ffi.cast(
    "GhosttyResult(*)(GhosttyTerminal, ClochePoint, GhosttyTrackedGridRef*)",
    ffi.addressof(lib, "ghostty_terminal_grid_ref_track"),
)
_SCREEN = int(lib.GHOSTTY_POINT_TAG_SCREEN)


class Unit(Enum):
    """What one step of a selection is."""

    CHARACTER = 1
    WORD = 2
    LINE = 3


class Anchor:
    """A cell that is remembered while lines move; `point` is None once it is gone."""

    def __init__(self, core: TerminalCore, point: Point) -> None:
        self._core = core
        out = ffi.new("GhosttyTrackedGridRef*")
        found = not _grid_ref_track(core.handle, _point(point), out)
        self._ref = ffi.gc(out[0], _freed_before(core.handle)) if found else None

    @property
    def point(self) -> Point | None:
        """Where the cell is now."""
        if self._ref is None or not lib.ghostty_tracked_grid_ref_has_value(self._ref):
            return None
        out = ffi.new("GhosttyPointCoordinate*")
        if lib.ghostty_tracked_grid_ref_point(self._ref, _SCREEN, out):
            return None
        return Point(out.y, out.x)


class Marks:
    """The selection of one terminal."""

    def __init__(self, core: TerminalCore) -> None:
        self._core = core

    @property
    def span(self) -> Span | None:
        """The selected cells in reading order."""
        selection = _sized("GhosttySelection")
        selection.start.size = selection.end.size = ffi.sizeof("GhosttyGridRef")
        what = lib.GHOSTTY_TERMINAL_DATA_SELECTION
        if lib.ghostty_terminal_get(self._core.handle, what, selection):
            return None
        return self._span(selection)

    def select(self, span: Span) -> None:
        """Selects these cells."""
        start, end = self._ref(span.start), self._ref(span.end)
        if start is None or end is None:
            return
        selection = _sized("GhosttySelection")
        selection.start, selection.end = start[0], end[0]
        self._set(selection)

    def clear(self) -> None:
        """Selects nothing."""
        self._set(ffi.NULL)

    def around(self, point: Point, unit: Unit) -> Span:
        """The word or line that this cell belongs to; the cell itself where there is none."""
        alone = Span(point, point)
        ref = self._ref(point)
        if ref is None or unit is Unit.CHARACTER:
            return alone
        kind, find = _FINDERS[unit]
        options, selection = _sized(kind), _sized("GhosttySelection")
        selection.start.size = selection.end.size = ffi.sizeof("GhosttyGridRef")
        options.ref = ref[0]
        if find(self._core.handle, options, selection):
            return alone
        return self._span(selection) or alone

    def text(self) -> str:
        """The selected text; lines that were only wrapped are whole again."""
        options = _sized("GhosttyTerminalSelectionFormatOptions")
        options.emit = lib.GHOSTTY_FORMATTER_FORMAT_PLAIN
        options.unwrap = options.trim = True
        options.selection = ffi.NULL
        length = ffi.new("size_t*")
        if self.span is None:
            return ""
        handle = self._core.handle
        lib.ghostty_terminal_selection_format_buf(handle, options[0], ffi.NULL, 0, length)
        text = ffi.new("uint8_t[]", length[0] + 1)
        if lib.ghostty_terminal_selection_format_buf(
            handle, options[0], text, length[0] + 1, length
        ):
            return ""
        return bytes(ffi.buffer(text, length[0])).decode("utf-8", "replace")

    def _span(self, selection: "ffi.CData") -> Span | None:
        first, last = self._where(selection.start), self._where(selection.end)
        return Span(min(first, last), max(first, last)) if first and last else None

    def _where(self, ref: "ffi.CData") -> Point | None:
        out = ffi.new("GhosttyPointCoordinate*")
        pointer = ffi.new("GhosttyGridRef*", ref)
        found = lib.ghostty_terminal_point_from_grid_ref(self._core.handle, pointer, _SCREEN, out)
        return None if found else Point(out.y, out.x)

    def _ref(self, point: Point) -> "ffi.CData | None":
        ref = _sized("GhosttyGridRef")
        return None if _grid_ref(self._core.handle, _point(point), ref) else ref

    def _set(self, selection: object) -> None:
        option = lib.GHOSTTY_TERMINAL_OPT_SELECTION
        lib.ghostty_terminal_set(self._core.handle, option, selection)


def _freed_before(terminal: "ffi.CData") -> Callable[["ffi.CData"], None]:
    """Frees a reference; holds the terminal until then, because it lives in its memory."""

    def free(ref: "ffi.CData", _terminal: "ffi.CData" = terminal) -> None:
        lib.ghostty_tracked_grid_ref_free(ref)

    return free


_FINDERS: dict[Unit, tuple[str, Callable[..., int]]] = {
    Unit.WORD: ("GhosttyTerminalSelectWordOptions", lib.ghostty_terminal_select_word),
    Unit.LINE: ("GhosttyTerminalSelectLineOptions", lib.ghostty_terminal_select_line),
}


def _sized(kind: str) -> "ffi.CData":
    struct = ffi.new(f"{kind}*")
    struct.size = ffi.sizeof(kind)
    return struct


def _point(point: Point) -> "ffi.CData":
    struct = ffi.new("ClochePoint*")
    struct.tag, struct.value.x, struct.value.y = _SCREEN, point.column, point.row
    return struct[0]
