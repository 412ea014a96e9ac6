"""What applying a document would do: each change in words, when it is felt, and the text's diff."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from functools import cached_property

from cloche_engine.definition.document import Document
from cloche_engine.definition.planning.differences import differences
from cloche_engine.definition.planning.wording import Difference
from cloche_engine.definition.schema.linuxcontainer import SCHEMA
from cloche_engine.definition.schema.model import Effect

# Which element of the document stands for a canonical path; its rule says when a change is felt.
_ELEMENTS = {
    "name": ("domain", "name"),
    "title": ("domain", "title"),
    "description": ("domain", "description"),
    "cpu.shares": ("domain", "cpushare"),
    "cpu.quota_us": ("cputune", "quota"),
    "cpu.period_us": ("cputune", "period"),
    "cpu.cpuset": ("domain", "vcpu"),
    "cpu.mems": ("domain", "numatune"),
    "memory.max_kib": ("domain", "memory"),
    "memory.soft_kib": ("memtune", "soft_limit"),
    "memory.swap_kib": ("memtune", "swap_hard_limit"),
    "memory.guarantee_kib": ("memtune", "min_guarantee"),
    "io_weight": ("blkiotune", "weight"),
    "io_devices": ("blkiotune", "device"),
    "processes": ("domain", "processes"),
    "rlimits": ("container", "rlimit"),
    "autostart": ("domain", "autostart"),
}
_LINES = re.compile(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+")
_LISTS = ("io_devices", "rlimits")


@dataclass(frozen=True, slots=True)
class Step:
    """One change: its canonical path, as `memory.max_kib`, one sentence, and when it is felt."""

    path: str
    sentence: str
    effect: Effect


@dataclass(frozen=True)
class Plan:
    """All that changes, in the order of the specification, and the unified diff of the text."""

    steps: tuple[Step, ...]
    diff: str
    running: bool

    @cached_property
    def now(self) -> tuple[Step, ...]:
        """What is felt as soon as the document is saved."""
        return tuple(step for step in self.steps if step.effect is not Effect.NEXT_START)

    @cached_property
    def later(self) -> tuple[Step, ...]:
        """What is felt from the next start on."""
        return tuple(step for step in self.steps if step.effect is Effect.NEXT_START)

    @property
    def is_empty(self) -> bool:
        """Whether not even the text changes."""
        return not self.diff

    @property
    def summary(self) -> str:
        """One sentence on the whole."""
        if self.is_empty:
            return "Nothing changes."
        if not self.steps:
            return "Only the text changes; the container stays as it is."
        if not self.later:
            return "It takes effect now."
        if not self.now:
            return "It takes effect at the next start."
        return "Some of it takes effect now, the rest at the next start."


def make_plan(stored: Document, wanted: Document, *, running: bool) -> Plan:
    """From what is stored to what is wanted; DefinitionError where `wanted` cannot be used.

    A stored document that is damaged counts as an empty one.
    """
    new = wanted.compiled()
    old = None if stored.errors else stored.spec
    steps = tuple(_step(found) for found in differences(old, new))
    return Plan(steps, unified_diff(stored, wanted), running)


def unified_diff(stored: Document, wanted: Document) -> str:
    """The lines that differ, as `diff -u` shows them; empty where the bytes are equal."""
    if stored.data == wanted.data:
        return ""
    before, after = _lines(stored.text), _lines(wanted.text)
    found = "".join(difflib.unified_diff(before, after, "stored", "new"))
    return found or "only the encoding or its mark differs\n"


def _lines(text: str) -> list[str]:
    lines = _LINES.findall(text)
    if lines and not lines[-1].endswith(("\n", "\r")):
        lines[-1] += "\n\\ No newline at end of file\n"
    return lines


def _step(found: Difference) -> Step:
    effect = Effect.NOW if found.live else _effect(found.path)
    return Step(found.path, found.sentence, effect)


def _effect(path: str) -> Effect:
    first = path.partition(".")[0]
    key = _ELEMENTS.get(first if first in _LISTS else path)
    rule = SCHEMA.rule(*key) if key else None
    return rule.effect if rule else Effect.NEXT_START
