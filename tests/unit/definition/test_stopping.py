"""`<stop>`: which signals there are, and what is said of the others."""

from __future__ import annotations

import signal

import pytest
from tests.unit.definition.samples import PROGRAM, domain

from cloche_engine.definition.container.stopping import signal_number


@pytest.mark.parametrize("name", [one.name for one in signal.Signals])
def test_every_signal_of_this_system_is_known_by_its_name(name: str) -> None:
    if name not in {"SIGCLD", "SIGPOLL", "SIGIOT"}:
        assert signal_number(name) == signal.Signals[name].value
        assert signal_number(name.removeprefix("SIG").lower()) == signal.Signals[name].value


@pytest.mark.parametrize(
    ("name", "number"),
    [("SIGRTMIN+3", 37), ("rtmin+30", 64), ("SIGRTMAX-1", 63), ("SIGRTMIN+31", None),
     ("RTMIN-1", None), ("SIGNOPE", None), ("", None), ("SIGRTMIN+999", None)],
)  # fmt: skip
def test_real_time_signals_are_counted_from_either_end(name: str, number: int | None) -> None:
    assert signal_number(name) == number


def test_an_unknown_signal_is_an_error_with_its_place() -> None:
    document = domain(PROGRAM + "<stop signal='SIGNOPE'/>")
    (problem,) = document.errors
    assert problem.reason == "there is no signal 'SIGNOPE'"
    assert "SIGTERM" in problem.hint


def test_a_time_that_is_none_is_an_error() -> None:
    assert domain(PROGRAM + "<stop grace='-1'/>").errors
    assert domain(PROGRAM + "<stop grace='86401'/>").errors
    assert not domain(PROGRAM + "<stop grace='0'/>").errors
