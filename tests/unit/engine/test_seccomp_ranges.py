"""The shortened filter answers every call as the one that libseccomp wrote."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import pytest

from cloche_engine.kernel.constants import CLONE_NEWNS, CLONE_NEWUSER, TIOCSTI
from cloche_engine.kernel.seccomp import ALLOW, FilterBuilder, errno_action, masked_equal
from cloche_engine.kernel.seccomp_ranges import decided_by_ranges, decoded
from cloche_engine.sandbox import seccomp

_DATA = struct.Struct("=IIQ6Q")
_ARGUMENTS = (0, 1, TIOCSTI, TIOCSTI | 1 << 32, CLONE_NEWUSER, CLONE_NEWNS | 1, 2**64 - 1)


def _answer(code: bytes, architecture: int, number: int, argument: int) -> int:
    """What a filter answers, by a machine that is written for this test alone."""
    words = struct.unpack("=16I", _DATA.pack(number, architecture, 0, *(argument,) * 6))
    program = decoded(code)
    at, value = 0, 0
    while True:
        operation, if_true, if_not, operand = program[at]
        at += 1
        match operation:
            case 0x20:
                value = words[operand // 4]
            case 0x54:
                value &= operand
            case 0x05:
                at += operand
            case 0x06:
                return operand
            case _:
                holds = {
                    0x15: value == operand, 0x25: value > operand,
                    0x35: value >= operand, 0x45: bool(value & operand),
                }[operation]  # fmt: skip
                at += if_true if holds else if_not


def _told_apart(code: bytes) -> list[int]:
    """Every operand of a comparison and its neighbours: between these nothing can change."""
    operands = {
        operand for operation, *_, operand in decoded(code) if operation in {0x15, 0x25, 0x35}
    }
    near = {value + step for value in operands for step in (-1, 0, 1)}
    return sorted(value for value in near | {0, 2**32 - 1} if 0 <= value < 2**32)


def _architectures(code: bytes) -> Iterator[int]:
    yield from (value for value in _told_apart(code) if value > 0x4000_0000)
    yield 0


def _written_by_libseccomp(monkeypatch: pytest.MonkeyPatch, kind: str) -> bytes:
    with monkeypatch.context() as patch:
        patch.setattr(seccomp, "decided_by_ranges", lambda code: code)
        return bytes(getattr(seccomp.compile_filters(), kind)[0].code)


@pytest.mark.parametrize("kind", ["application", "system"])
def test_every_call_of_every_abi_is_answered_as_before(
    monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    before = _written_by_libseccomp(monkeypatch, kind)
    after = getattr(seccomp.compile_filters(), kind)[0].code
    numbers = sorted({*_told_apart(before), *range(600)})
    for architecture in _architectures(before):
        for number in numbers:
            for argument in (0, CLONE_NEWUSER) if number != 56 else _ARGUMENTS:
                asked = (architecture, number, argument)
                assert _answer(after, *asked) == _answer(before, *asked), asked


def test_it_is_a_fraction_of_what_libseccomp_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    before = _written_by_libseccomp(monkeypatch, "application")
    assert len(seccomp.compile_filters().application[0].code) < len(before) / 3


def test_rules_on_arguments_stay_what_they_were() -> None:
    def built() -> FilterBuilder:
        builder = FilterBuilder(ALLOW, errno_action(38))
        for argument in (1, 2):
            builder.rule(errno_action(argument), "ioctl", masked_equal(argument, 0xFFFF, TIOCSTI))
        builder.rule(errno_action(13), "socket", masked_equal(0, 2**32 - 1, 40))
        return builder

    before = built().compile().code
    after = decided_by_ranges(before)
    for architecture in _architectures(before):
        for number in _told_apart(before):
            for argument in (*_ARGUMENTS, 40):
                asked = (architecture, number, argument)
                assert _answer(after, *asked) == _answer(before, *asked), asked


def test_far_answers_are_reached_by_longer_jumps() -> None:
    """More ranges than one comparison can jump over, each with an answer of its own."""
    load, at_least, answer = 0x20, 0x35, 0x06
    tests = [(at_least, 0, 1, 2 * number) for number in range(400, 0, -1)]
    body = [each for test in tests for each in (test, (answer, 0, 0, 0x50000 + test[3] // 2))]
    program = [(load, 0, 0, 0), *body, (answer, 0, 0, ALLOW)]
    before = b"".join(struct.pack("=HBBI", *each) for each in program)
    after = decided_by_ranges(before)
    for number in (*range(802), 2**32 - 1):
        assert _answer(after, 0, number, 0) == _answer(before, 0, number, 0), number


def test_what_it_does_not_understand_is_refused() -> None:
    length_of_the_packet = struct.pack("=HBBI", 0x80, 0, 0, 0)
    with pytest.raises(ValueError, match="0x80"):
        decided_by_ranges(length_of_the_packet)
