"""Real programs in the console, driven by real key events; in a container: test_real_programs."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QGuiApplication
from tests.gui.terminal.conftest import Watched
from tests.gui.terminal.gestures import at, click, turn_wheel, type_text

from cloche_gui.widgets.terminal.widget import TerminalWidget

pytestmark = pytest.mark.screen
Run = Callable[..., Watched]
Key = Qt.Key
CTRL = Qt.KeyboardModifier.ControlModifier


def needs(program: str) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")


def bash(run: Run) -> Watched:
    program = run("bash", "--norc", "-i")
    program.shows("$")
    return program


def test_bash_runs_what_is_typed(run: Run) -> None:
    shell = bash(run)
    shell.type("echo $((6*7))-done")
    shell.press(Key.Key_Return)
    shell.shows("42-done")


def test_bash_edits_the_line_by_cursor_keys_and_completes_by_tab(run: Run, tmp_path: Path) -> None:
    (tmp_path / "unmistakable.txt").write_text("found it")
    shell = bash(run)
    shell.type("at unm")
    shell.press(Key.Key_Tab)
    shell.shows("at unmistakable.txt")
    shell.press(Key.Key_Home)
    shell.type("c")
    shell.press(Key.Key_Return)
    shell.shows("found it")


def test_bash_takes_up_ctrl_c_ctrl_r_and_alt_b(run: Run) -> None:
    shell = bash(run)
    shell.type("sh -c 'echo ready; exec cat'")  # it is in the foreground before it says so
    shell.press(Key.Key_Return)
    shell.shows(lambda lines: "ready" in lines)
    shell.press(Key.Key_C, CTRL)
    shell.shows(lambda lines: "$" in lines)
    shell.type("echo one two")
    shell.press(Key.Key_B, Qt.KeyboardModifier.AltModifier)
    shell.type("three-")
    shell.press(Key.Key_Return)
    shell.shows("one three-two")
    shell.press(Key.Key_R, CTRL)
    shell.type("one")
    shell.shows("reverse-i-search)`one")


def test_bash_shows_what_was_typed_in_other_scripts(run: Run, console: TerminalWidget) -> None:
    shell = bash(run)
    console.send_text("echo größe-漢字-🙂 | tr a-z A-Z\n")
    shell.shows("GRößE-漢字-🙂")


def test_the_program_learns_the_new_size(run: Run, console: TerminalWidget) -> None:
    shell = bash(run)
    console.resize(console.width() - 100, console.height() - 60)
    assert (console.rows, console.columns) != (24, 80)
    shell.type("stty size")
    shell.press(Key.Key_Return)
    shell.shows(f"{console.rows} {console.columns}")


def test_a_paste_is_not_run_by_a_shell_with_brackets(run: Run, console: TerminalWidget) -> None:
    shell = bash(run)
    clipboard = QGuiApplication.clipboard()
    assert clipboard is not None
    clipboard.setText("echo pas\\\nted\x1b[201~\necho twice\n")
    console.paste()
    shell.shows("echo twice")
    assert not any(line.strip() == "twice" for line in console.screen_lines())
    shell.press(Key.Key_Return)
    shell.shows(lambda lines: "twice" in lines)


def test_less_pages_by_keys_and_by_the_wheel(
    run: Run, console: TerminalWidget, tmp_path: Path
) -> None:
    needs("less")
    (tmp_path / "long.txt").write_text("".join(f"line {number}\n" for number in range(1, 501)))
    less = run("less", "long.txt")
    less.shows(lambda lines: lines[0] == "line 1")
    less.press(Key.Key_PageDown)
    less.shows(lambda lines: lines[0] == "line 24")
    less.press(Key.Key_End)
    less.shows("line 500")
    less.press(Key.Key_Home)
    less.shows(lambda lines: lines[0] == "line 1")
    less.press(Key.Key_Down)
    less.shows(lambda lines: lines[0] == "line 2")
    turn_wheel(console, -1)
    less.shows(lambda lines: lines[0] == "line 5")
    less.type("/line 333")
    less.press(Key.Key_Return)
    less.shows(lambda lines: lines[0] == "line 333")
    match = console.cell(0, 0)
    assert (match.text, match.background) == ("l", console.cell(1, 0).foreground)


def test_tmux_takes_the_mouse(run: Run, console: TerminalWidget, tmp_path: Path) -> None:
    needs("tmux")
    socket = str(tmp_path / "tmux")
    (tmp_path / ".tmux.conf").write_text("set -g mouse on\nset -g default-shell /bin/sh\n")
    tmux = run("tmux", "-S", socket, "-f", str(tmp_path / ".tmux.conf"), "new-session")
    try:
        tmux.shows("[0]")
        tmux.press(Key.Key_B, CTRL)
        tmux.type("%")
        tmux.shows(lambda lines: sum("│" in line for line in lines) > 20)
        tmux.type("echo right-$((1+1))")
        tmux.press(Key.Key_Return)
        tmux.shows("right-2")
        click(console, at(console, 5, 5))
        tmux.type("echo left-$((1+1))")
        tmux.press(Key.Key_Return)
        tmux.shows(lambda lines: any(line.startswith("left-2") for line in lines))
    finally:
        subprocess.run(["tmux", "-S", socket, "kill-server"], check=True)


def test_a_flood_leaves_the_window_alive_and_ends_right(run: Run, console: TerminalWidget) -> None:
    shell = bash(run)
    shell.type("seq 300000; echo all-$((1+1))-counted")
    shell.press(Key.Key_Return)
    shell.shows("all-2-counted", timeout=30_000)
    assert "300000" in console.screen_lines()
    type_text(console, "echo alive")
    shell.shows("echo alive")
