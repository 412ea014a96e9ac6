"""The console beside konsole, VTE and xterm: throughput, key to pixel, memory, attaching.

All terminals show 80 by 24 cells on a virtual screen and run the same program on a pty. A byte is
counted when the terminal has answered a question that came after it; a key, when its pixels are on
the screen. xterm gets an eighth of each text, so that a round stays short.

Each round's rates are compared with each other, and the middle ratio counts, beside the range of
all: on a shared machine the rates of two rounds differ twofold, and those of one round hardly.

Ours is fed as in the product: a monitor's session in a process of its own reads the program's pty,
and its socket leads to the widget (`console_window`). A byte that is missing ends the run.

Last seen, on two shared processors, in MB/s for plain, SGR, cursor and CJK: ours 71, 42, 60, 58,
konsole 23, 38, 46, 32, VTE 17, 21, 48, 22; geometric mean 1.73 beside konsole, lowest 1.11 (SGR),
and 2.35 beside VTE. Key to pixel 2.3 ms, 95 of 100 within 3.0; beside a flood 5.0 and 17.7, where
it was 24 and 38 while the window itself read two ptys. 10,000 lines take 9.9 MB, attaching 11 ms.
Another run, while the machine gave everybody half as much: 71, 29, 38 and 43, konsole 14, 22, 28
and 18; 2.26 and 1.36 beside konsole, 2.69 and 1.45 beside VTE; keys 2.7 and 3.4 ms (konsole 11.9).

What helped: the monitor tells 16 KiB at a time (a pty gives 4; its own time halves), and the window
reads all that has come before any of it is parsed. What did not: a larger buffer of the socket,
larger blocks between the looks of the guard, a longer pause between frames (a tenth is painting).
Two thirds of the time of SGR are the core's: it begins each page with room for 128 styles and
copies it to a larger one when it meets more, which its interface cannot forbid. For plain output
the three processes and the kernel's pty use up both processors.
"""

from __future__ import annotations

import math
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from tests.bench import console_payloads, console_screen, figures, private
from tests.bench.console_peers import OURS, Terminal, installed, ours
from tests.bench.window import virtual_screen

ROUNDS, KEYS = 5, 24
_GOALS = {"konsole": 1.7, "VTE": 2.0}
_SLOW = {"xterm"}
_PROBE = str(Path(__file__).with_name("console_probe.py"))
_PATIENCE = 60.0
_FLOODED = "cloche beside a flood"
Samples = dict[tuple[str, str], list[float]]


def measure() -> figures.Report:
    """Everything, interleaved."""
    with private.folder() as folder, virtual_screen() as display:
        terminals = installed()
        throughput = _throughput(terminals, folder, display)
        keys = _keys([*terminals, ours("--beside-a-flood")], folder, display)
        alone = _alone(folder, display)
    peers = frozenset(
        figure.name for figure in (*throughput, *keys) if not figure.name.startswith(OURS)
    )
    return figures.Report((*throughput, *keys, *alone), peers, tuple(_means(throughput)))


def _throughput(
    terminals: Sequence[Terminal], folder: Path, display: str
) -> tuple[figures.Figure, ...]:
    whole, part = console_payloads.write(folder), console_payloads.write(folder, 8)
    samples: Samples = defaultdict(list)
    for number in range(ROUNDS + 1):
        for terminal in terminals:
            files = part if terminal.name in _SLOW else whole
            named = [f"{kind}={path}" for kind, path in files.items()]
            figures.settle()
            report = _report(terminal, ["throughput", *named], folder, display)
            for line in report if number else ():
                kind, rate = line.split()
                samples[kind, terminal.name].append(float(rate))
    return tuple(
        figures.Figure(kind, f"{name}, {kind}", "MB/s", tuple(taken))
        for (kind, name), taken in sorted(samples.items(), key=lambda one: one[0][0])
    )


def _report(terminal: Terminal, what: list[str], folder: Path, display: str) -> list[str]:
    report = folder / "report"
    program = [sys.executable, "-IS", _PROBE, str(report), *what]
    with terminal.running(program, folder, display) as running:
        return running.awaited(report, _PATIENCE)


def _keys(terminals: Sequence[Terminal], folder: Path, display: str) -> list[figures.Figure]:
    samples: Samples = defaultdict(list)
    for _ in range(ROUNDS):
        for terminal in terminals:
            name = _FLOODED if "--beside-a-flood" in terminal.command else terminal.name
            figures.settle()
            samples["key", name] += _key_times(terminal, folder, display)
    found = []
    for (_, name), taken in samples.items():
        high = statistics.quantiles(taken, n=20)[-1]
        found.append(figures.Figure("key", f"{name}, key to pixel", "ms", tuple(taken)))
        found.append(figures.Figure("key p95", f"{name}, 95 of 100 keys within", "ms", (high,)))
    return found


def _key_times(terminal: Terminal, folder: Path, display: str) -> list[float]:
    report = folder / "report"
    program = [sys.executable, "-IS", _PROBE, str(report), "keys"]
    with (
        terminal.running(program, folder, display) as running,
        console_screen.opened(display) as screen,
    ):
        running.awaited(report, _PATIENCE)
        found = screen.window()
        if found is None:
            raise RuntimeError(f"{terminal.name} shows no window")
        window, area = found
        screen.focus(window)
        time.sleep(0.5)
        left = console_screen.Area(area.left, area.top, min(area.width, 400), min(area.height, 200))
        cell = screen.changing_area(left, "a")
        times = []
        for number in range(KEYS + 4):
            time.sleep(0.03 + 0.001 * (number % 17))
            times.append(screen.milliseconds_until_change(cell, "a"))
        screen.press("q")
        return times[4:]


def _alone(folder: Path, display: str) -> list[figures.Figure]:
    """What has no like among the peers: the memory of one console, and attaching to a container."""
    command = [sys.executable, "-m", "tests.bench.console_alone", str(folder), display]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    if done.returncode:
        raise RuntimeError(f"the console alone: {done.stderr.strip()[-400:]}")
    found = []
    for line in done.stdout.splitlines():
        name, unit, *taken = line.split("\t")
        found.append(figures.Figure(name, f"{OURS}, {name}", unit, tuple(map(float, taken))))
    return found


def _means(throughput: Sequence[figures.Figure]) -> list[str]:
    """The geometric mean of the ratios to each peer, beside the goal."""
    rates = {figure.name: figure for figure in throughput}
    kinds = dict.fromkeys(figure.benchmark for figure in throughput)
    notes = []
    for peer, goal in _GOALS.items():
        ratios = {
            kind: sorted(_ratios(rates[f"{OURS}, {kind}"], rates[f"{peer}, {kind}"]))
            for kind in kinds
            if f"{peer}, {kind}" in rates
        }
        if ratios:
            middles = [statistics.median(taken) for taken in ratios.values()]
            mean = math.exp(statistics.fmean(map(math.log, middles)))
            told = ", ".join(
                f"{kind} {middle:.2f} ({taken[0]:.2f} to {taken[-1]:.2f})"
                for (kind, taken), middle in zip(ratios.items(), middles, strict=True)
            )
            notes.append(
                f"throughput beside {peer}, ratios within rounds: geometric mean {mean:.2f} "
                f"(goal {goal}), lowest {min(middles):.2f} (goal 1.0): {told}"
            )
    return notes


def _ratios(ours: figures.Figure, peers: figures.Figure) -> list[float]:
    return [mine / its for mine, its in zip(ours.samples, peers.samples, strict=True)]
