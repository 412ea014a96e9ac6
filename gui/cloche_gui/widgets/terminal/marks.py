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
    BLOCK = 4


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
        start, end = grid_ref(self._core, span.start), grid_ref(self._core, span.end)
        if start is None or end is None:
            return
        selection = _sized("GhosttySelection")
        selection.start, selection.end = start[0], end[0]
        selection.rectangle = span.block
        self._set(selection)

    def select_all(self) -> None:
        """Selects everything from the oldest line to the last."""
        selection = _sized("GhosttySelection")
        selection.start.size = selection.end.size = ffi.sizeof("GhosttyGridRef")
        if not lib.ghostty_terminal_select_all(self._core.handle, selection):
            self._set(selection)

    def clear(self) -> None:
        """Selects nothing."""
        self._set(ffi.NULL)

    def around(self, point: Point, unit: Unit) -> Span:
        """The word or line that this cell belongs to; the cell itself where there is none."""
        alone = Span(point, point)
        ref = grid_ref(self._core, point)
        if ref is None or unit not in _FINDERS:
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
        return self._formatted(lib.GHOSTTY_FORMATTER_FORMAT_PLAIN)

    def html(self) -> str:
        """The selected text as the core's HTML, with its colours as variables."""
        return self._formatted(lib.GHOSTTY_FORMATTER_FORMAT_HTML)

    def _formatted(self, form: int) -> str:
        options = _sized("GhosttyTerminalSelectionFormatOptions")
        options.emit = form
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
        if not first or not last:
            return None
        if selection.rectangle:
            return block(first, last)
        return Span(min(first, last), max(first, last))

    def _where(self, ref: "ffi.CData") -> Point | None:
        out = ffi.new("GhosttyPointCoordinate*")
        pointer = ffi.new("GhosttyGridRef*", ref)
        found = lib.ghostty_terminal_point_from_grid_ref(self._core.handle, pointer, _SCREEN, out)
        return None if found else Point(out.y, out.x)

    def _set(self, selection: object) -> None:
        option = lib.GHOSTTY_TERMINAL_OPT_SELECTION
        lib.ghostty_terminal_set(self._core.handle, option, selection)


def _freed_before(terminal: "ffi.CData") -> Callable[["ffi.CData"], None]:
    """Frees a reference; holds the terminal until then, because it lives in its memory."""

    def free(ref: "ffi.CData", _terminal: "ffi.CData" = terminal) -> None:
        lib.ghostty_tracked_grid_ref_free(ref)

    return free


def grid_ref(core: TerminalCore, point: Point) -> "ffi.CData | None":
    """A cell of the screen for calls of the library; holds until the next output."""
    ref = _sized("GhosttyGridRef")
    return None if _grid_ref(core.handle, _point(point), ref) else ref


def is_wrapped(core: TerminalCore, row: int) -> bool:
    """Whether this row of the viewport goes on in the next one."""
    ref = grid_ref(core, Point(core.position.offset + row, 0))
    raw, answer = ffi.new("GhosttyRow*"), ffi.new("bool*")
    if ref is None or lib.ghostty_grid_ref_row(ref, raw):
        return False
    lib.ghostty_row_get(raw[0], lib.GHOSTTY_ROW_DATA_WRAP, answer)
    return bool(answer[0])


def block(corner: Point, other: Point) -> Span:
    """The rectangle between two of its corners."""
    rows, columns = sorted((corner.row, other.row)), sorted((corner.column, other.column))
    return Span(Point(rows[0], columns[0]), Point(rows[1], columns[1]), block=True)


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
