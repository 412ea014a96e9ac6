"""The pixels of a console, to be compared with its cells."""

from PyQt6.QtGui import QImage

from cloche_gui.widgets.terminal.widget import TerminalWidget


def painted(console: TerminalWidget) -> QImage:
    """The picture of all that it has been told."""
    console._frame()
    while console._display.is_unfinished:
        console._frame()
    return console.grab().toImage()


def cell_colors(console: TerminalWidget, row: int, column: int) -> list[str]:
    """The colours of all pixels of a cell, most frequent first."""
    image, scale = painted(console), console._display.scale
    width, height = console._display.cell_size
    left, top = round(4 * scale) + column * width, round(4 * scale) + row * height
    names = [
        image.pixelColor(x, y).name()
        for x in range(left, left + width)
        for y in range(top, top + height)
    ]
    return sorted(set(names), key=names.count, reverse=True)
