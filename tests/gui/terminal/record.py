"""Records programs anew: `python -m tests.gui.terminal.record [NAME…]`, in a folder of its own.

What a recording shows is stored beside it, as this core sees it: look at it, and compare it with
another terminal, before it counts as known. tmux shows the same texts but in two places: a smaller
grid pushes more of its lines into the history, and dialog, which leaves an alternate screen that it
has left before, gets the cursor back where it was saved, as xterm gives it, and tmux does not.
"""

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import tempfile
import termios
from pathlib import Path

from tests.gui.terminal.known import FOLDER, MARK, THEME, known, played, store

from cloche_gui.services.recording import Recorder, read
from cloche_gui.widgets.terminal.core import TerminalCore

ROWS, COLUMNS = 20, 72
_SILENCE = 0.7
_SHELL = ("bash", "--norc", "--noprofile", "-i")
_ENVIRONMENT = {
    "TERM": "xterm-256color",
    "LANG": "C.UTF-8",
    "PATH": os.environ["PATH"],
    "PS1": "$ ",
    "LESSHISTFILE": "-",
    "HOME": ".",
}
_FILES = {
    "fruit.py": '"""Äpfel und 梨."""\n\nLIMIT = 12\n\n\ndef ripe(days):\n    # not before\n'
    '    if days > LIMIT:\n        return "yes 🍏"\n    return None\n',
    "long.txt": "".join(f"line {n} of a text that is long\n" for n in range(1, 301)),
    ".tmux.conf": "set -g status-right ''\nset -g default-command 'exec bash --norc'\n",
}
_LETTERS = (
    "printf 'e\\u0301 a\\u0308\\u0323 \\u6f22\\u5b57 \\ud55c\\uae00 \\U1f642 \\U1f1e9\\U1f1ea "
    "\\U1f468\\u200d\\U1f469\\u200d\\U1f467 \\u2764\\ufe0f \\U1f44d\\U1f3fd|\\n'"
)
_STYLES = (
    "printf '\\e[1mbold\\e[0m \\e[3mitalic\\e[0m \\e[4mline\\e[0m \\e[4:3mcurly\\e[0m \\e[7mback"
    "\\e[0m \\e[9mstruck\\e[0m \\e[2mfaint\\e[0m \\e[1;33mfive\\e[0m \\e[38;5;200mpink\\e[0m "
    "\\e[48;2;1;2;3mrgb\\e[0m\\n'"
)

Step = str | tuple[int, int]
SESSIONS: dict[str, tuple[Step, ...]] = {
    "letters": (f"{_LETTERS}\r{_STYLES}\r", MARK, (12, 40), MARK, (20, 72), MARK),
    "vim": ("vim -u NONE -N '+syntax on' '+set number laststatus=2 noswapfile' fruit.py\r", MARK,
            "/ripe\r", ":split\r", (16, 60), "oü漢\x1b", MARK, ":wqa\r", MARK),
    "less": ("less -M long.txt\r", "G", MARK, "?line 12\r", (14, 50), "n", MARK, "q", MARK),
    "htop": ("htop -d 100 -p $$\r", MARK, (16, 90), MARK, "q", MARK),
    "tmux": ("tmux -S here -f .tmux.conf new -s one\r", "\x02%", "echo right\r", MARK, (16, 60),
             "\x02o", "echo left 漢\r", MARK, "\x02d", MARK, "tmux -S here attach\r", MARK,
             "\x02d", "tmux -S here kill-server\r", MARK),
    "dialog": ("dialog --menu 'Fruit?' 12 40 3 1 apple 2 梨 3 plum 2>answer; cat answer\r", MARK,
               (18, 60), "\x1bOB", MARK, "\r", MARK),
}  # fmt: skip


def main() -> None:
    """Record those that are named, or all."""
    for name in sys.argv[1:] or SESSIONS:
        with tempfile.TemporaryDirectory() as folder:
            for file, text in _FILES.items():
                Path(folder, file).write_text(text)
            _record(FOLDER / f"{name}.cast", folder, SESSIONS[name])
        recording = read(FOLDER / f"{name}.cast")
        store(name, [known(core) for core in played(recording)])


def _record(file: Path, folder: str, steps: tuple[Step, ...]) -> None:
    pid, master = pty.fork()
    if not pid:
        os.chdir(folder)
        os.execvpe(_SHELL[0], _SHELL, _ENVIRONMENT)  # noqa: S606 - its own terminal is the point
    recorder = Recorder(file, ROWS, COLUMNS)
    core = TerminalCore(ROWS, COLUMNS, THEME)
    _resize(master, ROWS, COLUMNS)
    _listen(master, core, recorder)
    for step in steps:
        if step == MARK:
            recorder._event(MARK, "")
        elif isinstance(step, str):
            os.write(master, step.encode())
        else:
            recorder.resize(*step)
            core.resize(*step, (8, 16))
            _resize(master, *step)
        _listen(master, core, recorder)
    recorder.close()
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(master)


def _listen(master: int, core: TerminalCore, recorder: Recorder) -> None:
    """Until nothing was said for a moment; what the terminal is asked is answered."""
    while select.select([master], [], [], _SILENCE)[0]:
        said = os.read(master, 65536)
        recorder.output(said)
        core.feed(said)
        os.write(master, core.take_replies())


def _resize(master: int, rows: int, columns: int) -> None:
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


if __name__ == "__main__":
    main()
