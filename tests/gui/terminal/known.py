"""What a recording is known to show at its marks: text, attributes, cursor, which screen."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

from cloche_gui.services.recording import Recording
from cloche_gui.widgets.terminal.core import TerminalCore
from cloche_gui.widgets.terminal.model import Row, Style, Underline, hex_color
from cloche_gui.widgets.terminal.theme import Theme

FOLDER = Path(__file__).parent / "recorded"
MARK = "m"
"""The kind of event after which the screen is known."""
THEME = Theme(
    foreground=0xF0F0F0,
    background=0x101010,
    cursor=0xFF00FF,
    cursor_text=0,
    selection=0,
    selection_text=0,
    match=0,
    match_text=0,
    named=tuple(0x00AA00 + number for number in range(16)),
)
"""Colours of no user: what is stored outlives a change of the window's."""

Screen = dict[str, object]
Feed = Callable[[TerminalCore, bytes], None]


def played(recording: Recording, feed: Feed = TerminalCore.feed) -> Iterator[TerminalCore]:
    """One core with the recording in it, each time that a mark comes."""
    core = TerminalCore(recording.rows, recording.columns, THEME)
    said = bytearray()
    for event in recording.events:
        if event.kind == "o":
            said += event.data.encode()
            continue
        feed(core, bytes(said))
        said.clear()
        if event.kind == MARK:
            yield core
        elif event.kind == "r":
            columns, rows = map(int, event.data.split("x"))
            core.resize(rows, columns, (8, 16))


def known(core: TerminalCore) -> Screen:
    """All that is shown, as it is stored."""
    core.refresh()
    cursor, total = core.cursor, core.position.total
    return {
        "size": [core.rows, core.columns],
        "alternate": core.alternate_screen,
        "cursor": [cursor.row, cursor.column, cursor.shape.value] if cursor else None,
        "lines": total,
        "rows": [_row(row) for row in core.screen],
    }


def store(name: str, screens: list[Screen]) -> None:
    """Write what a recording is known to show, a row a line."""
    text = json.dumps(screens, ensure_ascii=False, indent=1)
    (FOLDER / f"{name}.json").write_text(text + "\n")


def stored(name: str) -> list[Screen]:
    """What a recording is known to show."""
    screens: list[Screen] = json.loads((FOLDER / f"{name}.json").read_text())
    return screens


def _row(row: Row) -> str:
    """The text, and behind it what is not in plain letters: `from-to colour on colour, words`."""
    plain = (THEME.foreground, THEME.background)
    looks = [
        f"{run.start}-{run.end} {_look(run.style)}"
        for run in row.runs
        if run.style != Style(*plain)
    ]
    wide = [f"wide {','.join(map(str, sorted(row.wide)))}"] if row.wide else []
    return "  ⟩ ".join([row.text, *wide, *looks])


def _look(style: Style) -> str:
    flags = ("bold", "italic", "strike", "overline", "invisible", "blink")
    words = [flag for flag in flags if getattr(style, flag)]
    if style.underline:
        words.append(f"underline {Underline(style.underline).name.lower()}")
    colors = f"{hex_color(style.foreground)} on {hex_color(style.background)}"
    return " ".join([colors, *words])
