"""Other users and hostile arguments against the helper; each attack has a control that works."""

from __future__ import annotations

import asyncio
import os
import stat
import struct
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from tests.bus import world
from tests.bus.system_bus import NOBODY
from tests.kernel.box import Definition, busybox_root, ending

from cloche_engine.api.bus import BusEngine
from cloche_engine.api.connect import connect
from cloche_engine.api.errors import (
    EngineError,
    InvalidArgumentError,
    NotFoundError,
    StartFailedError,
)
from cloche_engine.api.model import ExecRequest
from cloche_engine.daemon.private_directory import PrivateDirectory

pytestmark = [pytest.mark.kernel, pytest.mark.bus]


@pytest.fixture
def folder() -> Iterator[Path]:
    with world.open_folder() as made:
        yield made


def started(directory: Path) -> subprocess.CompletedProcess[str]:
    """A helper that ends at once; an attack that it falls for would show in the directory."""
    words = [*world.real_helper_words(directory), "--idle", "0"]
    return subprocess.run(words, capture_output=True, text=True, timeout=30, check=False)


def look(path: Path) -> tuple[int, int, list[str]]:
    """Owner, mode and entries."""
    status = path.stat()
    return status.st_uid, stat.S_IMODE(status.st_mode), sorted(os.listdir(path))  # noqa: PTH208


def _an_open_one(directory: Path, _target: Path) -> None:
    """As /tmp is: root's, with everybody's files."""
    directory.mkdir()
    directory.chmod(0o1777)
    (directory / "letter").write_text("dear")


def _an_open_one_with_a_lock(directory: Path, _target: Path) -> None:
    _an_open_one(directory, _target)
    (directory / "lock").touch(0o600)


def _planted_links(directory: Path, target: Path) -> None:
    """Where the helper makes its folders and files lie links to root's."""
    directory.mkdir()
    for name in ("state", "run", "helper", "cloched.log", "lock", "bus"):
        (directory / name).symlink_to(target)
        os.lchown(directory / name, NOBODY, NOBODY)
    os.chown(directory, NOBODY, NOBODY)


def _links_in_roots_own(directory: Path, target: Path) -> None:
    _planted_links(directory, target)
    os.chown(directory, 0, 0)


def _a_link(directory: Path, target: Path) -> None:
    directory.symlink_to(target)


@pytest.mark.parametrize(
    "plant",
    [_an_open_one, _an_open_one_with_a_lock, _planted_links, _links_in_roots_own, _a_link],
)
def test_a_directory_with_something_planted_is_refused_and_stays_as_it_was(
    folder: Path, plant: Callable[[Path, Path], None]
) -> None:
    directory, target = folder / "x", folder / "roots"
    target.mkdir(mode=0o711)
    (target / "secret").write_text("")
    plant(directory, target)
    before = look(directory), look(target)
    tried = started(directory)
    assert (tried.returncode, tried.stdout) == (1, "")
    assert tried.stderr.startswith("cloched: ")
    assert tried.stderr.count("\n") == 1
    assert "; name a directory" in tried.stderr
    assert (look(directory), look(target)) == before


def test_an_empty_directory_of_another_user_becomes_roots_alone(folder: Path) -> None:
    directory = folder / "x"
    directory.mkdir()
    os.chown(directory, NOBODY, NOBODY)
    directory.chmod(0o777)
    nobody_named = 2**32 - 1
    entries = ((1, nobody_named), (2, NOBODY), (4, nobody_named), (16, nobody_named),
               (32, nobody_named))  # fmt: skip
    packed = b"".join(struct.pack("<HHI", tag, 7, who) for tag, who in entries)
    os.setxattr(directory, "system.posix_acl_default", struct.pack("<I", 2) + packed)
    assert started(directory).stdout == "ready\n"
    assert look(directory)[:2] == (0, 0o755)
    assert os.listxattr(directory) == []
    for name in ("state", "run", "helper"):
        assert look(directory / name)[:2] == (0, 0o700)
    assert started(directory).stdout == "ready\n", "its own directory is known again"


def test_a_link_that_takes_the_place_of_a_folder_is_not_followed(folder: Path) -> None:
    target = folder / "roots"
    target.mkdir(mode=0o711)
    directory = PrivateDirectory.make(folder / "x")
    (folder / "x/state").symlink_to(target)
    with pytest.raises(OSError, match="Not a directory"):
        directory.subdirectory("state")
    assert look(target)[1] == 0o711
    assert look(directory.subdirectory("run"))[1] == 0o700
    directory.close()


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[BusEngine]:
    """A connection to a real helper with a running container named box."""
    directory = tmp_path / "x"
    root = busybox_root(tmp_path / "root")
    with world.helper(directory, words=world.real_helper_words(directory)) as running:
        engine = await connect(running.target)
        assert isinstance(engine, BusEngine)
        await engine.define(Definition(root=root).text())
        await engine.start("box")
        yield engine
        await engine.kill("box")
        await engine.close()
        assert "Traceback" not in running.log


async def run(engine: BusEngine, request: ExecRequest) -> tuple[int, bytes]:
    """Exit status and output of a further program."""
    stdin, typed = os.pipe()
    out, stdout = os.pipe()
    os.close(typed)
    whole = ExecRequest(
        request.argv, request.environment, request.directory, request.user,
        stdio=(stdin, stdout, stdout),
    )  # fmt: skip
    with os.fdopen(out, "rb") as reader:
        try:
            link = await engine.exec("box", whole)
        finally:
            os.close(stdin)
            os.close(stdout)
        with link:
            said = await asyncio.to_thread(reader.read)
            return await ending(link), said


async def test_hostile_programs_are_refused_in_one_plain_sentence(engine: BusEngine) -> None:
    echo = ("echo", "hi")
    hostile: dict[type[EngineError], list[ExecRequest]] = {
        StartFailedError: [
            ExecRequest(("-rf",)),
            ExecRequest(("../x",)),
            ExecRequest(("a\nb\x1b[31m\u202e",)),
            ExecRequest(echo, user="../x"),
            ExecRequest(echo, user="root\n"),
            ExecRequest(echo, user="70000"),
            ExecRequest(echo, user="x" * 4000),
            ExecRequest(echo, directory="/no\x1b[2J"),
        ],
        InvalidArgumentError: [
            ExecRequest(("",)),
            ExecRequest(("x" * 5000,)),
            ExecRequest(("echo", "ä" * 60_000)),
            ExecRequest(("echo", "x" * 200_000)),
            ExecRequest(("echo", "a\0b")),
            ExecRequest(("echo", "\udcff")),
            ExecRequest(echo, user="x" * 70_000),
            ExecRequest(echo, directory="x" * 70_000),
            ExecRequest(echo, (("A=B", "c"),)),
            ExecRequest(echo, (("", "c"),)),
            ExecRequest(echo, tuple((f"A{number}", "x" * 500) for number in range(1000))),
        ],
    }
    for kind, requests in hostile.items():
        for request in requests:
            with pytest.raises(kind) as refused:
                await run(engine, request)
            error = refused.value
            assert error.message.isprintable(), error.message
            assert len(error.message) < 1200
            assert error.hint
    assert await run(engine, ExecRequest(echo, (("A", "b c=d"),), "/bin", "0")) == (0, b"hi\n")
    assert (await run(engine, ExecRequest(("echo", "x" * 100_000))))[1] == b"x" * 100_000 + b"\n"


async def test_a_name_that_is_none_is_refused_by_every_call(engine: BusEngine) -> None:
    for name in ("-rf", "../x", "\x1b[31m", "x" * 100_000, ""):
        for call in (engine.container, engine.start, engine.definition, engine.logs):
            with pytest.raises(NotFoundError) as refused:
                await call(name)
            assert refused.value.message.isprintable()
            assert len(refused.value.message) < 200
    assert (await engine.container("box")).name == "box"


async def test_a_call_that_cannot_be_sent_leaves_nothing_behind(engine: BusEngine) -> None:
    """dbus-fast would tell of it with a traceback at the end of the program."""
    waiting = engine._link._bus._method_return_handlers
    for attempt in (engine.kill("box", 1 << 40), engine.open_console("box", -1, 80)):
        with pytest.raises(InvalidArgumentError, match="range"):
            await attempt
    assert not waiting
    assert (await engine.container("box")).pid
