"""What runs inside each terminal while it is measured; it reports to a file.

`console_probe.py REPORT throughput NAME=FILE ...`, `… keys`, or `… lines COUNT`.
Only the standard library: any interpreter runs it.
"""

import os
import sys
import termios
import time
import tty

_CHUNK = 65536
_DSR = b"\x1b[6n"


def _answered() -> None:
    os.write(1, _DSR)
    while not os.read(0, 64).endswith(b"R"):
        pass


def _seconds_for(payload: bytes) -> float:
    """From the first byte until the terminal has worked off the last one, and said so."""
    view = memoryview(payload)
    start = time.perf_counter()
    while view:
        view = view[os.write(1, view[:_CHUNK]) :]
    _answered()
    return time.perf_counter() - start


def _throughput(files: list[str]) -> list[str]:
    _answered()
    results = []
    for named in files:
        name, _, path = named.partition("=")
        with open(path, "rb") as file:  # noqa: PTH123 - nothing more is imported than must be
            payload = file.read()
        _seconds_for(payload[: len(payload) // 8])
        results.append(f"{name} {len(payload) / _seconds_for(payload) / 1e6:.3f}")
        os.write(1, b"\x1b[m\x1b[H\x1b[2J")
    return results


def _echo_keys(report: str) -> None:
    """Each key turns one cell of the second line on or off, until q."""
    os.write(1, b"\x1b[?25l\x1b[2J")
    _answered()
    _tell(report, ["ready"])
    lit = False
    while b"q" not in os.read(0, 64):
        lit = not lit
        os.write(1, b"\x1b[2;3H" + ("█" if lit else " ").encode())


def _tell(report: str, lines: list[str]) -> None:
    with open(report + ".part", "w", encoding="ascii") as file:  # noqa: PTH123 - as above
        file.write("\n".join(lines) + "\n")
    os.rename(report + ".part", report)  # noqa: PTH104 - as above


def main() -> None:
    """Do what the arguments say."""
    report, what, *rest = sys.argv[1:]
    before = termios.tcgetattr(0)
    tty.setraw(0)
    try:
        if what == "keys":
            _echo_keys(report)
        else:
            _tell(report, _throughput(rest))
    finally:
        termios.tcsetattr(0, termios.TCSANOW, before)


main()
