"""What a console said, recorded to a file and played again."""

from __future__ import annotations

import json
import os
import resource
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.gui.driver import Driver

from cloche_gui.services.recording import Recorder, RecordingError, read
from cloche_gui.views.player_window import PlayerWindow

pytestmark = pytest.mark.screen


async def test_a_recording_is_an_asciicast_and_plays_the_same_screen(
    driver: Driver, tmp_path: Path
) -> None:
    await driver.attach("web")
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
    await driver.attach("web")
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
    await driver.attach("web")
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
    await driver.attach("web")
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
