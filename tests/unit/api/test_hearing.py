"""Which signals a process does not feel, seen from outside."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from cloche_engine.api.hearing import is_dropped

PID = os.getpid()


@pytest.fixture
def usr2() -> Iterator[None]:
    before = signal.signal(signal.SIGUSR2, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGUSR2, before)


@pytest.mark.usefixtures("usr2")
def test_a_signal_is_felt_where_it_is_caught() -> None:
    assert is_dropped(PID, signal.SIGUSR2)
    signal.signal(signal.SIGUSR2, signal.SIG_IGN)
    assert is_dropped(PID, signal.SIGUSR2)
    signal.signal(signal.SIGUSR2, lambda *_: None)
    assert not is_dropped(PID, signal.SIGUSR2)


def test_what_no_process_can_refuse_is_felt() -> None:
    assert not is_dropped(PID, signal.SIGKILL)
    assert not is_dropped(PID, signal.SIGSTOP)


def test_of_a_process_that_is_not_there_nothing_is_said() -> None:
    assert not is_dropped(None, signal.SIGTERM)
    assert not is_dropped(2**22 + 1, signal.SIGTERM)
