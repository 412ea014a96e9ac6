"""All text of a terminal: the scrollback and the screen, line by line."""

from collections.abc import Iterator

from pyghostty import ffi, lib

from cloche_gui.widgets.terminal.core import TerminalCore


def rows(core: TerminalCore) -> list[str]:
    """The text of each row, from the oldest; blank rows at the end are left out."""
    return _formatted(core, unwrap=False, trim=False).split("\n")


def text(core: TerminalCore) -> str:
    """The whole text; lines that were only wrapped are whole again, blanks at their ends gone."""
    return _formatted(core, unwrap=True, trim=True)


def paragraphs(core: TerminalCore) -> Iterator[tuple[int, list[str]]]:
    """What was written as one line: the number of its first row, and the texts of its rows."""
    parts = rows(core)
    at = 0
    for line in _formatted(core, unwrap=True, trim=False).split("\n"):
        start, length = at, 0
        while at < len(parts) and (at == start or length < len(line)):
            length += len(parts[at])
            at += 1
        yield start, parts[start:at]


def _formatted(core: TerminalCore, *, unwrap: bool, trim: bool) -> str:
    options = ffi.new("GhosttyFormatterTerminalOptions*")
    options.size = ffi.sizeof("GhosttyFormatterTerminalOptions")
    options.extra.size = ffi.sizeof("GhosttyFormatterTerminalExtra")
    options.extra.screen.size = ffi.sizeof("GhosttyFormatterScreenExtra")
    options.emit = lib.GHOSTTY_FORMATTER_FORMAT_PLAIN
    options.unwrap, options.trim = unwrap, trim
    formatter = ffi.new("GhosttyFormatter*")
    if lib.ghostty_formatter_terminal_new(ffi.NULL, formatter, core.handle, options[0]):
        raise MemoryError("no memory for the text of the terminal")
    try:
        return _output(formatter[0])
    finally:
        lib.ghostty_formatter_free(formatter[0])


def _output(formatter: "ffi.CData") -> str:
    length = ffi.new("size_t*")
    lib.ghostty_formatter_format_buf(formatter, ffi.NULL, 0, length)
    out = ffi.new("uint8_t[]", length[0] + 1)
    lib.ghostty_formatter_format_buf(formatter, out, len(out), length)
    return bytes(ffi.buffer(out, length[0])).decode("utf-8", "replace")
