"""Which tests of esctest2 pass in our console: not how quick it is, but how like xterm.

esctest2 is GPL and no part of this repository: ESCTEST2 names a checkout of it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench import figures, private
from tests.bench.window import virtual_screen

ROWS, COLUMNS = 25, 80
_MISSING = (
    "esctest2 was not run: set ESCTEST2 to the folder of a checkout"
    " (git clone https://github.com/ThomasDickey/esctest2)"
)
# A VT420 as recent versions of xterm are one; 2 s because this machine does other things too.
_OPTIONS = (
    "--expected-terminal=xterm", "--max-vt-level=4", "--xterm-checksum=334",
    "--xterm-reverse-wrap=383", "--timeout=2", "--no-print-logs",
)  # fmt: skip
_LONGEST = 1200
# No program moves, sizes or names our window, or learns a title; only the user has the clipboard.
_REFUSED = re.compile(
    r"XtermWinops|SMTitle|ManipulateSelectionData|RIS Reset(TitleMode|DECCOLM)$"
    r"|DECSET (Allow80To132|DECCOLM)$|DECRQSS (DECSLPP|DECSNLS)$"
)
_TEST = re.compile(
    r"^Run test: (\w+)Tests\.test_(\w+)$\n(.*?)(?=^Run test: |\Z)", re.MULTILINE | re.DOTALL
)
_REASON = re.compile(r"^(?:esctypes\.)?(\w+: .*)", re.MULTILINE)
_ENDS = {"Passed.": "passed", "Fails as expected": "known", "Skipped because": "known"}


@dataclass(slots=True)
class Results:
    """Names of tests by what they came to, `class` and `test` each; failures with their reason.

    `known` are those that fail in xterm too, or need a VT510, 8-bit controls or window operations.
    """

    passed: list[str] = field(default_factory=list)
    known: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)


def measure() -> figures.Report:
    """One run of the whole suite."""
    suite = Path(os.environ.get("ESCTEST2", "")) / "esctest" / "esctest.py"
    if not os.environ.get("ESCTEST2") or not suite.is_file():
        return figures.Report((), notes=(_MISSING,))
    with private.folder() as folder, virtual_screen() as display:
        results = read(run(suite, folder / "log", display))
    counted = {
        "passed": len(results.passed),
        "failed": len(results.failed),
        "not expected to pass": len(results.known),
    }
    found = tuple(
        figures.Figure("esctest", f"cloche, {name}", "tests", (float(count),))
        for name, count in counted.items()
    )
    return figures.Report(found, notes=tuple(_notes(results.failed)))


def run(suite: Path, log: Path, display: str, options: Sequence[str] = ()) -> str:
    """The log of a run in a window on this display."""
    command = [sys.executable, "-m", "tests.bench.esctest_window", str(ROWS), str(COLUMNS)]
    program = [sys.executable, "-B", str(suite), *_OPTIONS, f"--logfile={log}", *options]
    environment = {
        **os.environ, "DISPLAY": display, "QT_QPA_PLATFORM": "xcb", "HOME": str(log.parent),
        "XDG_RUNTIME_DIR": str(log.parent),
    }  # fmt: skip
    done = subprocess.run(
        [*command, *program], env=environment, capture_output=True, text=True, check=False,
        timeout=_LONGEST,
    )  # fmt: skip
    if done.returncode or not log.exists():
        raise RuntimeError(f"esctest2 did not run: {done.stderr.strip()[-400:]}")
    return log.read_text("utf-8", "replace")


def read(log: str) -> Results:
    """What esctest's log says about each test."""
    results = Results()
    for group, name, said in _TEST.findall(log):
        test = f"{group} {name.removeprefix(group + '_')}"
        end = next((kind for start, kind in _ENDS.items() if said.startswith(start)), None)
        if end == "passed":
            results.passed.append(test)
        elif end == "known":
            results.known.append(test)
        else:
            results.failed[test] = _reason(said)
    return results


def _reason(said: str) -> str:
    """What the last exception in a traceback says."""
    reasons = _REASON.findall(said)
    return reasons[-1] if reasons else "it did not end"


def _notes(failed: Iterable[str]) -> list[str]:
    """The failures by class: what we refuse to any program, and what is not yet as in xterm."""
    refused: dict[str, list[str]] = defaultdict(list)
    differs: dict[str, list[str]] = defaultdict(list)
    for test in failed:
        group, name = test.split(" ", 1)
        (refused if _REFUSED.match(test) else differs)[group].append(name)
    return [
        f"{group}, {why}: {', '.join(names)}"
        for why, groups in (("refused by design", refused), ("fails", differs))
        for group, names in groups.items()
    ]
