"""The console's memory: bounded, and every byte has its number."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cloche_engine.monitor.ring import Ring


@given(st.lists(st.binary(max_size=40), max_size=60), st.integers(1, 64))
def test_the_last_bytes_are_kept_and_numbered(writes: list[bytes], capacity: int) -> None:
    ring = Ring(capacity)
    for payload in writes:
        ring.write(payload)
    everything = b"".join(writes)
    assert ring.end == len(everything)
    assert ring.all() == everything[-capacity:]
    assert ring.read(ring.start, ring.end - ring.start) == everything[ring.start :]
    assert ring.end - ring.start <= capacity + capacity // 4


def test_a_flood_costs_no_more_memory_than_the_ring() -> None:
    ring = Ring(1000)
    for _ in range(1000):
        ring.write(b"x" * 999)
    assert ring.end == 999_000
    assert len(ring.all()) == 1000
