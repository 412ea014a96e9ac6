"""More programs in tabs, a window of its own, looking only, recordings."""

from __future__ import annotations

import json
import os
import resource
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QAction, QFont
from PyQt6.QtWidgets import QApplication, QLineEdit  # noqa: TID251 - it looks at them
from tests.gui.driver import SHORTCUT, Driver

from cloche_engine.api.errors import EngineError
from cloche_gui.presenters.notice import plain_tip
from cloche_gui.services.recording import Recorder, RecordingError, read
from cloche_gui.views.player_window import PlayerWindow
from cloche_gui.views.program_tab import ProgramDialog
from cloche_gui.widgets.labels import WrappedLabel

pytestmark = pytest.mark.screen


async def attached(driver: Driver) -> None:
    await driver.choose("web")
    await driver.until(lambda: driver.console.is_attached)


def entry(driver: Driver, words: str) -> QAction:
    found = [one for one in driver.console.terminal.menu_actions
             if words in one.text().replace("&", "")]  # fmt: skip
    return found[0]


async def test_another_program_runs_in_a_tab_and_its_end_is_told(driver: Driver) -> None:
    await attached(driver)
    await driver.act(entry(driver, "another program").trigger)
    await driver.until(lambda: driver.console.findChild(ProgramDialog))
    dialog = driver.console.findChild(ProgramDialog)
    assert dialog is not None
    await driver.act(dialog.accept)
    await driver.until(lambda: driver.console.tabs.programs)
    tab = driver.console.tabs.programs[0]
    await driver.until(lambda: driver.has_focus(tab.terminal))
    assert driver.console.tabs.tabText(1) == "sh"

    await driver.type("echo beside\r")
    await driver.until(lambda: "beside" in tab.terminal.screen_lines())
    assert "beside" not in driver.screen
    await driver.type("exit 3\r")
    await driver.until(lambda: "status 3" in " ".join(tab.messages.texts))
    await driver.act(lambda: driver.console.tabs.tabCloseRequested.emit(1))
    assert driver.console.tabs.programs == []
    assert driver.console.is_attached


async def test_a_program_that_cannot_be_read_is_asked_for_again(driver: Driver) -> None:
    await attached(driver)
    await driver.act(entry(driver, "another program").trigger)
    await driver.until(lambda: driver.console.findChild(ProgramDialog))
    dialog = driver.console.findChild(ProgramDialog)
    assert dialog is not None
    dialog.program.setText("sh -c 'unfinished")
    await driver.act(dialog.accept)
    assert "quote" in dialog.problem.text()
    dialog.program.setText("/no/such/program")
    await driver.act(dialog.accept)
    await driver.until(lambda: "could not be started" in " ".join(driver.console.messages.texts))


async def test_a_window_of_its_own_shows_the_same_console(driver: Driver) -> None:
    await attached(driver)
    window = driver.console.open_window()
    await driver.until(lambda: window.page.is_attached)
    assert window.windowTitle() == "web — Console"
    await driver.act(lambda: window.page.terminal.send_text("echo both\n"))
    await driver.until(lambda: "both" in window.page.terminal.screen_lines())
    await driver.until(lambda: "both" in driver.console.terminal.screen_lines())

    window.page.terminal.title_changed.emit("root password?")
    assert window.windowTitle() == "web — root password?"
    await driver.act(window.close)
    assert driver.console.windows == []
    assert driver.console.is_attached


async def test_looking_only_types_nothing_until_it_ends(driver: Driver) -> None:
    await attached(driver)
    look = entry(driver, "Only look")
    await driver.act(look.trigger)
    await driver.act(lambda: driver.console.terminal.send_text("echo no\n"))
    await driver.act(look.trigger)
    await driver.act(lambda: driver.console.terminal.send_text("echo yes\n"))
    await driver.until(lambda: "yes" in driver.console.terminal.screen_lines())
    assert "echo no" not in driver.screen


async def test_t3_a_program_that_wants_the_clipboard_is_told_of_once(driver: Driver) -> None:
    await attached(driver)
    terminal = driver.console.terminal
    for length in range(1, 50):
        terminal.feed(b"\x1b]52;c;" + b"QUFB" * length + b"\x07")
    told = [text for text in driver.console.messages.texts if "clipboard" in text]
    assert len(told) == 1
    assert "wanted to" in told[0]
    terminal.set_copying_allowed(True)
    terminal.setFocus()
    terminal.feed(b"\x1b]52;c;QUFB\x07")
    assert "put text on the clipboard" in " ".join(driver.console.messages.texts)
    await driver.click_text(driver.console, "Stop that")
    terminal.feed(b"\x1b]52;c;QUFB\x07")
    assert "wanted to" in " ".join(driver.console.messages.texts)


async def from_menu(driver: Driver, key: Qt.Key) -> None:
    await driver.press(Qt.Key.Key_F10, SHORTCUT)
    await driver.until(QApplication.activePopupWidget)
    await driver.press(key)
    await driver.until(lambda: QApplication.activePopupWidget() is None)


async def test_the_keyboard_alone_uses_the_console_and_leaves_it(
    driver: Driver, tmp_path: Path
) -> None:
    await attached(driver)
    console, key = driver.console.terminal, Qt.Key
    await driver.press(key.Key_O, SHORTCUT)
    await driver.until(lambda: driver.has_focus(console))

    await from_menu(driver, key.Key_G)
    await driver.until(lambda: isinstance(driver.focused, QLineEdit))
    await driver.press(key.Key_Return)
    await driver.until(lambda: driver.console.tabs.programs)
    tab = driver.console.tabs.programs[0]
    await driver.until(lambda: driver.has_focus(tab.terminal))
    await from_menu(driver, key.Key_T)
    await driver.until(lambda: driver.has_focus(console))
    assert driver.console.tabs.programs == []

    driver.console.recording.begin(tmp_path / "web.cast")
    await driver.type("echo find me\r")
    await driver.until(lambda: "find me" in console.screen_lines())
    await from_menu(driver, key.Key_T)
    assert "find me" in (tmp_path / "web.cast").read_text()
    assert driver.console.messages.texts == []

    await driver.press(key.Key_F, SHORTCUT)
    await driver.type("^f.nd")
    await driver.press(key.Key_Tab)
    await driver.press(key.Key_Space)
    row = console.screen_lines().index("find me")
    await driver.until(lambda: console._search_bar._found.text() == "1 of 1")
    await driver.press(key.Key_Escape)
    await driver.until(lambda: driver.focused is console)

    await driver.press(key.Key_Space, SHORTCUT)
    await driver.press(key.Key_Up)
    await driver.press(key.Key_Home)
    for _ in range(4):
        await driver.press(key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    await driver.press(key.Key_Return)
    copied = console.selected_text()
    assert copied.startswith("find")
    await driver.press(key.Key_V, SHORTCUT)
    await driver.until(lambda: console.screen_lines()[row + 1].endswith(copied))

    await driver.press(key.Key_Tab, Qt.KeyboardModifier.ControlModifier)
    await driver.until(lambda: not driver.has_focus(console))
    await driver.press(key.Key_O, SHORTCUT)
    await driver.until(lambda: driver.has_focus(console))


async def test_t12_what_a_failure_quotes_is_shown_and_not_obeyed(driver: Driver) -> None:
    await attached(driver)
    hostile = EngineError("said \x1b[31m<b>\nthis\u202e", "look for <img src=x>")
    driver.console.show_failure(hostile)
    told = " ".join(driver.console.messages.texts)
    assert r"Said \x1b[31m<b> this\u202e." in told
    assert "look for <img src=x>" in told.lower()
    assert plain_tip("<b>x") == "<span>&lt;b&gt;x</span>"
    assert WrappedLabel("<b>x").textFormat() is Qt.TextFormat.PlainText


async def test_a_chosen_font_is_remembered_for_every_console(driver: Driver) -> None:
    await attached(driver)
    driver.console.terminal._use_chosen_font(QFont("DejaVu Sans Mono", 17))
    assert driver.window._settings.console_family == "DejaVu Sans Mono"
    assert driver.window._settings.console_points == 17
    await driver.choose("scratch")
    await driver.until(lambda: driver.console.is_attached)
    font = driver.console.terminal._typeface.font
    assert (font.family(), font.pointSizeF()) == ("DejaVu Sans Mono", 17)


async def test_a_recording_is_an_asciicast_and_plays_the_same_screen(
    driver: Driver, tmp_path: Path
) -> None:
    await attached(driver)
    file = tmp_path / "web.cast"
    driver.console.recording.begin(file)
    assert "being recorded" in " ".join(driver.console.messages.texts)
    await driver.act(lambda: driver.console.terminal.send_text("echo größe\n"))
    await driver.until(lambda: "größe" in driver.console.terminal.screen_lines())
    await driver.click_text(driver.console, "Stop")

    header, *events = [json.loads(line) for line in file.read_text().splitlines()]
    assert (header["version"], header["width"]) == (2, driver.console.terminal.columns)
    assert "größe" in "".join(event[2] for event in events)
    driver.console.recording.play(file)
    await driver.until(lambda: driver.console.findChild(PlayerWindow))
    player = driver.console.findChild(PlayerWindow)
    assert player is not None
    await driver.until(lambda: not player.is_playing)
    assert "größe" in player.terminal.screen_lines()
    await driver.act(lambda: player.go_to(0.0))
    assert "größe" not in player.terminal.screen_lines()
    to_the_end = player.slider.SliderAction.SliderToMaximum
    await driver.act(lambda: player.slider.triggerAction(to_the_end))
    await driver.until(lambda: "größe" in player.terminal.screen_lines())
    await driver.act(player.close)


def descriptor_of(file: Path) -> int:
    """That by which this process has the file open."""
    return next(
        int(each.name) for each in Path("/proc/self/fd").iterdir()
        if each.is_symlink() and each.readlink() == file
    )  # fmt: skip


def led_to(place: str) -> Callable[[Path], None]:
    """From now on what is written to the file goes to this device instead."""

    def lead(file: Path) -> None:
        other = os.open(place, os.O_RDWR)
        os.dup2(other, descriptor_of(file), inheritable=False)
        os.close(other)

    return lead


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (led_to("/dev/full"), "The disk is full: the recording ended at 0:"),
        (led_to("/proc/self/mem"), "cannot be written (Input/output error): the recording ended"),
        (lambda file: os.close(descriptor_of(file)), "cannot be written (Bad file descriptor)"),
        (Path.unlink, "was removed: the recording ended"),
    ],
    ids=["full", "broken", "closed", "removed"],
)
async def test_a_recording_that_cannot_go_on_ends_and_the_console_does_not(
    driver: Driver, tmp_path: Path, spoil: Callable[[Path], None], said: str
) -> None:
    await attached(driver)
    file, page = tmp_path / "web.cast", driver.console
    page.recording.begin(file)
    page._said(b"\r\none\r\n", is_old=False)
    spoil(file)
    for line in (b"two\r\n", b"three\r\n"):
        page._said(line, is_old=False)
    page.recording.stop_action.trigger()
    await driver.until(lambda: {"one", "two", "three"} <= set(page.terminal.screen_lines()))
    told = [text for text in page.messages.texts if "recording" in text]
    assert len(told) == 1
    assert said in told[0]
    assert str(file) in told[0]
    assert not page.recording.stop_action.isEnabled()
    if file.exists():
        assert [event.data for event in read(file).events if event.kind == "o"] == ["\r\none\r\n"]
    page.recording.begin(tmp_path / "anew.cast")
    assert "being recorded to anew.cast" in " ".join(page.messages.texts)
    page.recording.end()


async def test_a_file_that_cannot_be_begun_is_told_and_nothing_is_recorded(driver: Driver) -> None:
    await attached(driver)
    driver.console.recording.begin(Path("/dev/full"))
    assert "full cannot be written: No space left" in " ".join(driver.console.messages.texts)
    assert not driver.console.recording.stop_action.isEnabled()
    assert Path("/dev/full").is_char_device()


def test_a_recording_that_is_cut_off_can_be_played_up_to_there(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "a.cast", 24, 80)
    recorder.output(b"kept")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, ((tmp_path / "a.cast").stat().st_size + 100, hard))
    try:
        with pytest.raises(OSError, match="too large"):
            recorder.output(b"x" * 1000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    recorder.close()
    assert [event.data for event in read(tmp_path / "a.cast").events] == ["kept"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Line 1 is no JSON"),
        ("hello\n", "Line 1 is no JSON"),
        ('{"version": 1}\n', "version 2"),
        ('{"version": 2, "width": "80", "height": 24}\n', "how large"),
        ('{"version": 2, "width": 80, "height": 24}\n[1, "o"]\n', "Line 2 is no event"),
        ('{"version": 2, "width": 80, "height": 24}\n' + "[" * 100_000 + "\n", "Line 2"),
    ],
)
async def test_a_file_that_is_no_recording_is_told_with_its_line(
    driver: Driver, tmp_path: Path, text: str, said: str
) -> None:
    await attached(driver)
    file = tmp_path / "broken.cast"
    file.write_text(text)
    driver.console.recording.play(file)
    assert said in " ".join(driver.console.messages.texts)


def test_a_recording_keeps_characters_whole_and_times_in_order(tmp_path: Path) -> None:
    now = 10.0
    recorder = Recorder(tmp_path / "a.cast", 24, 80, clock=lambda: now)
    recorder.output("漢".encode()[:2])
    now = 11.5
    recorder.output("漢".encode()[2:])
    recorder.resize(30, 100)
    recorder.close()
    found = read(tmp_path / "a.cast")
    assert [(event.seconds, event.kind, event.data) for event in found.events] == [
        (1.5, "o", "漢"), (1.5, "r", "100x30"),
    ]  # fmt: skip
    with pytest.raises(RecordingError):
        read(_huge(tmp_path))


def _huge(folder: Path) -> Path:
    file = folder / "huge.cast"
    with file.open("wb") as sparse:
        sparse.truncate(1 << 30)
    return file


async def test_the_grid_is_that_of_the_window_that_is_typed_in(driver: Driver) -> None:
    await attached(driver)
    main = driver.console.terminal
    window = driver.console.open_window()
    other = window.page.terminal
    await driver.until(lambda: window.page.is_attached)
    await driver.act(lambda: window.resize(500, 300))
    await driver.until(lambda: (main.rows, main.columns) == other.fitting_grid)
    assert main.fitting_grid != other.fitting_grid
    await driver.act(lambda: main.send_text("echo here\n"))
    await driver.until(lambda: (other.rows, other.columns) == main.fitting_grid)
    assert (main.rows, main.columns) == main.fitting_grid
    await driver.act(lambda: other.send_text("echo there\n"))
    await driver.until(lambda: (main.rows, main.columns) == other.fitting_grid)
    await driver.act(window.close)


async def test_a_window_that_only_looks_has_the_grid_of_the_one_that_is_typed_in(
    driver: Driver,
) -> None:
    await attached(driver)
    main = driver.console.terminal
    window = driver.console.open_window()
    other = window.page.terminal
    await driver.until(lambda: window.page.is_attached)
    await driver.act(lambda: window.resize(500, 300))
    await driver.until(lambda: (main.rows, main.columns) == other.fitting_grid)
    look = next(one for one in other.menu_actions if "look" in one.text())
    await driver.act(look.trigger)
    await driver.act(lambda: main.send_text("echo here\n"))
    await driver.until(lambda: (main.rows, main.columns) == main.fitting_grid)
    await driver.until(lambda: (other.rows, other.columns) == main.fitting_grid)

    before = other.fitting_grid
    await driver.act(lambda: window.resize(620, 420))
    await driver.until(lambda: other.fitting_grid != before)
    await driver.act(lambda: main.send_text("echo there\n"))
    await driver.until(lambda: "there" in other.screen_lines())
    assert (other.rows, other.columns) == main.fitting_grid
    assert (main.rows, main.columns) == main.fitting_grid

    await driver.act(look.trigger)
    await driver.until(lambda: (main.rows, main.columns) == other.fitting_grid)
    await driver.act(window.close)


async def test_a_system_that_asks_for_a_login_offers_the_way_in_without_one(driver: Driver) -> None:
    await attached(driver)
    page = driver.console

    def told() -> bool:
        return any("asks for a user and a password" in text for text in page.messages.texts)

    page._said(b"\x1b[2J\x1b[Hbox login: ", is_old=False)
    await driver.act(lambda: None)
    assert not page._login._timer.isActive()  # an application may say what it wants
    page.hear(replace(page._container, system=True))
    page._said(b"\r\nDebian GNU/Linux 12 box console\r\n\r\nbox login: ", is_old=False)
    await driver.until(told)
    page._said(b"root\r\nPassword: ", is_old=False)
    await driver.until(lambda: not page._login._timer.isActive())
    assert told()
    page._said(b"\r\nroot@box:~# ", is_old=False)
    await driver.until(lambda: not told())
    page._said(b"\x1b[2J\x1b[Hbox login: ", is_old=False)
    await driver.until(told)
    await driver.click_text(page, "Open a shell")
    await driver.until(lambda: page.tabs.programs)
    assert not told()
    assert driver.has_focus(page.tabs.programs[0].terminal)
