"""Starting a private helper: as root straight away, otherwise through pkexec."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from cloche_engine.api.errors import EngineError, RefusedError, UnavailableError
from cloche_engine.api.stopped import is_stopped, stopped_error

Command = Callable[[Path], list[str]]
_DISMISSED, _NOT_AUTHORISED = 126, 127
_READY = b"ready\n"
LOOK = 1.0
"""Seconds between two looks at a helper that starts; one found stopped twice is given up."""


def helper_command(directory: Path) -> list[str]:
    """The command that starts the helper for a directory, with pkexec where we are not root."""
    words = [sys.executable, "-I", "-m", "cloche_engine.daemon", "--private", str(directory)]
    if os.geteuid() == 0:
        return words
    pkexec = shutil.which("pkexec")
    if pkexec is None:
        raise UnavailableError(
            "the helper needs root, and pkexec, which asks for the password, is missing",
            "install the package pkexec (older systems: policykit-1), or run this as root",
        )
    # Its own agent would ask on whatever terminal the window was started from.
    return [pkexec, "--disable-internal-agent", *words]


async def start_helper(directory: Path, command: Command = helper_command) -> None:
    """Start it and return when it serves; RefusedError or UnavailableError where it does not."""
    words = command(directory)
    made = _make_parents(directory)
    try:
        await _start(words)
    except BaseException:
        for path in made:
            with contextlib.suppress(OSError):  # somebody uses it meanwhile
                path.rmdir()
        raise


def _make_parents(directory: Path) -> list[Path]:
    """The way to a helper's directory belongs to its user; what was made of it, innermost first."""
    made: list[Path] = []
    for path in reversed(directory.parents):
        try:
            path.mkdir()
        except FileExistsError:
            continue
        except OSError:  # the helper says better what is wrong with it
            break
        made.insert(0, path)
    return made


async def _start(words: list[str]) -> None:
    try:
        process = subprocess.Popen(  # noqa: ASYNC220  # it returns at once, and works in any loop
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
    except OSError as error:
        raise UnavailableError(
            f"cannot start the helper: {words[0]}: {error.strerror}",
            "check the installation of Cloche",
        ) from error
    waiting = _Waiting()
    _watch(process, waiting)
    try:
        problem = await _unless_stopped(process.pid, waiting.outcome)
    except asyncio.CancelledError:
        with contextlib.suppress(OSError):
            process.terminate()
        raise
    finally:
        waiting.give_up()
    if problem is not None:
        raise problem


async def _unless_stopped(
    pid: int, outcome: asyncio.Future[EngineError | None]
) -> EngineError | None:
    """How the start went; a password may take long, but who is stopped says nothing any more."""
    was_stopped = False
    while not (await asyncio.wait({outcome}, timeout=LOOK))[0]:
        now_stopped = is_stopped(pid)
        if was_stopped and now_stopped:
            return stopped_error("the helper that is being started", pid)
        was_stopped = now_stopped
    return outcome.result()


class _Waiting:
    """The thread's way into the loop, closed when nobody waits: the loop may be gone by then.

    A loop of Qt's does not say so: to call it after its end has crashed the window.
    """

    def __init__(self) -> None:
        self.outcome: asyncio.Future[EngineError | None] = asyncio.Future()
        self._loop: asyncio.AbstractEventLoop | None = asyncio.get_running_loop()
        self._lock = threading.Lock()

    def tell(self, problem: EngineError | None) -> None:
        """How the start went; from any thread."""
        with self._lock:
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self._set, problem)

    def give_up(self) -> None:
        """Hear nothing any more."""
        with self._lock:
            self._loop = None

    def _set(self, problem: EngineError | None) -> None:
        if not self.outcome.done():
            self.outcome.set_result(problem)


def _watch(process: subprocess.Popen[bytes], waiting: _Waiting) -> None:
    """Tell how the start went, and collect the process whenever it ends."""

    def work() -> None:
        if process.stdout is None or process.stderr is None:
            return
        with process.stdout, process.stderr:
            answer = process.stdout.readline()
            said = b"" if answer == _READY else process.stderr.read()
        problem = None if answer == _READY else _problem(process, said.decode(errors="replace"))
        waiting.tell(problem)
        process.wait()

    # A daemon thread: a helper outlives this program, which must not wait for its end.
    threading.Thread(target=work, name="helper", daemon=True).start()


def _problem(process: subprocess.Popen[bytes], said: str) -> EngineError:
    code = process.wait()
    by_pkexec = Path(str(process.args[0])).name == "pkexec"  # type: ignore[index]  # a list here
    if by_pkexec and code == _DISMISSED:
        return RefusedError(
            "the password dialog was dismissed, so the helper was not started",
            "try again and answer the dialog",
        )
    if by_pkexec and code == _NOT_AUTHORISED:
        return _not_authorised(said.strip())
    lines = said.strip().splitlines()
    last = lines[-1] if lines else f"it ended with status {code} and said nothing"
    message, _, hint = last.removeprefix("cloched: ").partition("; ")
    return UnavailableError(f"the helper did not start: {message}", hint)


def _not_authorised(said: str) -> RefusedError:
    """The reasons that pkexec has one exit status for; its words are not translated."""
    details = {"said": said}
    if "No authentication agent" in said:
        return RefusedError(
            "the helper needs a password, but no polkit agent runs to ask for it",
            "start your desktop's polkit agent, use `clochectl` in a terminal, where it asks"
            " itself, or run this as root",
            details,
        )
    if "Not authorized" in said:
        return RefusedError(
            "the helper was not started: the password was wrong, or the rules of this machine do"
            " not let you run it as root",
            "try again, or ask the administrator of this machine",
            details,
        )
    reason = f": {said.splitlines()[0]}" if said else ""
    return RefusedError(
        f"pkexec did not get permission to start the helper{reason}",
        "check that polkit runs on this machine, or run this as root",
        details,
    )
