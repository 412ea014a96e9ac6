"""A seccomp filter that decides by ranges of numbers what libseccomp decides by one after another.

libseccomp compares the number of a call with each one that it has a rule for, a thousand
instructions in all, which the kernel checks and translates whenever a program is started. Most
calls lie beside others of the same answer. What is derived here answers every call as before: the
filter is followed through all of its branches, with the ranges of architecture and number that lead
there (Documentation/userspace-api/seccomp_filter.rst, struct seccomp_data).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

LOAD, AND, RETURN = 0x20, 0x54, 0x06
JUMP, EQUAL, GREATER, AT_LEAST, ANY_BIT = 0x05, 0x15, 0x25, 0x35, 0x45
_NUMBER, _ARCHITECTURE = 0, 4
_FAR = 0xFF
_INSTRUCTION = struct.Struct("=HBBI")

Instruction = tuple[int, int, int, int]
"""Code, distance if true, distance if not, operand (linux/filter.h, struct sock_filter)."""
Range = tuple[int, int]
_ALL: Range = (0, 0xFFFF_FFFF)


@dataclass(frozen=True, slots=True)
class _Step:
    """What is done with the accumulator, and what follows; the answer ends it."""

    code: int
    operand: int
    then: _Step | _Test | None = None


@dataclass(frozen=True, slots=True)
class _Test:
    """What follows where the accumulator passes, and where it does not."""

    code: int
    operand: int
    yes: _Step | _Test
    no: _Step | _Test


_Answer = _Step | _Test


def decided_by_ranges(code: bytes) -> bytes:
    """The same filter, shorter; ValueError for instructions that libseccomp does not write."""
    found: dict[Range, list[tuple[Range, _Answer]]] = {}
    for architecture, number, answer in _paths(decoded(code), 0, -1, _ALL, _ALL):
        found.setdefault(architecture, []).append((number, answer))
    by_architecture = [(each, _by_number(found[each])) for each in sorted(found)]
    written = _written(_Step(LOAD, _ARCHITECTURE, _chosen(_merged(by_architecture))))
    return b"".join(_INSTRUCTION.pack(*each) for each in written)


def decoded(code: bytes) -> list[Instruction]:
    """One after another."""
    return list(_INSTRUCTION.iter_unpack(code))


def _paths(
    program: list[Instruction], at: int, loaded: int, architecture: Range, number: Range
) -> Iterator[tuple[Range, Range, _Answer]]:
    """The answers, with what they are for; loaded is which word the accumulator has, or -1."""
    code, if_true, if_not, operand = program[at]
    match code:
        case 0x20 if operand in {_NUMBER, _ARCHITECTURE}:
            yield from _paths(program, at + 1, operand, architecture, number)
        case 0x05:
            yield from _paths(program, at + 1 + operand, loaded, architecture, number)
        case 0x15 | 0x25 | 0x35 if loaded >= 0:
            known = number if loaded == _NUMBER else architecture
            for part, holds in _split(code, operand, known):
                next_ = at + 1 + (if_true if holds else if_not)
                if loaded == _NUMBER:
                    yield from _paths(program, next_, loaded, architecture, part)
                else:
                    yield from _paths(program, next_, loaded, part, number)
        case _:
            yield architecture, number, _residue(program, at)


def _split(code: int, operand: int, known: Range) -> Iterator[tuple[Range, bool]]:
    """The parts of a range in which a comparison holds, and in which it does not."""
    first, last = known
    low, high = (operand, operand) if code == EQUAL else (operand + (code == GREATER), _ALL[1])
    for part, holds in (((first, low - 1), False), ((low, high), True), ((high + 1, last), False)):
        inside = max(part[0], first), min(part[1], last)
        if inside[0] <= inside[1]:
            yield inside, holds


def _residue(program: list[Instruction], at: int) -> _Answer:
    """What is asked of a call's arguments before the answer."""
    code, if_true, if_not, operand = program[at]
    match code:
        case 0x06:
            return _Step(RETURN, operand)
        case 0x20 if operand not in {_NUMBER, _ARCHITECTURE}:
            return _Step(code, operand, _residue(program, at + 1))
        case 0x54:
            return _Step(code, operand, _residue(program, at + 1))
        case 0x05:
            return _residue(program, at + 1 + operand)
        case 0x15 | 0x25 | 0x35 | 0x45:
            yes, no = (_residue(program, at + 1 + way) for way in (if_true, if_not))
            return yes if yes == no else _Test(code, operand, yes, no)
        case _:
            raise ValueError(f"instruction {code:#x} of the filter is not understood")


def _by_number(answers: list[tuple[Range, _Answer]]) -> _Answer:
    """The answer where the architecture is known."""
    merged = _merged(sorted(answers, key=lambda each: each[0]))
    if len(merged) == 1:
        return merged[0][1]
    return _Step(LOAD, _NUMBER, _chosen(merged))


def _merged(answers: list[tuple[Range, _Answer]]) -> list[tuple[int, _Answer]]:
    """Where each answer begins to hold; equal neighbours are one."""
    merged: list[tuple[int, _Answer]] = []
    for (first, _), answer in answers:
        if not merged or merged[-1][1] != answer:
            merged.append((first, answer))
    return merged


def _chosen(answers: list[tuple[int, _Answer]]) -> _Answer:
    """The search for the one that holds, by halves."""
    if len(answers) == 1:
        return answers[0][1]
    half = len(answers) // 2
    return _Test(AT_LEAST, answers[half][0], _chosen(answers[half:]), _chosen(answers[:half]))


def _written(answer: _Answer) -> list[Instruction]:
    """As instructions: written from the end, because all jumps lead on."""
    backwards: list[Instruction] = []
    _write(answer, backwards, {})
    return backwards[::-1]


def _write(answer: _Answer, code: list[Instruction], returns: dict[int, int]) -> int:
    """Put it before what there is; how many instructions there are from it to the end."""
    if isinstance(answer, _Test):
        yes = _write(answer.yes, code, returns)
        no = _near(_write(answer.no, code, returns), code)
        yes = _near(yes, code)
        code.append((answer.code, len(code) - yes, len(code) - no, answer.operand))
    elif answer.then:
        then = _write(answer.then, code, returns)
        if then != len(code):
            code.append((JUMP, 0, 0, len(code) - then))
        code.append((answer.code, 0, 0, answer.operand))
    else:
        at = returns.get(answer.operand, 0)
        if at and len(code) - at < _FAR:
            return at
        code.append((answer.code, 0, 0, answer.operand))
        returns[answer.operand] = len(code)
    return len(code)


def _near(at: int, code: list[Instruction]) -> int:
    """The same place, or a jump to it where it is farther than a test can reach."""
    if len(code) - at < _FAR:
        return at
    code.append((JUMP, 0, 0, len(code) - at))
    return len(code)
