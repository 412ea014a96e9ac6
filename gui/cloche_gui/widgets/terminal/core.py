"""The terminal itself, without a display: bytes in, rows, cursor and replies out.

Everything that knows pyghostty is in this file and in `cells`, `encoders` and `marks`, so that the
core can be changed.
"""

import time
from collections.abc import Sequence
from enum import IntEnum

from pyghostty import ffi, lib

from cloche_gui.widgets.terminal.cells import Colors, RowReader
from cloche_gui.widgets.terminal.guard import STRING_LIMIT, Guard
from cloche_gui.widgets.terminal.model import Cursor, CursorShape, Position, Row
from cloche_gui.widgets.terminal.news import CLIPBOARD_LIMIT, Listener, News
from cloche_gui.widgets.terminal.replies import ReplyQueue
from cloche_gui.widgets.terminal.soft_reset import SoftResets, soft_reset
from cloche_gui.widgets.terminal.theme import DARK, Theme

SCROLLBACK_BYTES = 10_000_000
_GROUND = lib.GHOSTTY_TERMINAL_DATA_VT_GROUND
_COLUMNS = lib.GHOSTTY_TERMINAL_DATA_COLS
# CAN ends a sequence that is not finished; RIS alone leaves the colours that OSC has changed.
_RESET = b"\x18\x1bc\x1b]104\x07\x1b]110\x07\x1b]111\x07\x1b]112\x07"
_SHAPES = {
    int(lib.GHOSTTY_RENDER_STATE_CURSOR_VISUAL_STYLE_BAR): CursorShape.BAR,
    int(lib.GHOSTTY_RENDER_STATE_CURSOR_VISUAL_STYLE_BLOCK): CursorShape.BLOCK,
    int(lib.GHOSTTY_RENDER_STATE_CURSOR_VISUAL_STYLE_UNDERLINE): CursorShape.UNDERLINE,
    int(lib.GHOSTTY_RENDER_STATE_CURSOR_VISUAL_STYLE_BLOCK_HOLLOW): CursorShape.HOLLOW,
}

# cffi's ABI mode cannot pass a union by value; a struct of the same shape goes the same way.
ffi.cdef("typedef struct { int tag; uint64_t value[2]; } ClocheScrollViewport;")
_scroll_viewport = ffi.cast(
    "void(*)(GhosttyTerminal, ClocheScrollViewport)",
    ffi.addressof(lib, "ghostty_terminal_scroll_viewport"),
)


class Mode(IntEnum):
    """The private modes that the widget asks about."""

    APPLICATION_CURSOR = 1
    REVERSE_VIDEO = 5
    BACKARROW_IS_BACKSPACE = 67
    FOCUS_EVENTS = 1004
    ALTERNATE_SCROLL = 1007
    BRACKETED_PASTE = 2004
    SYNCHRONIZED_OUTPUT = 2026
    GRAPHEME_CLUSTERS = 2027


class TerminalCore:
    """One terminal: feed it, resize it, and ask `refresh` which rows have changed."""

    def __init__(self, rows: int = 24, columns: int = 80, theme: Theme = DARK) -> None:
        handle = ffi.new("GhosttyTerminal*")
        if lib.ghostty_terminal_new(ffi.NULL, handle, columns, rows):
            raise MemoryError("no memory for a terminal")
        self.handle = ffi.gc(handle[0], lib.ghostty_terminal_free)
        self.rows, self.columns = rows, columns
        self._cell_size = (8, 16)
        self._guard = Guard()
        self._soft_resets = SoftResets()
        self._at_ground = ffi.new("bool*")
        self._columns_now = ffi.new("uint16_t*")
        self._replies = ReplyQueue()
        self._listener = Listener(self.handle)
        self._write_pty = ffi.callback("GhosttyTerminalWritePtyFn", self._reply)
        self._size = ffi.callback("GhosttyTerminalSizeFn", self._tell_size)
        self._set_limits()
        self._new_render_state()
        self._reader = RowReader()
        self._raw_colors = b""
        self._screen: list[Row] = []
        self.set_theme(theme)
        self.refresh()

    def _set_limits(self) -> None:
        self._set("WRITE_PTY", self._write_pty)
        self._set("SIZE", self._size)
        self._set("SCROLLBACK_MAX_BYTES", ffi.new("size_t*", SCROLLBACK_BYTES))
        self._set("SCROLLBACK_MAX_LINES", ffi.NULL)  # a limit in lines costs a fifth of the speed
        self._set("APC_MAX_BYTES", ffi.new("size_t*", STRING_LIMIT))
        self._set("APC_MAX_BYTES_KITTY", ffi.new("size_t*", STRING_LIMIT))
        self._set("CLIPBOARD_WRITE_MAX_BYTES", ffi.new("size_t*", CLIPBOARD_LIMIT))
        self._set("KITTY_IMAGE_STORAGE_LIMIT", ffi.new("uint64_t*", 0))
        self._set("GLYPH_PROTOCOL", ffi.new("bool*"))
        clusters = {"mode": Mode.GRAPHEME_CLUSTERS, "value": True}  # a flag is one sign, two cells
        self._set("MODE_DEFAULT", ffi.new("GhosttyTerminalModeConfig*", clusters))

    def _new_render_state(self) -> None:
        state = ffi.new("GhosttyRenderState*")
        lib.ghostty_render_state_new(ffi.NULL, state)
        self._state = ffi.gc(state[0], lib.ghostty_render_state_free)
        iterator = ffi.new("GhosttyRenderStateRowIterator*")
        lib.ghostty_render_state_row_iterator_new(ffi.NULL, iterator)
        self._iterator = ffi.gc(iterator[0], lib.ghostty_render_state_row_iterator_free)
        self._iterator_out = ffi.new("GhosttyRenderStateRowIterator*", self._iterator)
        self._dirty = ffi.new("int*")
        self._row_number = ffi.new("uint16_t*")
        self._cursor = ffi.new("GhosttyRenderStateCursor*")
        self._cursor.size = ffi.sizeof("GhosttyRenderStateCursor")
        self._colors = ffi.new("GhosttyRenderStateColors*")
        self._colors.size = ffi.sizeof("GhosttyRenderStateColors")

    # Output of the program

    def feed(self, data: bytes) -> None:
        """Takes output of the program; a program cannot resize the terminal."""
        for block in self._guard.blocks(data):
            self._feed_block(block)
        lib.ghostty_terminal_get(self.handle, _COLUMNS, self._columns_now)
        if self._columns_now[0] != self.columns:  # DECCOLM
            self.resize(self.rows, self.columns, self._cell_size)

    def _feed_block(self, block: bytes) -> None:
        block = self._guard.admit(block, self.rows * self.columns)
        start = time.perf_counter()
        output, *more = self._soft_resets.around(block)
        self._write(output)
        for part in more:
            self._write(soft_reset(self._number("CURSOR_Y"), self._number("CURSOR_X")) + part)
        taken = time.perf_counter() - start
        lib.ghostty_terminal_get(self.handle, _GROUND, self._at_ground)
        end = self._guard.fed(block, taken, in_string=not self._at_ground[0])
        if end:
            self._write(end)

    def take_news(self) -> News | None:
        """Bell, title and clipboard since the last call, if there was any."""
        return self._listener.take()

    def take_replies(self) -> bytes:
        """What the terminal has to answer to the program, taken once."""
        return self._replies.take()

    def reset(self) -> None:
        """Back to the state of a new terminal, without scrollback (RIS, and its own colours)."""
        self.feed(_RESET)

    def resize(self, rows: int, columns: int, cell_size: tuple[int, int]) -> None:
        """Changes the grid, reflowing long lines; the cell's size in pixels is for reports."""
        lib.ghostty_terminal_resize(self.handle, columns, rows, *cell_size)
        self.rows, self.columns, self._cell_size = rows, columns, cell_size

    def set_theme(self, theme: Theme) -> None:
        """The colours that hold until the program changes them."""
        self._set("COLOR_FOREGROUND", ffi.new("GhosttyColorRgb*", _rgb(theme.foreground)))
        self._set("COLOR_BACKGROUND", ffi.new("GhosttyColorRgb*", _rgb(theme.background)))
        self._set("COLOR_CURSOR", ffi.new("GhosttyColorRgb*", _rgb(theme.cursor)))
        palette = ffi.new("GhosttyColorRgb[256]", [_rgb(color) for color in theme.palette])
        self._set("COLOR_PALETTE", palette)

    # What is shown

    def refresh(self) -> set[int]:
        """Reads what has changed since the last call; says which rows of the viewport."""
        lib.ghostty_render_state_update(self._state, self.handle)
        everything = self._read_colors() or len(self._screen) != self.rows
        self._get_state("DIRTY", self._dirty)
        everything |= self._dirty[0] == lib.GHOSTTY_RENDER_STATE_DIRTY_FULL
        self._get_state("ROW_ITERATOR", self._iterator_out)
        changed = self._read_all() if everything else self._read_dirty()
        lib.ghostty_render_state_clean(self._state)
        self._get_state("CURSOR", self._cursor)
        return changed

    @property
    def screen(self) -> Sequence[Row]:
        """The rows of the viewport, as of the last refresh."""
        return self._screen

    @property
    def colors(self) -> Colors:
        """The colours in force, as of the last refresh."""
        return self._colors_now

    @property
    def cursor(self) -> Cursor | None:
        """The cursor as of the last refresh, or None when it is hidden or scrolled away."""
        at = self._cursor
        if not (at.viewport_has_value and at.visible):
            return None
        column = at.viewport_x - 1 if at.wide_tail and at.viewport_x else at.viewport_x
        shape = _SHAPES.get(int(at.visual_style), CursorShape.BLOCK)
        return Cursor(column, at.viewport_y, shape, bool(at.blinking))

    # Modes

    def mode(self, mode: Mode) -> bool:
        """Whether the program has set a private mode."""
        config = ffi.new("GhosttyTerminalModeConfig*")
        config.mode = mode
        lib.ghostty_terminal_get(self.handle, lib.GHOSTTY_TERMINAL_DATA_MODE, config)
        return bool(config.value)

    @property
    def alternate_screen(self) -> bool:
        """Whether the screen without scrollback is shown."""
        return self._number("ACTIVE_SCREEN", "int") == int(lib.GHOSTTY_TERMINAL_SCREEN_ALTERNATE)

    @property
    def tracks_mouse(self) -> bool:
        """Whether the program wants the mouse."""
        return bool(self._number("MOUSE_TRACKING", "bool"))

    @property
    def keyboard_flags(self) -> int:
        """The flags of the kitty keyboard protocol; 0 means the classic keys."""
        return self._number("KITTY_KEYBOARD_FLAGS", "uint8_t")

    # Scrollback

    @property
    def position(self) -> Position:
        """Where the viewport stands in the scrollback."""
        bar = ffi.new("GhosttyTerminalScrollbar*")
        lib.ghostty_terminal_get(self.handle, lib.GHOSTTY_TERMINAL_DATA_SCROLLBAR, bar)
        return Position(bar.total, bar.offset, bar.len)

    def scroll_by(self, lines: int) -> None:
        """Moves the viewport, down if positive."""
        self._scroll("DELTA", lines & 0xFFFFFFFFFFFFFFFF)

    def scroll_to(self, line: int) -> None:
        """Puts this line of the scrollback at the top of the viewport."""
        self._scroll("ROW", line)

    def scroll_to_bottom(self) -> None:
        """Back to where output appears."""
        self._scroll("BOTTOM", 0)

    def _scroll(self, way: str, value: int) -> None:
        request = ffi.new("ClocheScrollViewport*")
        request.tag = getattr(lib, f"GHOSTTY_SCROLL_VIEWPORT_{way}")
        request.value[0] = value
        _scroll_viewport(self.handle, request[0])

    # Between this class and the library

    def _read_colors(self) -> bool:
        self._get_state("COLORS", self._colors)
        start = ffi.offsetof("GhosttyRenderStateColors", "background")
        raw = bytes(ffi.buffer(self._colors))[start:]
        if raw == self._raw_colors:
            return False
        self._raw_colors = raw
        self._colors_now = Colors(raw)
        self._reader.use_colors(self._colors_now)
        return True

    def _read_all(self) -> set[int]:
        self._screen = []
        while lib.ghostty_render_state_row_iterator_next(self._iterator):
            self._screen.append(self._reader.read(self._iterator))
        return set(range(len(self._screen)))

    def _read_dirty(self) -> set[int]:
        changed = set()
        while lib.ghostty_render_state_row_iterator_next_dirty(self._iterator, self._row_number):
            self._screen[self._row_number[0]] = self._reader.read(self._iterator)
            changed.add(self._row_number[0])
        return changed

    def _reply(self, _terminal: object, _data: object, text: object, length: int) -> None:
        self._replies.offer(bytes(ffi.buffer(text, length)))

    def _write(self, output: bytes) -> None:
        lib.ghostty_terminal_vt_write(self.handle, output, len(output))

    def _tell_size(self, _terminal: object, _data: object, out: "ffi.CData") -> bool:
        out.rows, out.columns = self.rows, self.columns
        out.cell_width, out.cell_height = self._cell_size
        return True

    def _set(self, option: str, value: object) -> None:
        lib.ghostty_terminal_set(self.handle, getattr(lib, f"GHOSTTY_TERMINAL_OPT_{option}"), value)

    def _number(self, what: str, kind: str = "uint16_t") -> int:
        out = ffi.new(f"{kind}*")
        lib.ghostty_terminal_get(self.handle, getattr(lib, f"GHOSTTY_TERMINAL_DATA_{what}"), out)
        return int(out[0])

    def _get_state(self, what: str, out: object) -> None:
        lib.ghostty_render_state_get(
            self._state, getattr(lib, f"GHOSTTY_RENDER_STATE_DATA_{what}"), out
        )


def _rgb(color: int) -> tuple[int, int, int]:
    return color >> 16, color >> 8 & 255, color & 255
