"""Real programs in a real container in the real window: what cells and pixels show of them."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from PyQt6.QtCore import Qt
from tests.bus.world import Helper, shell
from tests.gui.driver import Driver
from tests.gui.terminal.pixels import cell_colors, painted
from tests.kernel.box import Definition, busybox_root

from cloche_engine.api.connect import connect
from cloche_gui.views.container_page import CONSOLE
from cloche_gui.widgets.terminal.model import hex_color
from cloche_gui.widgets.terminal.theme import DARK

pytestmark = [pytest.mark.screen, pytest.mark.kernel, pytest.mark.bus]

Key = Qt.Key
NONE, CTRL = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier
Cell = tuple[int, int]
"""A row and a column."""


class Desk:
    """A container's console in the window, and someone who types there."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self.console = driver.console.terminal

    async def shows(self, wanted: str | Callable[[list[str]], object]) -> list[str]:
        """The visible lines, once they hold this text, or what this asks for."""

        def seen() -> bool:
            lines = self.console.screen_lines()
            return wanted in "\n".join(lines) if isinstance(wanted, str) else bool(wanted(lines))

        try:
            await self.driver.until(seen)
        except TimeoutError:
            pytest.fail("\n".join([f"no {wanted!r} in:", *self.console.screen_lines()]))
        return self.console.screen_lines()

    async def press(self, key: Key, held: Qt.KeyboardModifier = NONE) -> None:
        await self.driver.press(key, held)

    async def run(self, text: str) -> None:
        """Type a line and Return."""
        await self.driver.type(f"{text}\r")

    async def resize(self, rows: int, columns: int) -> None:
        """Make the window larger by that many rows and columns, or smaller."""
        width, height = self.console._display.cell_size
        wanted = self.console.rows + rows, self.console.columns + columns
        window = self.driver.window
        size = window.width() + columns * width, window.height() + rows * height
        await self.driver.act(lambda: window.resize(*size))
        await self.driver.until(lambda: (self.console.rows, self.console.columns) == wanted)

    def find(self, text: str) -> Cell:
        """Where a text stands."""
        lines = self.console.screen_lines()
        row = next(number for number, line in enumerate(lines) if text in line)
        return row, lines[row].index(text)

    def ground(self, text: str) -> str:
        """The colour behind a text."""
        return self.console.cell(*self.find(text)).background

    def is_joined(self, first: Cell, last: Cell) -> bool:
        """Whether a line goes from one cell's middle to the other's without a gap."""
        image, (width, height) = painted(self.console), self.console._display.cell_size
        ground = self.console.cell(*first).background
        left, top = (4 + first[1] * width, 4 + first[0] * height)
        right, bottom = (4 + last[1] * width, 4 + last[0] * height)
        across, down = range(left, left + width), range(top, top + height)

        def inked(x: int, y: int) -> bool:
            return image.pixelColor(x, y).name() != ground

        if first[0] == last[0]:
            along = range(left + width // 2, right + width // 2)
            return any(all(inked(x, y) for x in along) for y in down)
        along = range(top + height // 2, bottom + height // 2)
        return any(all(inked(x, y) for y in along) for x in across)


@asynccontextmanager
async def attached(driver: Driver, helper: Helper, text: bytes) -> AsyncIterator[Desk]:
    """A container that runs, its console in view; it is gone afterwards."""
    other = await connect(helper.target)
    uuid = (await other.define(text)).uuid
    await other.start(uuid)
    await driver.until(lambda: driver.draft_uuid == uuid)
    await driver.turn_to(CONSOLE)
    await driver.until(lambda: driver.console.is_attached)
    driver.console.terminal.set_theme(DARK)
    await driver.click(driver.console.terminal)
    yield Desk(driver)
    await other.kill(uuid)
    await other.undefine(uuid)
    await other.close()


@pytest.fixture
async def desk(helper_driver: Driver, helper: Helper) -> AsyncIterator[Desk]:
    """The console of a container with a shell, which sees this machine's programs."""
    async with attached(helper_driver, helper, shell("box")) as made:
        await made.shows("#")
        yield made


def needs(program: str) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")


async def test_vim_edits_and_saves_a_file_and_follows_the_window(desk: Desk) -> None:
    needs("vim")
    await desk.run("cd /tmp; vim -u NONE -N '+set laststatus=2' letter")
    await desk.shows(lambda lines: lines[-2].startswith("letter") and lines[5] == "~")
    await desk.run("idear reader")
    await desk.driver.type("second line")
    await desk.shows("INSERT")
    await desk.resize(-4, -10)
    await desk.shows(lambda lines: lines[-2].startswith("letter") and "INSERT" in lines[-1])
    assert desk.ground("letter ") == hex_color(DARK.foreground)
    await desk.press(Key.Key_Escape)
    await desk.shows(lambda lines: "INSERT" not in lines[-1])
    await desk.driver.type("1GIOh ")
    await desk.press(Key.Key_Escape)
    await desk.shows(lambda lines: lines[0] == "Oh dear reader" and "INSERT" not in lines[-1])
    await desk.run(":wq")
    await desk.shows(lambda lines: "vim -u NONE" in lines[0] and lines[1] == "#")
    await desk.run("cat letter")
    await desk.shows(lambda lines: {"Oh dear reader", "second line"} <= {*lines})


async def test_htop_shows_the_processes_of_the_container_alone_in_colour(desk: Desk) -> None:
    needs("htop")
    await desk.run("sleep 4242 & htop -d 5")

    def running(lines: list[str]) -> set[str]:
        first = next((n for n, line in enumerate(lines) if "PID USER" in line), len(lines))
        return {line.split(maxsplit=11)[-1] for line in lines[first + 1 : -1] if line}

    await desk.shows(lambda lines: running(lines) == {"/bin/sh", "sleep 4242", "htop -d 5"})
    row = desk.find("Mem[")[0]
    await desk.shows(lambda lines: "|" in lines[row])
    bar = desk.console.cell(*desk.find("|"))
    assert bar.foreground not in {hex_color(DARK.foreground), bar.background}
    assert desk.ground("PID USER") == hex_color(DARK.palette[2])
    assert cell_colors(desk.console, *desk.find(" USER"))[0] == hex_color(DARK.palette[2])
    await desk.resize(4, 6)
    await desk.shows(lambda lines: "F10Quit" in lines[-1])
    assert desk.ground("Quit") == hex_color(DARK.palette[6])
    await desk.press(Key.Key_F10)
    await desk.shows(lambda lines: "F10Quit" not in lines[-1])


async def test_less_scrolls_back_and_searches_both_ways(desk: Desk) -> None:
    needs("less")
    await desk.run("cd /tmp; seq 500 >n; less -M n")
    await desk.shows(lambda lines: lines[0] == "1")
    await desk.press(Key.Key_End)
    await desk.shows(lambda lines: lines[-2] == "500")
    await desk.press(Key.Key_PageUp)
    await desk.shows(lambda lines: "500" not in lines and "460" in lines)
    await desk.press(Key.Key_Home)
    await desk.shows(lambda lines: lines[0] == "1")
    await desk.run("/333")
    await desk.shows(lambda lines: lines[0] == "333")
    await desk.run("?222")
    await desk.shows(lambda lines: lines[0] == "222")
    assert desk.ground("222") == cell_colors(desk.console, 0, 0)[0] == hex_color(DARK.foreground)
    await desk.resize(-5, -10)
    await desk.shows(lambda lines: lines[0] == "222" and lines[-1].startswith("n lines 222-"))
    await desk.driver.type("q")
    await desk.shows(lambda lines: "222" not in lines)


async def test_tmux_splits_the_screen_and_survives_a_resize_and_a_detach(desk: Desk) -> None:
    needs("tmux")
    await desk.run("tmux -f /dev/null new -s one")
    await desk.shows(lambda lines: lines[-1].startswith("[one]"))
    await desk.press(Key.Key_B, CTRL)
    await desk.driver.type("%")
    await desk.shows(lambda lines: all("│" in line for line in lines[:-1]))
    await desk.run("echo right-$((1+1))")
    await desk.shows("│right-2")
    await desk.resize(-4, -12)
    lines = await desk.shows(
        lambda lines: lines[-1].startswith("[one]") and all("│" in line for line in lines[:-1])
    )
    column = lines[0].index("│")
    assert desk.is_joined((0, column), (len(lines) - 2, column))
    await desk.press(Key.Key_B, CTRL)
    await desk.driver.type("d")
    await desk.shows(lambda lines: lines[1:3] == ["[detached (from session one)]", "#"])
    await desk.run("tmux attach")
    await desk.shows("│right-2")
    await desk.run("exit")
    await desk.shows(lambda lines: lines[-1].startswith("[one]") and "│" not in "".join(lines))


async def test_dialog_is_driven_by_arrow_keys_and_its_lines_have_no_gaps(desk: Desk) -> None:
    needs("dialog")
    await desk.run(
        "dialog --menu Pick 12 40 3 1 one 2 two 3 three 2>/tmp/a; clear; echo got-$(cat /tmp/a)"
    )

    def corner(lines: list[str]) -> Cell | None:
        """Where the box begins, once all of it is there."""
        row = next((number for number, line in enumerate(lines) if "┌" in line), len(lines))
        end = lines[row + 11] if row + 11 < len(lines) else ""
        return (row, lines[row].index("┌")) if end.strip().startswith("└") else None

    before = corner(await desk.shows(corner))
    await desk.resize(-3, -10)
    lines = await desk.shows(lambda lines: (corner(lines) or before) != before)
    top, left = corner(lines) or (0, 0)
    bottom, right = top + 11, left + 39
    assert (lines[top][right], lines[bottom][left], lines[bottom][right]) == ("┐", "└", "┘")
    for first, last in (
        ((top, left), (top, right)),
        ((top, left), (bottom, left)),
        ((top, right), (bottom, right)),
        ((bottom, left), (bottom, right)),
    ):
        assert desk.is_joined(first, last)
    chosen = desk.ground("one")
    await desk.press(Key.Key_Down)
    await desk.press(Key.Key_Down)
    await desk.shows(lambda _: desk.ground("three") == chosen != desk.ground("one"))
    await desk.press(Key.Key_Return)
    await desk.shows(lambda lines: lines[0] == "got-3")


async def test_a_real_system_that_asks_for_a_login_is_entered_without_one(
    helper_driver: Driver, helper: Helper, tmp_path: Path
) -> None:
    definition = Definition(
        root=busybox_root(tmp_path / "root"),
        program=("/bin/busybox", "getty", "0", "-", "xterm"),
        around="<features><system/></features>",
    )
    async with attached(helper_driver, helper, definition.text()) as desk:
        await desk.shows("box login:")
        page = desk.driver.console
        await desk.driver.until(lambda: "asks for a user" in " ".join(page.messages.texts))
        await desk.driver.click_text(page, "Open a shell")
        await desk.driver.until(lambda: page.tabs.programs)
        terminal = page.tabs.programs[0].terminal
        await desk.driver.until(lambda: desk.driver.has_focus(terminal))
        await desk.run("echo $((1+1)) $(hostname) $(readlink /proc/1/exe) $HOME")
        await desk.driver.until(lambda: "2 box /bin/busybox /root" in terminal.screen_lines())
        assert "asks for a user" not in " ".join(page.messages.texts)
