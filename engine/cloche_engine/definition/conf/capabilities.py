"""The kernel's capabilities by name, for formats that write them as words."""

from __future__ import annotations

from cloche_engine.definition.checking import fixes
from cloche_engine.definition.conf.findings import Findings
from cloche_engine.definition.problem import Fix, Severity, TextEdit
from cloche_engine.definition.schema.domain import CAPABILITIES
from cloche_engine.definition.schema.model import nearest


def plain(word: str) -> str:
    """A capability as the specification names it."""
    return word.lower().removeprefix("cap_")


def warn_unknown(findings: Findings, start: int, word: str, reason: str) -> None:
    """Say that a word at that byte is no capability's name, and which one was probably meant."""
    if findings.is_full(Severity.WARNING):
        findings.warning("capability", start, "")
        return
    name = plain(word)
    meant = name if name in CAPABILITIES else nearest(name, CAPABILITIES)
    edit = TextEdit(start, start + len(word.encode()), meant or "")
    fix = Fix(fixes.DID_YOU_MEAN, f"write {meant}", (edit,))
    hint = f"did you mean {meant}?" if meant else "capabilities(7) lists them"
    findings.warning("capability", start, reason, hint, *((fix,) if meant else ()))
