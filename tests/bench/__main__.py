"""`python -m tests.bench [NAME] [--json]`: measure Cloche, side by side with installed peers."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import subprocess
import sys

from tests.bench.figures import Report
from tests.bench.private import own_network

from cloche_engine.api.errors import EngineError

BENCHMARKS = {
    "start": "tests.bench.start",
    "burst": "tests.bench.burst",
    "stop": "tests.bench.stop",
    "rows": "tests.bench.rows",
    "scale": "tests.bench.scale",
    "cycles": "tests.bench.cycles",
    "window": "tests.bench.window",
    "memory": "tests.bench.memory",
    "helper": "tests.bench.helper",
    "list": "tests.bench.listing",
    "samples": "tests.bench.samples",
    "definition": "tests.bench.definition",
    "console": "tests.bench.console",
    "esctest": "tests.bench.esctest",
}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__.partition(": ")[2])
    parser.add_argument("name", nargs="?", choices=BENCHMARKS, help="only this one")
    parser.add_argument("--json", action="store_true", help="one document for programs")
    return parser.parse_args()


def _machine() -> str:
    return f"{os.cpu_count()} processors, Linux {platform.release()}, {platform.machine()}"


def _tell(name: str, report: Report) -> None:
    sys.stdout.write("\n".join([f"\n{name}", *report.lines()]) + "\n")
    sys.stdout.flush()


def main() -> int:
    """Run what was asked for; 1 where this machine cannot."""
    arguments = _arguments()
    if os.geteuid() != 0:
        sys.stderr.write("bench: the engine needs root; call it as root, or with sudo\n")
        return 1
    own_network()
    reports = {}
    for name in [arguments.name] if arguments.name else BENCHMARKS:
        try:
            reports[name] = importlib.import_module(BENCHMARKS[name]).measure()
        except (EngineError, OSError, RuntimeError, subprocess.SubprocessError) as error:
            sys.stderr.write(f"bench: {name} could not be measured: {error}\n")
            return 1
        if not arguments.json:
            _tell(name, reports[name])
    if arguments.json:
        found = {name: report.as_json() for name, report in reports.items()}
        sys.stdout.write(json.dumps({"machine": _machine(), "benchmarks": found}, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
