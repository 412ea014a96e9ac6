"""Reads the raw cells of the core: a whole line is one big integer, taken apart with masks.

The layout of a raw cell is not part of the library's ABI, so it is asked for when this is imported.
"""

import json
from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby

from pyghostty import ffi, lib

from cloche_gui.widgets.terminal.model import Row, Run, Style, Underline
from cloche_gui.widgets.terminal.theme import mix

_MARKS_SHOWN = 16
_STYLES_KEPT = 4096


def _field(name: str) -> tuple[int, int]:
    layout = json.loads(ffi.string(lib.ghostty_type_json()))["types"]["GhosttyCell"]["bits"]
    return layout[name]["lsb"], (1 << layout[name]["width"]) - 1


_TAG_SHIFT, _TAG = _field("content_tag")
_CONTENT_SHIFT, _CONTENT = _field("content")
_STYLE_SHIFT, _STYLE = _field("style_id")
_WIDE_SHIFT, _WIDE = _field("wide")
_CODEPOINT = 0x1FFFFF
_ANY_TAG, _ANY_WIDE = _TAG << _TAG_SHIFT, _WIDE << _WIDE_SHIFT
_KIND = _ANY_TAG | _ANY_WIDE
_LOOK = _STYLE << _STYLE_SHIFT | _ANY_TAG
_BACKGROUND_PALETTE = int(lib.GHOSTTY_CELL_CONTENT_BG_COLOR_PALETTE)
_BACKGROUND_RGB = int(lib.GHOSTTY_CELL_CONTENT_BG_COLOR_RGB)
_GRAPHEME = int(lib.GHOSTTY_CELL_CONTENT_CODEPOINT_GRAPHEME) << _TAG_SHIFT
_WIDE_START = int(lib.GHOSTTY_CELL_WIDE_WIDE) << _WIDE_SHIFT
_WIDE_TAIL = int(lib.GHOSTTY_CELL_WIDE_SPACER_TAIL) << _WIDE_SHIFT


class Colors:
    """The colours in force: the theme's, unless the program changed them."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self.background = self._at(0)
        self.foreground = self._at(3)
        self.cursor = self._at(6) if raw[9] else None

    def _at(self, offset: int) -> int:
        return int.from_bytes(self._raw[offset : offset + 3], "big")

    def indexed(self, index: int) -> int:
        """One of the 256 colours of the palette."""
        return self._at(10 + 3 * index)


class RowReader:
    """Turns the lines of a render state into rows."""

    def __init__(self) -> None:
        self._cells = ffi.new("GhosttyRenderStateRowCells*")
        lib.ghostty_render_state_row_cells_new(ffi.NULL, self._cells)
        self._cells = ffi.gc(self._cells[0], lib.ghostty_render_state_row_cells_free)
        self._cells_out = ffi.new("GhosttyRenderStateRowCells*", self._cells)
        self._view = ffi.new("GhosttyCellsView*")
        self._style = ffi.new("GhosttyStyle*")
        self._style.size = ffi.sizeof("GhosttyStyle")
        self._length = ffi.new("uint32_t*")
        self._codepoints = ffi.new("uint32_t[]", 4096)
        self._styles: dict[bytes, Style] = {}
        self.use_colors(Colors(bytes(10 + 3 * 256)))

    def use_colors(self, colors: Colors) -> None:
        """Resolves palette colours with these from now on."""
        self._colors = colors
        self._styles.clear()
        self._default = Style(colors.foreground, colors.background)

    def read(self, iterator: object) -> Row:
        """The line that the iterator stands on."""
        lib.ghostty_render_state_row_get(
            iterator, lib.GHOSTTY_RENDER_STATE_ROW_DATA_CELLS_RAW, self._view
        )
        columns = self._view.len
        raw = bytes(ffi.buffer(self._view.ptr, columns * 8))
        line = int.from_bytes(raw, "little")
        if not line & _every(_LOOK | _KIND, columns):
            return Row(_decode(line, columns), (Run(0, columns, self._default),))
        lib.ghostty_render_state_row_get(
            iterator, lib.GHOSTTY_RENDER_STATE_ROW_DATA_CELLS, self._cells_out
        )
        return self._styled(raw, line, columns)

    def _styled(self, raw: bytes, line: int, columns: int) -> Row:
        words = memoryview(raw).cast("Q")
        text = _decode(line, columns)
        kinds = _lane(line, _KIND, columns)
        runs = self._runs(words, _lane(line, _STYLE << _STYLE_SHIFT, columns), kinds)
        if not line & _every(_KIND, columns):
            return Row(text, runs)
        wide = [column for column, kind in enumerate(kinds) if kind & _ANY_WIDE == _WIDE_START]
        if wide and wide[-1] == columns - 1:
            wide.pop()
        return Row(self._clusters(text, kinds), runs, frozenset(wide))

    def _clusters(self, text: str, kinds: Sequence[int]) -> list[str]:
        clusters = list(text)
        for column, kind in enumerate(kinds):
            if kind & _ANY_WIDE == _WIDE_TAIL:
                clusters[column] = ""
            elif kind & _ANY_TAG == _GRAPHEME:
                clusters[column] = self._grapheme(column)
            elif kind & _ANY_TAG:
                clusters[column] = " "
        return clusters

    def _runs(self, words: Sequence[int], looks: Sequence[int], kinds: Sequence[int]) -> list[Run]:
        """Cells of one style together; a cell of ground only has its colour instead of a style."""
        if any(kind >> _TAG_SHIFT & _TAG >= _BACKGROUND_PALETTE for kind in set(kinds)):
            looks = [_look(word) for word in words]
        runs: list[Run] = []
        known: dict[int, Style] = {0: self._default}
        start = 0
        for look, group in groupby(looks):
            end = start + len(list(group))
            style = known.get(look)
            if style is None:
                style = known[look] = self._style_of(start, words[start])
            runs.append(Run(start, end, style))
            start = end
        return runs

    def _grapheme(self, column: int) -> str:
        lib.ghostty_render_state_row_cells_select(self._cells, column)
        self._get(lib.GHOSTTY_RENDER_STATE_ROW_CELLS_DATA_GRAPHEMES_LEN, self._length)
        if self._length[0] > len(self._codepoints):
            self._codepoints = ffi.new("uint32_t[]", self._length[0])
        self._get(lib.GHOSTTY_RENDER_STATE_ROW_CELLS_DATA_GRAPHEMES_BUF, self._codepoints)
        shown = min(self._length[0], 1 + _MARKS_SHOWN)
        return "".join(map(chr, self._codepoints[0:shown]))

    def _style_of(self, column: int, word: int) -> Style:
        tag, content = word >> _TAG_SHIFT & _TAG, word >> _CONTENT_SHIFT & _CONTENT
        if tag == _BACKGROUND_PALETTE:
            return Style(self._colors.foreground, self._colors.indexed(content & 255))
        if tag == _BACKGROUND_RGB:
            red, green, blue = content & 255, content >> 8 & 255, content >> 16 & 255
            return Style(self._colors.foreground, red << 16 | green << 8 | blue)
        if not word >> _STYLE_SHIFT & _STYLE:
            return self._default
        lib.ghostty_render_state_row_cells_select(self._cells, column)
        self._get(lib.GHOSTTY_RENDER_STATE_ROW_CELLS_DATA_STYLE, self._style)
        key = bytes(ffi.buffer(self._style))
        if key not in self._styles:
            if len(self._styles) >= _STYLES_KEPT:
                self._styles.clear()
            self._styles[key] = _resolve(self._style, self._colors)
        return self._styles[key]

    def _get(self, what: int, out: object) -> None:
        lib.ghostty_render_state_row_cells_get(self._cells, what, out)


def _look(word: int) -> int:
    """What decides the style of a cell: the same number means the same style within a line."""
    tag = word >> _TAG_SHIFT & _TAG
    if tag >= _BACKGROUND_PALETTE:
        return word & (_CONTENT << _CONTENT_SHIFT | _TAG << _TAG_SHIFT)
    return word & (_STYLE << _STYLE_SHIFT)


@lru_cache(64)
def _every(mask: int, columns: int) -> int:
    """The mask of a cell, repeated for a whole line."""
    return sum(mask << 64 * column for column in range(columns))


def _lane(line: int, mask: int, columns: int) -> Sequence[int]:
    """What is left of each cell under a mask."""
    return memoryview((line & _every(mask, columns)).to_bytes(columns * 8, "little")).cast("Q")


def _decode(line: int, columns: int) -> str:
    characters = line & _every(_CODEPOINT << _CONTENT_SHIFT, columns)
    packed = (characters >> _CONTENT_SHIFT).to_bytes(columns * 8, "little")
    return packed.decode("utf-32-le", "replace")[::2].replace("\0", " ")


def _resolve(style: "ffi.CData", colors: Colors) -> Style:
    foreground = _foreground(style, colors)
    background = _color(style.bg_color, colors)
    front = colors.foreground if foreground is None else foreground
    back = colors.background if background is None else background
    if style.inverse:
        front, back = back, front
    if style.faint:
        front = mix(front, back, 0.55)
    return Style(
        foreground=front,
        background=back,
        bold=bool(style.bold),
        italic=bool(style.italic),
        strike=bool(style.strikethrough),
        overline=bool(style.overline),
        invisible=bool(style.invisible),
        blink=bool(style.blink),
        underline=Underline(style.underline),
        underline_color=_color(style.underline_color, colors),
    )


def _foreground(style: "ffi.CData", colors: Colors) -> int | None:
    """Bold makes the first eight colours bright, as in xterm and konsole.

    Programs that know no more than eight count on it: dialog draws a white edge on white.
    """
    color = style.fg_color
    if style.bold and color.tag == lib.GHOSTTY_STYLE_COLOR_PALETTE and color.value.palette < 8:
        return colors.indexed(color.value.palette + 8)
    return _color(color, colors)


def _color(color: "ffi.CData", colors: Colors) -> int | None:
    if color.tag == lib.GHOSTTY_STYLE_COLOR_PALETTE:
        return colors.indexed(color.value.palette)
    if color.tag == lib.GHOSTTY_STYLE_COLOR_RGB:
        rgb = color.value.rgb
        return int(rgb.r << 16 | rgb.g << 8 | rgb.b)
    return None
