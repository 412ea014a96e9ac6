"""What is painted: the pixels agree with the cells."""

import unicodedata

import pytest
from PyQt6.QtCore import QPointF
from PyQt6.QtGui import QColor, QFont, QImage, QPalette
from pytestqt.qtbot import QtBot
from tests.gui.terminal.gestures import at, drag
from tests.gui.terminal.pixels import cell_colors, painted

from cloche_gui.widgets.terminal.atlas import Atlas
from cloche_gui.widgets.terminal.core import TerminalCore
from cloche_gui.widgets.terminal.display import Display
from cloche_gui.widgets.terminal.model import hex_color
from cloche_gui.widgets.terminal.theme import DARK, LIGHT
from cloche_gui.widgets.terminal.widget import TerminalWidget

pytestmark = pytest.mark.screen


def test_an_empty_console_shows_nothing_but_the_cursor(console: TerminalWidget) -> None:
    assert console.screen_lines() == [""] * 24
    assert cell_colors(console, 0, 0) == [hex_color(DARK.cursor)]
    assert (
        cell_colors(console, 0, 1) == cell_colors(console, 12, 40) == [hex_color(DARK.background)]
    )


def test_the_cursor_is_hollow_without_the_focus(console: TerminalWidget) -> None:
    console.clearFocus()
    assert cell_colors(console, 0, 0) == [hex_color(DARK.background), hex_color(DARK.cursor)]


def test_the_cursor_is_hollow_where_nobody_reads_what_is_typed(console: TerminalWidget) -> None:
    assert console.hasFocus()
    console.set_read_only(True)
    assert cell_colors(console, 0, 0) == [hex_color(DARK.background), hex_color(DARK.cursor)]
    console.set_read_only(False)
    assert cell_colors(console, 0, 0) == [hex_color(DARK.cursor)]


@pytest.mark.parametrize("shape", [b"\x1b[4 q", b"\x1b[6 q"])
def test_thin_cursors_leave_most_of_the_cell(console: TerminalWidget, shape: bytes) -> None:
    console.feed(shape)
    assert cell_colors(console, 0, 0) == [hex_color(DARK.background), hex_color(DARK.cursor)]


def test_a_hidden_cursor_is_not_drawn(console: TerminalWidget) -> None:
    console.feed(b"\x1b[?25l")
    assert cell_colors(console, 0, 0) == [hex_color(DARK.background)]


def test_colours_arrive_on_the_screen(console: TerminalWidget) -> None:
    console.feed(
        "\x1b[48;2;1;2;3m \x1b[38;2;200;100;50;48;5;17m█\x1b[0m\x1b[42m \x1b[7;31m \x1b[0m".encode()
    )
    assert cell_colors(console, 0, 0) == ["#010203"]
    assert cell_colors(console, 0, 1) == ["#c86432"]
    assert cell_colors(console, 0, 2) == [hex_color(DARK.palette[2])]
    assert cell_colors(console, 0, 3) == [hex_color(DARK.palette[1])]
    cell = console.cell(0, 1)
    assert (cell.text, cell.foreground, cell.background) == ("█", "#c86432", "#00005f")


@pytest.mark.parametrize("number", range(8))
def test_bold_makes_the_first_eight_colours_bright(console: TerminalWidget, number: int) -> None:
    console.feed(
        f"\x1b[?25l\x1b[1;3{number}m█\x1b[7m \x1b[0;3{number}m█\x1b[1;9{number}m█".encode()
    )
    bright, plain = hex_color(DARK.palette[8 + number]), hex_color(DARK.palette[number])
    assert [cell_colors(console, 0, column) for column in range(4)] == [
        [bright], [bright], [plain], [bright],
    ]  # fmt: skip


def test_bold_leaves_other_colours_as_they_are(console: TerminalWidget) -> None:
    console.feed("\x1b[?25l\x1b[1;38;5;17m█\x1b[38;2;1;2;3m█\x1b[39m█".encode())
    found = [cell_colors(console, 0, column) for column in range(3)]
    assert found == [["#00005f"], ["#010203"], [hex_color(DARK.foreground)]]


def test_invisible_text_is_not_drawn(console: TerminalWidget) -> None:
    console.feed("\x1b[8m█secret".encode())
    assert cell_colors(console, 0, 0) == [hex_color(DARK.background)]
    assert console.cell(0, 0).invisible


def test_lines_of_boxes_join_without_gaps(console: TerminalWidget) -> None:
    console.feed("\x1b[?25l┌──┐\r\n│  │\r\n╞══╡\r\n┃  ┃\r\n╚══╝".encode())
    image = painted(console)
    width, height = console._display.cell_size
    ink = hex_color(DARK.foreground)
    rows = [4 + row for row in range(5 * height)]
    for middle_row in (0, 2, 4):
        lines = [
            y for y in rows[middle_row * height : (middle_row + 1) * height]
            if all(image.pixelColor(x, y).name() == ink for x in range(4 + width, 4 + 3 * width))
        ]  # fmt: skip
        assert lines
    columns = [
        x for x in range(4, 4 + width)
        if all(image.pixelColor(x, y).name() == ink for y in range(4 + height, 4 + 2 * height))
    ]  # fmt: skip
    assert columns
    assert all(
        image.pixelColor(columns[0], y).name() == ink
        for y in range(4 + height // 2 + 1, 4 + 3 * height)
    )


def grid_of(console: TerminalWidget, characters: list[str]) -> list[QImage]:
    """The pictures of these characters, painted in rows of 32."""
    lines = ["".join(characters[at : at + 32]) for at in range(0, len(characters), 32)]
    console.feed(("\x1b[?25l" + "\r\n".join(lines)).encode())
    image, (width, height) = painted(console), console._display.cell_size
    return [
        image.copy(4 + number % 32 * width, 4 + number // 32 * height, width, height)
        for number in range(len(characters))
    ]


def test_heavy_lines_stand_out_evenly_on_both_sides_of_light_ones(console: TerminalWidget) -> None:
    ink = hex_color(DARK.foreground)
    light, heavy = (
        [y for y in range(image.height()) if image.pixelColor(2, y).name() == ink]
        for image in grid_of(console, ["─", "━"])
    )
    assert light[0] - heavy[0] == heavy[-1] - light[-1] > 0


def test_every_line_and_block_character_leaves_ink(console: TerminalWidget) -> None:
    characters = [" ", *map(chr, range(0x2500, 0x25A0))]
    blank, *drawn = grid_of(console, characters)
    assert [characters[1 + at] for at, image in enumerate(drawn) if image == blank] == []


def test_a_sextant_fills_the_sixths_that_its_name_counts(console: TerminalWidget) -> None:
    characters = [chr(code) for code in range(0x1FB00, 0x1FB3C)]
    ink, places = hex_color(DARK.foreground), [(x, y) for y in (1, 3, 5) for x in (1, 3)]
    for character, image in zip(characters, grid_of(console, characters), strict=True):
        width, height = image.width(), image.height()
        filled = "".join(
            str(number)
            for number, (x, y) in enumerate(places, 1)
            if image.pixelColor(width * x // 4, height * y // 6).name() == ink
        )
        assert unicodedata.name(character) == f"BLOCK SEXTANT-{filled}"


def test_a_wide_character_fills_both_cells_and_emoji_have_colours(console: TerminalWidget) -> None:
    console.feed("漢🙂x\x1b[?25l".encode())
    for column in (0, 1):
        assert len(cell_colors(console, 0, column)) > 1
    assert console.cell(0, 0).wide
    assert console.cell(0, 1).text == ""


def test_an_underline_may_have_a_colour_of_its_own(console: TerminalWidget) -> None:
    console.feed(b"\x1b[4;58;2;255;0;0m \x1b[0;4m \x1b[?25l")
    assert "#ff0000" in cell_colors(console, 0, 0)
    assert cell_colors(console, 0, 1) == [hex_color(DARK.background), hex_color(DARK.foreground)]


def test_the_selection_is_painted_and_taken_away(console: TerminalWidget) -> None:
    console.feed(b"\x1b[?25lhello")
    drag(console, at(console, 0, 0), at(console, 0, 2.9))
    assert cell_colors(console, 0, 1)[0] == hex_color(DARK.selection)
    assert cell_colors(console, 0, 4)[0] == hex_color(DARK.background)
    console.reset()
    assert cell_colors(console, 0, 1)[0] == hex_color(DARK.background)


def test_an_overwritten_row_leaves_no_ghost(console: TerminalWidget) -> None:
    console.feed("████🙂漢\r".encode())
    painted(console)
    console.feed(b"\x1b[2K\x1b[?25l")
    for column in range(8):
        assert cell_colors(console, 0, column) == [hex_color(DARK.background)]


def test_a_reversed_cell_below_the_cursor_can_be_told_from_it(console: TerminalWidget) -> None:
    console.feed(b"\x1b[7m   \x1b[0m\x1b[1;2H")
    assert cell_colors(console, 0, 1) != cell_colors(console, 0, 0)


def test_colours_follow_the_palette_of_the_window(qtbot: QtBot) -> None:
    console = TerminalWidget()
    qtbot.addWidget(console)
    for base, theme in ((QColor("black"), DARK), (QColor("white"), LIGHT)):
        palette = QPalette(console.palette())
        palette.setColor(QPalette.ColorRole.Base, base)
        console.setPalette(palette)
        assert console.cell(0, 0).background == hex_color(theme.background)


def test_a_chosen_theme_stays(console: TerminalWidget) -> None:
    palette = QPalette(console.palette())
    palette.setColor(QPalette.ColorRole.Base, QColor("white"))
    console.setPalette(palette)
    assert console.cell(0, 0).background == hex_color(DARK.background)
    console.set_theme(LIGHT)
    assert cell_colors(console, 5, 5) == [hex_color(LIGHT.background)]


def test_the_grid_follows_the_size_of_the_widget(qtbot: QtBot, console: TerminalWidget) -> None:
    console.feed(b"x" * 100)
    with qtbot.waitSignal(console.grid_resized) as resized:
        console.resize(console.width() + 300, console.height() + 100)
    assert resized.args == [console.rows, console.columns]
    assert console.columns > 100
    assert console.screen_lines()[0] == "x" * 100
    console.resize(1, 1)
    assert (console.rows, console.columns) == (1, 2)


def test_letters_grow(console: TerminalWidget) -> None:
    columns = console.columns
    console.set_font_size(18)
    assert console.columns < columns
    console.set_font_size(10_000)
    assert console.columns >= 2


@pytest.mark.parametrize("scale", [1.0, 1.25, 1.5, 2.0])
def test_every_scale_is_painted_in_its_own_pixels(console: TerminalWidget, scale: float) -> None:
    core = TerminalCore(4, 10)
    display = Display(core, DARK)
    display.use_font(console._typeface.font, scale, 96)
    display.resize(4, 10)
    core.feed("\x1b[?25l│\x1b[2;1H│\x1b[31m█\x1b[0m漢🙂".encode())
    display.refresh(None)
    display.repaint()
    while display.is_unfinished:
        display.refresh(None)
        display.repaint()
    image = display._painter.image
    width, height = display.cell_size
    assert (image.width(), image.height()) == (10 * width, 4 * height)
    assert abs(height / scale - console._display.cell_size[1]) <= 1.5
    column = {image.pixelColor(x, height - 1).name() for x in range(width)}
    assert column == {hex_color(DARK.background), hex_color(DARK.foreground)}
    red = {
        image.pixelColor(x, y).name()
        for x in range(width, 2 * width)
        for y in range(height, 2 * height)
    }
    assert red == {hex_color(DARK.palette[1])}


@pytest.mark.parametrize("scale", [1.0, 1.25, 1.5, 2.0])
def test_no_letter_is_cut_off_at_any_size(console: TerminalWidget, scale: float) -> None:
    for points in range(6, 25):
        font = QFont(console._typeface.font)
        font.setPointSize(points)
        atlas = Atlas(font, scale, 96)
        tiles = {letter: atlas.table(0)[letter] for letter in "_ "}
        image = atlas.pixmap.toImage()
        ink = {
            letter: any(
                image.pixelColor(int(left) + x, int(top) + y).alpha() > 64
                for x in range(atlas.width)
                for y in range(atlas.height)
            )
            for letter, (left, top) in tiles.items()
        }
        assert ink == {"_": True, " ": False}, points


def test_a_screen_full_of_different_glyphs_outgrows_the_atlas_rightly(
    console: TerminalWidget,
) -> None:
    atlas = console._display._painter.atlas
    glyphs = [chr(code) for code in range(0x4E00, 0x4E00 + 24 * 40 * 6)]
    for start in range(0, len(glyphs), 24 * 40):
        console.feed(("\x1b[H" + "".join(glyphs[start : start + 24 * 40])).encode())
        painted(console)
    console.feed("\x1b[H\x1b[2J█a█".encode())
    ink = hex_color(DARK.foreground)
    assert isinstance(atlas, Atlas)
    assert cell_colors(console, 0, 0) == cell_colors(console, 0, 2) == [ink]


def test_a_hidden_console_catches_up_when_shown(qtbot: QtBot, console: TerminalWidget) -> None:
    console.hide()
    console.feed("\x1b[?25l\x1b[3;3H█".encode())
    console.show()
    qtbot.waitUntil(lambda: cell_colors(console, 2, 2) == [hex_color(DARK.foreground)])


def test_output_is_painted_without_being_asked(qtbot: QtBot, console: TerminalWidget) -> None:
    console.feed("\x1b[?25l\x1b[3;3H█".encode())

    def seen() -> bool:
        color = console.grab().toImage().pixelColor(at(console, 2, 2.4))
        return color.name() == hex_color(DARK.foreground)

    qtbot.waitUntil(seen)


def test_a_half_drawn_picture_is_held_back_but_not_for_long(
    qtbot: QtBot, console: TerminalWidget
) -> None:
    console.feed("\x1b[?25l\x1b[?2026h█".encode())
    assert console._output.is_held()
    qtbot.waitUntil(lambda: not console._output.is_held())


def test_ordinary_output_is_taken_in_at_once(console: TerminalWidget) -> None:
    """The control of the next test."""
    console.feed(b"ordinary \x1b[1;31moutput\x1b[0m\r\n" * 30)
    assert console.backlog == 0


@pytest.mark.parametrize("costly", [b"\x1bc", b"x\x1b[65535b"])
def test_costly_output_waits_instead_of_holding_up_the_window(
    qtbot: QtBot, console: TerminalWidget, costly: bytes
) -> None:
    console.feed(costly * (131072 // len(costly)))
    assert console.backlog > 0
    console.feed(b"\x1bcthe end")
    qtbot.waitUntil(lambda: console.screen_lines()[0] == "the end", timeout=20_000)
    assert console.backlog == 0


def test_reset_forgets_what_was_not_taken_in_yet(console: TerminalWidget) -> None:
    console.feed(b"x\x1b[65535b" * 30_000)
    console.reset()
    assert console.backlog == 0
    console.feed(b"new")
    assert console.screen_lines()[0] == "new"


def test_the_console_has_a_name_for_assistive_technology(console: TerminalWidget) -> None:
    assert console.accessibleName() == "Console"
    assert console.sizeHint().width() > console.minimumSizeHint().width()


def test_a_grid_that_is_too_large_is_drawn_smaller_and_all_of_it_is_seen(
    console: TerminalWidget,
) -> None:
    wishes: list[tuple[int, int]] = []
    console.grid_resized.connect(lambda *size: wishes.append(size))
    console.hold_grid(48, 160)
    console.feed(b"\x1b[48;151H\x1b[41m          \x1b[H")
    assert (console.rows, console.columns, wishes) == (48, 160, [])
    image, red = painted(console), hex_color(DARK.palette[1])
    rows = [
        y for y in range(image.height()) if image.pixelColor(console.width() - 40, y).name() == red
    ]
    assert rows
    spot = console._display.spot_at(QPointF(console.width() - 40, rows[len(rows) // 2]))
    assert (spot.row, spot.column >= 150) == (47, True)
    console.hold_grid(10, 40)
    assert painted(console).pixelColor(console.width() - 40, 200).name() == hex_color(
        DARK.background
    )
    console.hold_grid(24, 80)
    assert (console.rows, console.columns, wishes) == (24, 80, [])


def test_a_held_grid_ends_when_the_widget_gets_another_size(console: TerminalWidget) -> None:
    wishes: list[tuple[int, int]] = []
    console.grid_resized.connect(lambda *size: wishes.append(size))
    console.hold_grid(48, 160)
    console.resize(console.width() - 100, console.height())
    assert wishes == [(console.rows, console.columns)]
    assert console.rows == 24
