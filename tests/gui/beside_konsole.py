"""The console beside konsole: the same bytes in both, one picture for each kind of output."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PyQt6.QtCore import QRect
from PyQt6.QtGui import QGuiApplication, QImage, QPainter
from PyQt6.QtWidgets import QApplication  # noqa: TID251 - it runs the loop
from PyQt6.sip import voidptr

from cloche_gui.widgets.terminal.theme import DARK
from cloche_gui.widgets.terminal.widget import TerminalWidget

_FAMILY, _POINTS = "DejaVu Sans Mono", 11
_PATIENCE, _STILL = 30.0, 1.5  # konsole shows its size for a second
_SHOWING = """
import os, sys, termios, tty
with open(sys.argv[1], "rb") as file:
    said = file.read()
tty.setraw(0)
os.write(1, said + b"\\x1b[?25l\\x1b[6n")
while not os.read(0, 64).endswith(b"R"):
    pass
open(sys.argv[2], "w").close()
os.read(0, 1)
"""


def _blocks(codes: range) -> str:
    return "".join(f"\x1b[48;5;{code}m  " for code in codes) + "\x1b[0m\r\n"


_STYLES = (
    "1 bold", "2 faint", "3 italic", "4 single", "4:2 double", "4:3 curly", "4:4 dotted",
    "4:5 dashed", "9 strike", "7 reverse", "53 overline", "1;31 bold red", "4;58;5;9 red line",
)  # fmt: skip


def _colors() -> str:
    styles = [f"\x1b[{style.partition(' ')[0]}m{style}\x1b[0m" for style in _STYLES]
    cube = "".join(_blocks(range(start, start + 36)) for start in range(16, 232, 36))
    shades = "".join(f"\x1b[48;2;{x * 4};{255 - x * 4};128m \x1b[0m" for x in range(64))
    letters = "".join(f"\x1b[{code}mAb{code} \x1b[0m" for code in (*range(30, 38), *range(90, 98)))
    grounds, greys = _blocks(range(16)), _blocks(range(232, 256))
    shown = (grounds, letters, cube, greys, shades, " ".join(styles[:7]), " ".join(styles[7:]))
    return "\r\n".join(shown)


# ruff: noqa: RUF001 - signs that look like others are what is shown
_BOXES = """\
┌─┬┐ ╔═╦╗ ╓─╥╖ ╒═╤╕ ┏━┳┓ ╭─╮ ┌┄┄┐ ╲╱ ▁▂▃▄▅▆▇█ ▏▎▍▌▋▊▉█
│ ││ ║ ║║ ║ ║║ │ ││ ┃ ┃┃ │ │ ┆┈┈┆ ╱╲ ▖▗▘▙▚▛▜▝▞▟ ░▒▓█▓▒░
├─┼┤ ╠═╬╣ ╟─╫╢ ╞═╪╡ ┣━╋┫ │ │ └╌╌┘ ╳╳ ▀▀▄▄▐▐▌▌ ⣿⣶⣤⣀⠁⠃⠇⡇
└─┴┘ ╚═╩╝ ╙─╨╜ ╘═╧╛ ┗━┻┛ ╰─╯ ╺━╸ ╾╼ ╳╳ 🬀🬁🬂🬃🬄🬅 \ue0b0\ue0b1\ue0b2\ue0b3
█████ ┃ ┠─┨ ┝━┥ ┞┦ ┡┩ ┢┪ ┟┧ ┯┷ ┰┸ ┱┲ ┵┶ ╀╁ ╂┿ ╃╄╅╆╇╈╉╊
█████ ┃ ╽╿╹╻ ←↑→↓↔↕ ■□▪▫▲△▶▷▼▽◀◁◆◇○●◦ ✓✗★☆ ⎛⎝⎞⎠⌠⌡"""
_EMOJI = """\
|😀🚀🔥🌍🎉👍| plain, two cells each
|👩\u200d💻👨\u200d👩\u200d👧🏳\ufe0f\u200d🌈| joined
|🇩🇪🇫🇷🇯🇵| flags   |👋🏽👍🏿| skin
|❤\ufe0f☀\ufe0f✈\ufe0f| in colour  |❤☀✈| as text  |1\ufe0f⃣2\ufe0f⃣| keys"""
_WIDE = """\
|漢字かなカナ한글| wide   |ｱｲｳ| narrow   |ＡＢＣ| full
|e\u0301a\u0308n\u0303o\u0302| marks   |Z\u0351\u036b\u0343a\u0321\u034el\u031b\u030d| many
|กำ่ก็ไทย| Thai   |हिन्दी| Devanagari   |العربية| Arabic   |עברית| Hebrew
|\x1b[1m漢字 e\u0301\x1b[0m| bold   |\x1b[3m漢字 e\u0301\x1b[0m| italic
|\x1b[4m漢字 e\u0301\x1b[0m| line   |\x1b[7m漢 x\x1b[0m| reverse   |\u200bzero\u200b| width
|\x1b[41m漢字\x1b[42m e\u0301 \x1b[0m| grounds"""


def _texts() -> dict[str, str]:
    lines = {"boxes": _BOXES, "emoji": _EMOJI, "wide": _WIDE}
    return {
        "colours": _colors(),
        **{name: text.replace("\n", "\r\n") for name, text in lines.items()},
    }


def can_be_taken() -> bool:
    """Whether there is a konsole."""
    return shutil.which("konsole") is not None


def save_all(folder: Path) -> None:
    """Save the pictures: ours on the left, konsole's on the right."""
    with tempfile.TemporaryDirectory() as home:
        for name, text in _texts().items():
            said = Path(home, name)
            said.write_text(text, encoding="utf-8", newline="")
            with _konsole(said, Path(home)):
                theirs = _still_screen()
            _side_by_side(_ours(said.read_bytes()), theirs).save(str(folder / f"beside-{name}.png"))


def _ours(said: bytes) -> QImage:
    console = TerminalWidget()
    console.set_theme(DARK)
    console.set_font_family(_FAMILY)
    console.set_font_size(_POINTS)
    console.resize(console.sizeHint())
    console.show()
    console.feed(said + b"\x1b[?25l")
    QApplication.processEvents()
    while console._display.is_unfinished:  # glyphs that no frame has drawn yet
        QApplication.processEvents()
    picture = console.grab().toImage()
    console.close()
    QApplication.processEvents()
    return picture


@contextmanager
def _konsole(said: Path, home: Path) -> Iterator[None]:
    shown = home / "shown"
    shown.unlink(missing_ok=True)
    options = ["--nofork", "--hide-menubar", "--hide-tabbar", "-p", f"Font={_FAMILY},{_POINTS}"]
    program = [sys.executable, "-IS", "-c", _SHOWING, str(said), str(shown)]
    environment = os.environ | {
        "HOME": str(home), "XDG_RUNTIME_DIR": str(home), "QT_QPA_PLATFORM": "xcb", "LANG": "C.UTF-8"
    }  # fmt: skip
    with subprocess.Popen(
        ["konsole", *options, "-e", *program],
        env=environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        try:
            end = time.monotonic() + _PATIENCE
            while not shown.exists():
                if time.monotonic() > end or process.poll() is not None:
                    raise RuntimeError("konsole did not show its program's output")
                time.sleep(0.05)
            yield
        finally:
            process.terminate()


def _still_screen() -> QImage:
    """The screen, once it stays as it is."""
    screen = QGuiApplication.primaryScreen()
    assert screen is not None
    before, end = QImage(), time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        now = screen.grabWindow(voidptr(0)).toImage()
        if now == before:
            break
        before = now
        time.sleep(_STILL)
    return before.copy(_used(before))


def _used(screen: QImage) -> QRect:
    """The part of an empty screen, which is black, where windows are."""
    black = screen.pixel(screen.width() - 1, screen.height() - 1)
    right = next(x for x in reversed(range(screen.width())) if screen.pixel(x, 5) != black)
    bottom = next(y for y in reversed(range(screen.height())) if screen.pixel(5, y) != black)
    return QRect(0, 0, right + 1, bottom + 1)


def _side_by_side(ours: QImage, theirs: QImage) -> QImage:
    both = QImage(
        ours.width() + theirs.width() + 8,
        max(ours.height(), theirs.height()),
        QImage.Format.Format_RGB32,
    )
    both.fill(0x808080)
    painter = QPainter(both)
    painter.drawImage(0, 0, ours)
    painter.drawImage(ours.width() + 8, 0, theirs)
    painter.end()
    return both
