"""Reads and writes documents of one dialect for the tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cloche_engine.definition.checking.report import Report
from cloche_engine.definition.dialects.openvz import read as openvz_read
from cloche_engine.definition.dialects.vserver import read as vserver_read
from cloche_engine.definition.problem import Problem
from cloche_engine.definition.spec import ContainerSpec
from cloche_engine.definition.text.source import read_source
from cloche_engine.definition.text.tree import parse_tree

SAMPLES = Path(__file__).parents[1] / "samples"


@dataclass(frozen=True)
class Read:
    """What a reader gave."""

    spec: ContainerSpec
    problems: tuple[Problem, ...]


def sample(name: str) -> bytes:
    """One of the sample documents."""
    return (SAMPLES / name).read_bytes()


def openvz(text: str | bytes) -> Read:
    """An OpenVZ document."""
    return _read(openvz_read.read, text)


def vserver(text: str | bytes) -> Read:
    """A Linux-VServer document."""
    return _read(vserver_read.read, text)


def codes(read: Read) -> list[str]:
    """The codes of its errors."""
    return [problem.code for problem in read.problems if problem.is_error]


def warnings(read: Read) -> list[str]:
    """The codes of what is no error."""
    return [problem.code for problem in read.problems if not problem.is_error]


def _read(reader: Callable[[Report], ContainerSpec | None], text: str | bytes) -> Read:
    data = text.encode() if isinstance(text, str) else text
    report = Report(parse_tree(read_source(data)))
    spec = reader(report)
    assert spec is not None
    return Read(spec, report.problems())
