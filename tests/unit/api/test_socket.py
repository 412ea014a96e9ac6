"""The socket below a bus connection delivers whole small messages and no large bodies."""

from __future__ import annotations

import fcntl
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from dbus_fast import Message
from dbus_fast._private.unmarshaller import Unmarshaller

from cloche_engine.api.bus_socket import BoundedSocket

LIMIT = 1000


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[BoundedSocket, socket.socket]]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen()
        with BoundedSocket(LIMIT) as bounded:
            bounded.connect(str(tmp_path / "s"))
            other, _ = listener.accept()
            with other:
                bounded.settimeout(0)
                yield bounded, other


def _message(text: str, serial: int, descriptors: list[int] | None = None) -> bytes:
    message = Message(
        "a.b", "/a", "a.b", "C",
        signature="s", body=[text], serial=serial, unix_fds=descriptors or [],
    )  # fmt: skip
    return bytes(message._marshall(True))  # noqa: FBT003  # positional in dbus-fast


def _read(reader: Unmarshaller) -> Message | None:
    message: Message | None = reader.unmarshall()
    return message


def test_messages_pass_whole_however_they_arrive(
    pair: tuple[BoundedSocket, socket.socket],
) -> None:
    bounded, other = pair
    data = b"".join(_message("x" * number, number) for number in range(1, 6))
    reader = Unmarshaller(None, bounded, True)  # noqa: FBT003  # positional in dbus-fast
    found: list[int] = []
    for byte in data:
        other.send(bytes([byte]))
        while message := _read(reader):
            assert message.body == ["x" * message.serial]
            found.append(message.serial)
    assert found == [1, 2, 3, 4, 5]


def test_a_large_body_is_taken_off_and_the_next_message_is_whole(
    pair: tuple[BoundedSocket, socket.socket],
) -> None:
    bounded, other = pair
    data = _message("small", 1) + _message("L" * 5_000_000, 2) + _message("after", 3)
    sender = threading.Thread(target=other.sendall, args=(data,))
    sender.start()
    reader = Unmarshaller(None, bounded, True)  # noqa: FBT003
    found: list[tuple[int, list[object], bool]] = []
    while len(found) < 3:
        if message := _read(reader):
            found.append((message.serial, message.body, bounded.trimmed))
    sender.join()
    assert found == [(1, ["small"], False), (2, [], True), (3, ["after"], False)]


def test_received_descriptors_close_on_exec(
    pair: tuple[BoundedSocket, socket.socket],
) -> None:
    bounded, other = pair
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123
        socket.send_fds(other, [_message("with", 1, [nothing.fileno()])], [nothing.fileno()])
    message = _read(Unmarshaller(None, bounded, True))  # noqa: FBT003
    assert message is not None
    (number,) = message.unix_fds
    assert fcntl.fcntl(number, fcntl.F_GETFD) & fcntl.FD_CLOEXEC
    os.close(number)


def test_the_end_is_seen_also_within_a_large_body(
    pair: tuple[BoundedSocket, socket.socket],
) -> None:
    bounded, other = pair
    other.send(_message("L" * 2000, 1)[:300])
    reader = Unmarshaller(None, bounded, True)  # noqa: FBT003
    assert _read(reader) is not None
    other.close()
    with pytest.raises((EOFError, OSError)):
        _read(reader)
