"""What the engine found out about a container, as D-Bus values and back."""

from __future__ import annotations

from typing import Any

from cloche_engine.api.bus_values import wire_text
from cloche_engine.api.model import Process, StartReport, Step


def report_body(report: StartReport) -> tuple[Any, ...]:
    """The arguments of a reply to Explain."""
    return (
        report.at,
        [[wire_text(step.name), step.begun_ms, step.took_ms, step.inside] for step in report.steps],
        wire_text(report.error),
        wire_text(report.hint),
        {wire_text(name): wire_text(value) for name, value in report.details},
        report.console,
        report.restarts,
        report.restarted_at,
        wire_text(report.restart_cause),
    )


def report_from(body: list[Any]) -> StartReport:
    """The report in a reply."""
    at, steps, error, hint, details, console, *again = body
    return StartReport(
        at, tuple(Step(*step) for step in steps), error, hint, tuple(details.items()),
        bytes(console), *again,
    )  # fmt: skip


def processes_body(processes: list[Process]) -> list[list[Any]]:
    """The argument of a reply to Processes."""
    return [
        [
            each.pid, each.inside, wire_text(each.user), wire_text(each.command), each.state,
            each.cpu_seconds, each.memory_bytes, each.started, each.escaped,
        ]
        for each in processes
    ]  # fmt: skip


def processes_from(rows: list[list[Any]]) -> list[Process]:
    """The processes in a reply."""
    return [Process(*row) for row in rows]
