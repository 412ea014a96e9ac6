"""`explain`: the last start of a container, step by step, and why it failed."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from datetime import UTC, datetime

from cloche_engine.api.client import Engine
from cloche_engine.api.model import Container, StartReport
from cloche_engine.cli import words


async def explain(engine: Engine, options: argparse.Namespace) -> int:
    """What was done when, what failed and what to do, and the last of the console."""
    container = await engine.container(options.name)
    report = await engine.explain(container.uuid)
    if options.json:
        words.print_json(_document(container, report))
    else:
        print("\n".join(lines(container, report)))
    return 0


def _document(container: Container, report: StartReport) -> dict[str, object]:
    return {
        **asdict(report),
        "name": container.name,
        "steps": [asdict(step) for step in report.steps],
        "details": dict(report.details),
        "console": report.console.decode(errors="replace"),
        "now": words.document(container),
    }


def lines(container: Container, report: StartReport) -> list[str]:
    """The report in words."""
    at = datetime.fromtimestamp(report.at, UTC).isoformat(" ", "milliseconds")
    name = words.printable(container.name)
    took = max((step.begun_ms + step.took_ms for step in report.steps), default=0.0)
    how = "failed" if report.error else f"took {took:.1f} ms"
    told = [f"{name}: the start at {at} {how}", *_table(report)]
    if report.restarts:
        told += ["", _again(report)]
    if report.error:
        told += _failure(report)
    elif container.error:
        told += [
            "",
            words.printable(container.error),
            f"  next: {words.printable(container.hint)}",
        ]
    if report.console.strip():
        said = words.printable_lines(report.console.decode(errors="replace").replace("\r", ""))
        told += ["", "the console said last:", *(f"  {line}" for line in said.splitlines())]
    return told


def _again(report: StartReport) -> str:
    at = datetime.fromtimestamp(report.restarted_at, UTC).isoformat(" ", "seconds")
    often = words.counted(report.restarts, "time", "times")
    cause = words.printable(report.restart_cause)
    return f"started again {often} since somebody started it, last at {at}: {cause}"


def _table(report: StartReport) -> list[str]:
    rows = [("AT", "TOOK", "WHERE", "STEP")]
    for step in report.steps:
        where = "inside" if step.inside else "outside"
        begun = "ahead" if step.begun_ms < 0 else f"{step.begun_ms:.1f}"
        rows.append((begun, f"{step.took_ms:.2f} ms", where, step.name))
    return words.table(rows).splitlines()


def _failure(report: StartReport) -> list[str]:
    details = dict(report.details)
    place = f"line {details.get('line')}, column {details.get('column')} of the definition"
    facts = (
        ("step", details.get("step", "")),
        ("call", _call(details)),
        ("place", place if "line" in details else ""),
        ("next", report.hint),
    )
    told = (f"  {name}: {words.printable(value)}" for name, value in facts if value)
    return ["", words.printable(report.error), *told]


def _call(details: dict[str, str]) -> str:
    name = details.get("name") or details.get("errno", "")
    call = details.get("call", "")
    return f"{call} = {name}" if call and name else call or name
