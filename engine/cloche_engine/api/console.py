"""Frames on a console socket (SOCK_SEQPACKET): one frame is one packet, its first byte the kind.

to the viewer    O seq:u64 bytes   output; seq counts every byte since the start
G lost:u64 bytes  the ring overwrote this many bytes before they were read; bytes set what
                  modes of the terminal these have set
L                 output before this is old: nobody waits for an answer to it any more
Z rows:u16 cols:u16   another viewer changed the size
X code:u16 flags:u8   the program ended; code is 128 + signal for a signal
to the monitor   I bytes           input, at most 4096 bytes
A bytes           what a terminal answers by itself; taken from one viewer alone, the last that
                  typed, resized or came, or else every window would answer each question
R rows:u16 cols:u16   the viewer's size, which holds until another one types; 0 by 0: it only
                  looks, gives no size and no answers, and is told the size there is
K signal:u8       send a signal to the program
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

MAX_FRAME = 32 * 1024
MAX_INPUT = 4096
_OUT_OF_MEMORY = 1


@dataclass(frozen=True, slots=True)
class Output:
    """Bytes of the program; `seq` is the number of the first of them."""

    seq: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Gap:
    """Bytes that were overwritten before this viewer read them; modes is what they leave on."""

    lost: int
    modes: bytes = b""


@dataclass(frozen=True, slots=True)
class Live:
    """What came before was said before this viewer came; comes once, unless the program ended."""


@dataclass(frozen=True, slots=True)
class Size:
    """The terminal's size in cells; from a viewer a wish, to a viewer a fact."""

    rows: int
    columns: int


NO_SIZE = Size(0, 0)
"""The wish of a viewer that only looks."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The program ended; nothing follows."""

    code: int
    out_of_memory: bool = False


@dataclass(frozen=True, slots=True)
class Input:
    """Bytes typed by the user."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """Bytes that the viewer's terminal sends by itself, to a question of the program."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class Signal:
    """A signal for the program."""

    number: int


Frame = Output | Gap | Live | Size | Ended | Input | Answer | Signal


def encode_output(frame: Output | Gap | Live | Ended) -> bytes:
    """One packet for a viewer."""
    match frame:
        case Output(seq, payload):
            return struct.pack("!cQ", b"O", seq) + payload
        case Gap(lost, modes):
            return struct.pack("!cQ", b"G", lost) + modes
        case Live():
            return b"L"
        case Ended(code, out_of_memory):
            return struct.pack("!cHB", b"X", code & 0xFFFF, _OUT_OF_MEMORY * out_of_memory)


def encode_size(size: Size, *, to_viewer: bool = False) -> bytes:
    """One packet that carries a size."""
    return struct.pack("!cHH", b"Z" if to_viewer else b"R", size.rows, size.columns)


def encode_input(typed: bytes) -> list[bytes]:
    """Packets for the monitor, as many as the limit of 4096 bytes asks for."""
    return [b"I" + typed[at : at + MAX_INPUT] for at in range(0, len(typed), MAX_INPUT)]


def encode_answer(replies: bytes) -> list[bytes]:
    """Packets for the monitor, as many as the limit of 4096 bytes asks for."""
    return [b"A" + replies[at : at + MAX_INPUT] for at in range(0, len(replies), MAX_INPUT)]


def encode_signal(number: int) -> bytes:
    """One packet that asks for a signal."""
    return struct.pack("!cB", b"K", number)


def decode(packet: bytes) -> Frame:
    """The frame in a packet; ValueError where it is none."""
    try:
        return _decode(packet)
    except struct.error as error:
        raise ValueError(f"a console frame of {len(packet)} bytes is cut") from error


def _decode(packet: bytes) -> Frame:
    frame: Frame
    match packet[:1]:
        case b"O":
            frame = Output(struct.unpack_from("!Q", packet, 1)[0], packet[9:])
        case b"G":
            frame = Gap(struct.unpack_from("!Q", packet, 1)[0], packet[9:])
        case b"L":
            frame = Live()
        case b"X":
            code, flags = struct.unpack_from("!HB", packet, 1)
            frame = Ended(code, bool(flags & _OUT_OF_MEMORY))
        case b"I" | b"A" as kind:
            frame = (Input if kind == b"I" else Answer)(packet[1:])
        case b"K":
            frame = Signal(packet[1] if len(packet) == 2 else 0)
        case b"R" | b"Z":
            frame = Size(*struct.unpack_from("!HH", packet, 1))
        case _:
            raise ValueError(f"{packet[:1]!r} begins no console frame")
    return frame
