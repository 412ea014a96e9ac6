"""How much memory a terminal takes under an attack: `python -m tests.unit.terminal.growth`.

Each is measured in a new process: in one that has worked for a while, what was freed earlier is
still resident, and a terminal that takes it again grows by nothing.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from cloche_gui.widgets.terminal import core as core_module
from cloche_gui.widgets.terminal import guard, soft_reset
from cloche_gui.widgets.terminal.core import TerminalCore
from cloche_gui.widgets.terminal.guard import Guard

ENDLESS = [
    *("\x1b]2;", "\x1b]52;c;", "\x1b]8;;", "\x1b]1337;File=:", "\x1bP$q", "\x1bP+q", "\x1b_G"),
    *("\x1b_Gf=24;", "\x1b_25a1;r;", "\x1bX", "\x1b^", "\x1b["),
]
UNGUARDED = "unguarded \x1b]52;c;"
LIMITED_LINES, UNLIMITED_LINES = "lines", "lines without a limit"
MARKS = "marks"
_PROJECT = Path(__file__).parents[3]


def _anonymous() -> int:
    """What this process has in memory now that no file has, in KiB."""
    for line in Path("/proc/self/smaps_rollup").read_text(encoding="ascii").splitlines():
        name, *rest = line.split()
        if name == "Anonymous:":
            return int(rest[0])
    raise LookupError("the kernel does not tell a process's anonymous memory")


def _unguard() -> None:
    """Everything reaches the core as it came."""
    setattr(Guard, "admit", lambda _self, block, _cells: block)  # noqa: B010 - mypy refuses another
    guard.STRING_LIMIT = 1 << 40
    soft_reset._AT_MOST = 1 << 30


def _by_string(opening: str) -> int:
    core = TerminalCore()
    core.feed(opening.encode())
    flood = b"4" * (1 << 20)
    before = _anonymous()
    for _ in range(8):
        core.feed(flood)
    return _anonymous() - before


def _by_unguarded_string(opening: str) -> int:
    _unguard()
    return _by_string(opening)


def _by_lines(count: int) -> int:
    core = TerminalCore()
    core.feed(b"x" * 79 + b"\r\n")
    before = _anonymous()
    for _ in range(count // 10_000):
        core.feed((b"x" * 79 + b"\r\n") * 10_000)
    return _anonymous() - before


def _by_unlimited_lines(count: int) -> int:
    core_module.SCROLLBACK_BYTES = 1 << 30
    return _by_lines(count)


def _by_marks() -> int:
    core = TerminalCore()
    before = _anonymous()
    core.feed(b"e" + "\u0301".encode() * 1_000_000 + b"x")
    core.refresh()
    return _anonymous() - before


def _in_a_child(attack: Callable[[], int]) -> int:
    """What it returns in a copy of this process, which has done nothing yet."""
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        os.write(writing, str(attack()).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as told:
        growth = told.read()
    os.waitpid(pid, 0)
    return int(growth)


def measured() -> dict[str, int]:
    """The growth by each attack, in KiB, measured in processes of their own."""
    words = [sys.executable, "-m", "tests.unit.terminal.growth"]
    paths = os.pathsep.join(map(str, (_PROJECT, _PROJECT / "gui", _PROJECT / "engine")))
    environment = {**os.environ, "PYTHONPATH": paths}
    told = subprocess.run(words, cwd=_PROJECT, env=environment, stdout=subprocess.PIPE, check=True)
    growth: dict[str, int] = json.loads(told.stdout)
    return growth


def _main() -> None:
    attacks: dict[str, Callable[[], int]] = {
        **{opening: lambda opening=opening: _by_string(opening) for opening in ENDLESS},  # type: ignore[misc]
        UNGUARDED: lambda: _by_unguarded_string("\x1b]52;c;"),
        LIMITED_LINES: lambda: _by_lines(200_000),
        UNLIMITED_LINES: lambda: _by_unlimited_lines(100_000),
        MARKS: _by_marks,
    }
    told = {name: _in_a_child(attack) for name, attack in attacks.items()}
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    _main()
