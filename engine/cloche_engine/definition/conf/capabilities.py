"""The kernel's capabilities by name, for formats that write them as words."""

from __future__ import annotations

from cloche_engine.definition.conf.findings import Findings
from cloche_engine.definition.conf.meant import did_you_mean
from cloche_engine.definition.problem import Severity, TextEdit
from cloche_engine.definition.schema.domain import CAPABILITIES


def plain(word: str) -> str:
    """A capability as the specification names it."""
    return word.lower().removeprefix("cap_")


def warn_unknown(findings: Findings, start: int, word: str, reason: str) -> None:
    """Say that a word at that byte is no capability's name, and which one was probably meant."""
    if findings.is_full(Severity.WARNING):
        findings.warning("capability", start, "")
        return
    end = start + len(word.encode())
    hint, ways = did_you_mean(
        plain(word),
        CAPABILITIES,
        lambda meant: TextEdit(start, end, meant),
        "capabilities(7) lists them",
    )
    findings.warning("capability", start, reason, hint, *ways)
