"""Where archives come from: a file, a directory that tar packs, or a release that is fetched.

Programs are the host's own, by their absolute paths: nothing of a tree is ever run here.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import stat
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, TypeVarTuple

from cloche_engine.api.errors import EngineError, InvalidArgumentError, UnsupportedError
from cloche_engine.api.template_errors import check_suite
from cloche_engine.api.templates import Progress, Tell
from cloche_engine.core.templates import release

DIRECTORY = "a directory"
"""What a template is from where no archive was given, in words."""
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_NOBODY = 65534
_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
_ENVIRONMENT = {"LC_ALL": "C.UTF-8", "PATH": _PATH, "HOME": "/nonexistent"}
_KEPT_LINES = 5
_Words = TypeVarTuple("_Words")
_Result = TypeVar("_Result")


@dataclass(slots=True)
class Stream:
    """An archive that can be read; size is 0 where nobody knows it, words say where it is from."""

    source: int
    size: int
    words: str
    producer: Producer | None = None

    def let_go(self) -> None:
        """Close our descriptor of it: whoever reads has one."""
        if self.source >= 0:
            os.close(self.source)
            self.source = -1

    async def check(self) -> None:
        """EngineError where what makes it failed; waits for its end."""
        if self.producer is not None:
            await self.producer.check()


@dataclass(slots=True)
class Producer:
    """A program whose output is an archive."""

    name: str
    process: asyncio.subprocess.Process
    said: list[str]
    listening: asyncio.Task[None]
    unpacks: bool = False
    """Whether it only unpacks what was given: its failure is that of the archive."""

    async def check(self) -> None:
        """EngineError with its last words where it failed."""
        await self.listening
        if await self.process.wait() != 0:
            if self.unpacks:
                raise InvalidArgumentError(*release.damage(self.said))
            words = release.cause(self.said)
            raise EngineError(f"{self.name} failed: {words}", release.hint_for(self.said))

    async def end(self) -> None:
        """Kill it with all that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        await self.process.wait()
        self.listening.cancel()
        await asyncio.gather(self.listening, return_exceptions=True)


@dataclass(frozen=True, slots=True)
class _Command:
    """A program to run: what people call it, its words, its input, who it is, its variables."""

    name: str
    words: list[str]
    stdin: int = asyncio.subprocess.DEVNULL
    passed: tuple[int, ...] = ()
    user: int = 0
    variables: tuple[tuple[str, str], ...] = ()
    unpacks: bool = False


@contextlib.asynccontextmanager
async def opened(source: int) -> AsyncIterator[Stream]:
    """The archive behind a descriptor, or the one that a directory makes."""
    found = os.fstat(source)
    if stat.S_ISDIR(found.st_mode):
        async with _produced(_tar(source), DIRECTORY) as stream:
            yield stream
    elif _is_zstd(source, found):
        words = ["/usr/bin/zstd", "--decompress", "--stdout", "--quiet"]
        command = _Command("zstd", words, stdin=source, user=_NOBODY, unpacks=True)
        async with _produced(command, "an archive") as stream:
            yield stream
    elif stat.S_ISREG(found.st_mode) or stat.S_ISFIFO(found.st_mode):
        stream = Stream(os.dup(source), found.st_size, "an archive")
        try:
            yield stream
        finally:
            stream.let_go()
    else:
        raise InvalidArgumentError(
            "a template is made of an archive or a directory", "name a tar file, or a folder"
        )


def _tar(directory: int) -> _Command:
    words = [
        "/usr/bin/tar", "--create", "--numeric-owner", "--one-file-system", "--xattrs",
        "--xattrs-include=security.capability", f"--directory=/proc/self/fd/{directory}", ".",
    ]  # fmt: skip
    return _Command("tar", words, passed=(directory,))


def _is_zstd(source: int, found: os.stat_result) -> bool:
    return stat.S_ISREG(found.st_mode) and os.pread(source, 4, 0) == _ZSTD_MAGIC


async def in_thread(work: Callable[[*_Words], _Result], *words: *_Words) -> _Result:
    """What a thread does with the folder of a draft: who is cancelled waits for its end.

    Nobody can end a thread, and the folder is removed when the job is over.
    """
    task = asyncio.ensure_future(asyncio.to_thread(work, *words))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        task.exception()
        raise


@contextlib.asynccontextmanager
async def debootstrapped(suite: str, scratch: Path, tell: Tell) -> AsyncIterator[Stream]:
    """A fresh system, made in a mount and process namespace that end with it."""
    check_suite(suite)
    words = await in_thread(release.words, suite, scratch)
    alone = ["/usr/bin/unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--"]
    variables = (("TMPDIR", str(scratch)),)
    command = _Command(words[0].rpartition("/")[2], [*alone, *words], variables=variables)
    async with _produced(command, suite, tell) as stream:
        yield stream


@contextlib.asynccontextmanager
async def _produced(
    command: _Command, source: str, tell: Tell | None = None
) -> AsyncIterator[Stream]:
    reading, writing = os.pipe()
    stream = Stream(reading, 0, source)
    try:
        process = await _started(command, writing)
    except BaseException:
        stream.let_go()
        raise
    finally:
        os.close(writing)
    said: list[str] = []
    listening = asyncio.ensure_future(_listen(process, said, tell))
    stream.producer = Producer(command.name, process, said, listening, command.unpacks)
    try:
        yield stream
    finally:
        stream.let_go()
        await asyncio.shield(stream.producer.end())


async def _started(command: _Command, output: int) -> asyncio.subprocess.Process:
    program = command.words[0]
    if not os.access(program, os.X_OK):
        raise UnsupportedError(f"{program} is not there", f"install {command.name} on this system")
    return await asyncio.create_subprocess_exec(
        *command.words, stdin=command.stdin, stdout=output, stderr=asyncio.subprocess.PIPE,
        pass_fds=command.passed, env={**_ENVIRONMENT, **dict(command.variables)},
        start_new_session=True, cwd="/", user=command.user, group=command.user, extra_groups=[],
    )  # fmt: skip


async def _listen(process: asyncio.subprocess.Process, said: list[str], tell: Tell | None) -> None:
    """Keep the last lines of what it says, and pass them on."""
    if process.stderr is None:
        return
    while line := await process.stderr.readline():
        text = line.decode(errors="replace").strip()
        if not text:
            continue
        said.append(text)
        del said[:-_KEPT_LINES]
        if tell is not None:
            tell(Progress(0, 0, text))
