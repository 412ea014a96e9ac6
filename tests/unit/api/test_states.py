"""What people read where a state does not allow what they want."""

from __future__ import annotations

import re

import pytest

from cloche_engine.api.client import wrong_state
from cloche_engine.api.model import State

ACTIONS = {
    "started": "can_start", "stopped": "can_stop", "killed": "can_kill", "paused": "can_pause",
    "resumed": "can_resume", "deleted": "can_delete",
}  # fmt: skip
ADVICE = {"start": "can_start", "stop": "can_stop", "kill": "can_kill", "resume": "can_resume"}
REFUSED = [
    (state, done) for done, can in ACTIONS.items() for state in State if not getattr(state, can)
]


@pytest.mark.parametrize(("state", "done"), REFUSED)
def test_what_is_advised_is_possible_in_that_state(state: State, done: str) -> None:
    hint = wrong_state("box", state, done).hint
    assert hint
    advised = re.findall(r"\b(start|stop|kill|resume) it", hint)
    assert all(getattr(state, ADVICE[word]) for word in advised), hint


def test_what_is_paused_is_not_told_to_be_started() -> None:
    refused = wrong_state("box", State.PAUSED, "paused")
    assert (refused.message, refused.hint) == (
        "'box' is paused already",
        "resume it to have it go on",
    )
