"""Frames of the console socket: what goes in comes out, and nonsense is refused."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloche_engine.api import console

NUMBERS = st.integers(0, 2**64 - 1)
SMALL = st.integers(0, 2**16 - 1)


@given(NUMBERS, st.binary(max_size=100))
def test_output_comes_back(seq: int, payload: bytes) -> None:
    frame = console.Output(seq, payload)
    assert console.decode(console.encode_output(frame)) == frame


@given(NUMBERS, SMALL, SMALL, st.booleans())
def test_the_others_come_back(lost: int, rows: int, columns: int, starved: bool) -> None:
    for frame in (console.Gap(lost), console.Gap(lost, b"\x1b[?1h"), console.Ended(rows, starved)):
        assert console.decode(console.encode_output(frame)) == frame
    size = console.Size(rows, columns)
    assert console.decode(console.encode_size(size)) == size
    assert console.decode(console.encode_size(size, to_viewer=True)) == size


@given(st.binary(max_size=20_000))
def test_typed_bytes_are_cut_and_complete(typed: bytes) -> None:
    frames = [console.decode(packet) for packet in console.encode_input(typed)]
    payloads = [frame.payload for frame in frames if isinstance(frame, console.Input)]
    assert b"".join(payloads) == typed
    assert all(len(payload) <= console.MAX_INPUT for payload in payloads)


@given(st.binary(max_size=30))
def test_any_bytes_are_a_frame_or_refused(packet: bytes) -> None:
    with contextlib.suppress(ValueError):
        console.decode(packet)


@pytest.mark.parametrize("packet", [b"", b"?", b"O", b"R\0", b"X\0"])
def test_cut_and_unknown_frames_are_refused(packet: bytes) -> None:
    with pytest.raises(ValueError, match="console frame"):
        console.decode(packet)
