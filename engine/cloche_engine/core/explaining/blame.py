"""What the monitor tells of a failed start, and the plan it is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cloche_engine.sandbox.plan.launch import LaunchPlan
from cloche_engine.sandbox.plan.mounts import SourceKind

Fields = dict[str, Any]
Words = tuple[str, str]
"""What is wrong, and what to do about it."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A blame from the monitor, and the plan it is about."""

    fields: Fields
    plan: LaunchPlan
    further: bool = False
    """Whether it is about a further program in a running container, which no document names."""

    @property
    def errno(self) -> int:
        """The errno, 0 where it was no syscall."""
        return int(self.fields.get("errno", 0))

    @property
    def subject(self) -> str:
        """The path or name it was about."""
        return str(self.fields.get("subject", ""))

    @property
    def text(self) -> str:
        """The kernel's own word, or a sentence."""
        return str(self.fields.get("text") or "unknown reason")

    @property
    def where(self) -> str:
        """The root in words."""
        return where(self.plan)

    @property
    def program(self) -> str:
        """The program in words; a further one stands at the beginning of the sentence already."""
        return "it" if self.further else f"the program {self.plan.argv[0]}"

    def remedy(self, in_definition: str, otherwise: str) -> str:
        """The next step, in the definition or in what was asked for."""
        return otherwise if self.further else in_definition


def where(plan: LaunchPlan) -> str:
    """The root in words; that of a template is a copy, and where its layers lie tells nobody."""
    if plan.root is None:
        return "this system, whose root it shares"
    return plan.name if plan.root.kind is SourceKind.TEMPLATE else plan.root.source
