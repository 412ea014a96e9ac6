"""T11: the whole widget under random output, for CLOCHE_FUZZ_SECONDS (2 unless told otherwise).

A failure names its seed: CLOCHE_FUZZ_SEED repeats it.
"""

import gc
import os
import random
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PyQt6.QtWidgets import QApplication  # noqa: TID251 - it runs the loop
from pytestqt.qtbot import QtBot

from cloche_gui.widgets.terminal import core, pacing, replies
from cloche_gui.widgets.terminal.guard import Guard
from cloche_gui.widgets.terminal.widget import TerminalWidget

pytestmark = pytest.mark.screen
HANG_SECONDS = 0.1
"""What is counted; the first look for a font that has an exotic sign may take as long."""
STUCK_SECONDS = 1.0
MOST_GROWTH = 50 * 1024  # KiB

REPLY = re.compile(
    rb"""(?: \x1b\[ [?>]? [0-9;]{1,40} \$? [cnRtuy]
           | \x1b\] [0-9;]{1,6} rgb:[0-9a-f/]{14} (?: \x07 | \x1b\\ )
           | \x1bP ![|] 00000000 \x1b\\
           | \x1bP >[|] libghostty \x1b\\
           | \x1bP [01] \$r [0-9;: ]{0,80} [mqr]? \x1b\\
         )*""",
    re.VERBOSE,
)
INTRODUCERS = [
    b"\x1b[",
    b"\x1b]",
    b"\x1bP",
    b"\x1b_",
    b"\x1b^",
    b"\x1bX",
    b"\x1b",
    b"\x9b",
    b"\x9d",
]
PRIVATE = [b"", b"", b"", b"?", b">", b"=", b"<", b"!"]
NUMBERS = [b"", b"0", b"1", b"2", b"3", b"7", b"24", b"80", b"255", b"1049", b"2004", b"65535",
           b"99999999999", b"-1"]  # fmt: skip
MIDDLES = [b"", b"", b"", b"$", b" ", b"'", b'"', b"#", b"*"]
FINALS = [bytes([letter]) for letter in range(0x40, 0x7F)]
WORDS = [
    b"52;c;QUFB", b"52;c;?", b"8;;http://a/", b"2;title", b"4;1;?", b"11;?", b"$q", b"+q",
    b"Ga=T,f=24,s=1,v=1;QUFB", b"1337;File=:QUFB", b"777;notify;a;b", b"22;0", b"133;A",
]  # fmt: skip
TEXTS = [
    text.encode()
    for text in (
        "x", "line\r\n", "\n", "\t", "\b", "漢字", "e\u0301", "👨\u200d👩\u200d👧", "🇩🇪",
        "─┼█▒⣿", "\u202e", "\x0e", "\x0f", "\x05", "\x7f",
    )
]  # fmt: skip


def sequence(chance: random.Random) -> bytes:
    """One escape sequence, more or less well formed."""
    start = chance.choice(INTRODUCERS)
    if start in {b"\x1b[", b"\x9b"}:
        parameters = b";".join(chance.choices(NUMBERS, k=chance.choice((0, 1, 1, 2, 5, 60))))
        middle, final = chance.choice(MIDDLES), chance.choice(FINALS)
        return start + chance.choice(PRIVATE) + parameters + middle + final
    if start == b"\x1b":
        return start + chance.choice(
            [b"#8", b"c", b"7", b"8", b"D", b"M", b"(0", b"%G", b"=", b"Z"]
        )
    end = chance.choice([b"\x07", b"\x1b\\", b"\x18", b""])
    return start + chance.choice(WORDS) * chance.choice((1, 1, 1, 500)) + end


def output(chance: random.Random) -> bytes:
    """A read of up to a few KiB: text, sequences, noise, or one thing very often."""
    kind = chance.random()
    if kind < 0.1:
        return chance.randbytes(chance.randrange(4096))
    if kind < 0.25:
        return sequence(chance) * chance.randrange(1, 500)
    mixed = b"".join(
        sequence(chance)
        if chance.random() < 0.6
        else chance.choice(TEXTS) * chance.randrange(1, 90)
        for _ in range(chance.randrange(1, 40))
    )
    if kind < 0.5:
        cut = bytearray(mixed)
        for _ in range(8):
            cut[chance.randrange(len(cut))] = chance.randrange(256)
        return bytes(cut)
    return mixed


def resident() -> int:
    """What this process has in memory now, in KiB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGESIZE") // 1024


class Trial:
    """What a console did under output: how long it took, how it grew."""

    def __init__(self, console: TerminalWidget) -> None:
        self._console = console
        gc.collect()  # what earlier consoles held must not go meanwhile
        self._before = resident()
        self.growth = self.fed = 0
        self.hangs: list[tuple[float, bytes]] = []

    def feed(self, data: bytes) -> None:
        """Feeds this, and lets the window work."""
        self.fed += len(data)
        acts: tuple[Callable[[], None], ...] = (
            lambda: self._console.feed(data),
            QApplication.processEvents,
        )
        for act in acts:
            start = time.thread_time()
            act()
            if (taken := time.thread_time() - start) > HANG_SECONDS:
                self.hangs.append((taken, data[:200]))
        self.growth = max(self.growth, resident() - self._before)


def warm_up(qtbot: QtBot, console: TerminalWidget) -> None:
    """Fills the scrollback."""
    console.feed(b"".join(b"warm up %d\r\n" % number for number in range(200_000)))
    qtbot.waitUntil(lambda: console.backlog == 0)


@pytest.mark.timeout(240)
def test_t11_random_output_neither_breaks_nor_hangs_nor_grows_the_console(
    qtbot: QtBot,
    console: TerminalWidget,
    typed: list[bytes],
    capsys: pytest.CaptureFixture[str],
) -> None:
    seconds = float(os.environ.get("CLOCHE_FUZZ_SECONDS", "2"))
    seed = int(os.environ.get("CLOCHE_FUZZ_SEED", str(time.time_ns())))
    chance = random.Random(seed)  # noqa: S311 - no secret
    warm_up(qtbot, console)
    trial, grid = Trial(console), (console.rows, console.columns)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        trial.feed(output(chance)[:8192])
        if trial.fed % 7 == 0:
            console._frame()
    qtbot.waitUntil(lambda: console.backlog == 0)
    said = b"".join(typed)
    assert trial.fed > 50_000, "too little was tried"
    with capsys.disabled():
        told = f"{trial.fed >> 10} KiB, {len(trial.hangs)} took over 100 ms"
        sys.stdout.write(f" T11, seed {seed}: {told} ")
    longest = max(trial.hangs, default=(0.0, b""))
    assert longest[0] < STUCK_SECONDS, f"seed {seed}: {longest[0]:.2f} s for {longest[1]!r}"
    assert REPLY.fullmatch(said), f"seed {seed}: {said[:400]!r}"
    assert trial.growth < MOST_GROWTH, f"seed {seed}: {trial.growth} KiB more"
    assert (console.rows, console.columns) == grid
    console.reset()
    console.feed(b"still here")
    assert console.screen_lines()[0] == "still here"


@pytest.mark.parametrize("sign", ["x", "漢", "👨\u200d👩\u200d👧"])
def test_t11_repeats_in_insert_mode_are_no_hang_from_their_first_block_on(
    qtbot: QtBot, console: TerminalWidget, sign: str
) -> None:
    trial = Trial(console)
    trial.feed(b"\x1b[4h" + sign.encode() + b"\x1b[65\x00535b" * 900)
    qtbot.waitUntil(lambda: console.backlog == 0)
    assert max((seconds for seconds, _ in trial.hangs), default=0) < STUCK_SECONDS


def test_t11_control_without_guard_and_slices_a_storm_of_repeats_is_a_hang(
    monkeypatch: pytest.MonkeyPatch, console: TerminalWidget
) -> None:
    monkeypatch.setattr(Guard, "admit", lambda _self, block, _cells: block)
    monkeypatch.setattr(pacing, "_SLICE", 60.0)
    trial = Trial(console)
    trial.feed(b"x\x1b[65535b" * 6000)
    assert trial.hangs


def test_t11_control_without_the_grammar_other_replies_are_typed(
    monkeypatch: pytest.MonkeyPatch, console: TerminalWidget, typed: list[bytes]
) -> None:
    monkeypatch.setattr(replies, "_ANSWERS", re.compile(rb".*", re.DOTALL))
    console.feed(b"\x1b]5522;type=read;Lg==\x1b\\")
    assert typed
    assert not REPLY.fullmatch(b"".join(typed))


def test_t11_control_without_a_limit_of_the_scrollback_the_console_grows(
    monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    monkeypatch.setattr(core, "SCROLLBACK_BYTES", 1 << 30)
    console = TerminalWidget()
    qtbot.addWidget(console)
    trial = Trial(console)
    line = b"x" * 79 + b"\r\n"
    for _ in range(80):  # far beyond what earlier tests freed and is taken again
        trial.feed(line * 3_000)
        qtbot.waitUntil(lambda: console.backlog == 0)
    trial.feed(line)
    assert trial.growth > MOST_GROWTH
