"""Containers, usage and errors survive the way over the bus."""

from __future__ import annotations

import pytest
from dbus_fast import Message, MessageType, Variant
from hypothesis import given
from hypothesis import strategies as st

from cloche_engine.api.bus_values import (
    container_from,
    error_from,
    error_reply,
    properties_of,
    stats_from,
    stats_values,
    wire_text,
)
from cloche_engine.api.errors import (
    BY_WIRE_NAME,
    EngineError,
    NotFoundError,
    RefusedError,
    UnavailableError,
)
from cloche_engine.api.model import Container, State, Stats

words = st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=40)
containers = st.builds(
    Container,
    uuid=st.uuids().map(lambda uuid: uuid.hex),
    name=words,
    state=st.sampled_from(State),
    title=words,
    pid=st.none() | st.integers(1, 2**22),
    exit_code=st.none() | st.integers(0, 255),
    started=st.none() | st.floats(1, 2e9),
    addresses=st.lists(words, max_size=3).map(tuple),
    static_addresses=st.lists(words, max_size=3).map(tuple),
    error=words,
    hint=words,
    shares_host_root=st.booleans(),
    shares_host_network=st.booleans(),
    network_of=words,
    system=st.booleans(),
    privileged=st.booleans(),
    etag=words,
)
counts = st.integers(0, 2**60)
usages = st.builds(
    Stats,
    cpu_usec=counts,
    memory_bytes=counts,
    memory_peak_bytes=counts,
    memory_limit_bytes=st.none() | counts,
    processes=st.integers(0, 2**20),
    cpu_shares=st.none() | st.integers(2, 262144),
)


def _marshalled(signature: str, *body: object) -> None:
    """What the bus library itself refuses would cost the connection."""
    message = Message("a.b", "/a", "a.b", "C", signature=signature, body=list(body), serial=1)
    assert message._marshall(False)  # noqa: FBT003  # positional in dbus-fast


@given(containers)
def test_a_container_comes_back_the_same(container: Container) -> None:
    properties = properties_of(container)
    _marshalled("a{sv}", properties)
    assert container_from(properties) == container


@given(usages)
def test_usage_comes_back_the_same(stats: Stats) -> None:
    values = stats_values(stats)
    _marshalled("a{sv}", values)
    assert stats_from(values) == stats


@given(st.text(max_size=60))
def test_any_text_can_be_sent(text: str) -> None:
    sent = wire_text(text)
    assert "\0" not in sent
    _marshalled("s", sent)


@pytest.mark.parametrize("kind", BY_WIRE_NAME.values())
def test_an_error_comes_back_as_its_own_kind(kind: type[EngineError]) -> None:
    call = Message("a.b", "/a", "a.b", "C", serial=7, sender=":1.1")
    error = error_from(error_reply(call, kind("what and why", "what to do", {"line": "3"})))
    assert type(error) is kind
    assert (error.message, error.hint, error.details) == (
        "what and why",
        "what to do",
        {"line": "3"},
    )


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("AccessDenied", RefusedError),
        ("NoReply", UnavailableError),
        ("TimedOut", UnavailableError),
        ("Spawn.ChildExited", UnavailableError),
        ("ServiceUnknown", UnavailableError),
        ("UnknownObject", NotFoundError),
        ("Strange", EngineError),
    ],
)
def test_an_error_of_the_bus_becomes_one_of_ours(name: str, kind: type[EngineError]) -> None:
    reply = Message(
        message_type=MessageType.ERROR,
        error_name=f"org.freedesktop.DBus.Error.{name}",
        reply_serial=1,
        signature="s",
        body=["words of the bus"],
    )
    assert type(error_from(reply)) is kind


def test_a_foreign_answer_is_told_as_a_difference_of_versions() -> None:
    with pytest.raises(UnavailableError, match="differ in version"):
        container_from({"Name": Variant("s", "half")})
