"""What stands of an answer of polkit's when it is asked again; passwords lapse after minutes."""

from __future__ import annotations

from typing import cast

import pytest
from dbus_fast import Message

from cloche_engine.api.bus_socket import Connection
from cloche_engine.api.errors import RefusedError
from cloche_engine.daemon.actions import Action
from cloche_engine.daemon.authority import Caller, PolkitAuthority

YES, PASSWORD, NO = (True, False), (False, True), (False, False)
KEPT = {"polkit.temporary_authorization_id": "tmpauthz1"}
CALLER = Caller(":1.7", interactive=True)


class Answers:
    """polkitd's answers, in the form in which it gives them, one after another."""

    connected = True

    def __init__(self) -> None:
        self.next: list[tuple[tuple[bool, bool], dict[str, str]]] = []

    async def call(self, question: Message) -> Message:
        question.serial = 1
        question.sender = ":1.7"
        (authorised, challenge), details = self.next.pop(0)
        body = [[authorised, challenge, details]]
        return Message.new_method_return(question, "(bba{ss})", body)


@pytest.fixture
def answers() -> Answers:
    return Answers()


@pytest.fixture
def authority(answers: Answers) -> PolkitAuthority:
    return PolkitAuthority(cast("Connection", answers))


async def test_a_right_without_password_ends_where_one_would_be_asked_for(
    answers: Answers, authority: PolkitAuthority
) -> None:
    answers.next = [(YES, {}), (YES, {}), (PASSWORD, {})]
    await authority.check(CALLER, Action.LIST)
    assert await authority.stands(CALLER, Action.LIST)
    assert not await authority.stands(CALLER, Action.LIST)


@pytest.mark.parametrize("given", [[(PASSWORD, {}), (YES, {})], [(YES, KEPT)]])
async def test_a_password_stands_until_its_giver_leaves_or_is_refused(
    answers: Answers,
    authority: PolkitAuthority,
    given: list[tuple[tuple[bool, bool], dict[str, str]]],
) -> None:
    answers.next = [*given, (PASSWORD, {}), (NO, {}), (PASSWORD, {}), (PASSWORD, {})]
    await authority.check(CALLER, Action.LIST)
    assert await authority.stands(CALLER, Action.LIST)
    assert not await authority.stands(CALLER, Action.LIST)
    assert not await authority.stands(Caller(":1.8"), Action.LIST)
    authority.forget(CALLER.name)
    assert not await authority.stands(CALLER, Action.LIST)


async def test_a_refused_password_gives_nothing(
    answers: Answers, authority: PolkitAuthority
) -> None:
    answers.next = [(PASSWORD, {}), (PASSWORD, {}), (PASSWORD, {})]
    with pytest.raises(RefusedError, match="a password is needed"):
        await authority.check(CALLER, Action.LIST)
    assert not await authority.stands(CALLER, Action.LIST)
