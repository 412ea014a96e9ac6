"""From an address to an engine: `system`, `private:DIR`, `test:`, or what suits this machine."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from cloche_engine.api.client import Engine
from cloche_engine.api.errors import InvalidArgumentError, RefusedError, UnavailableError
from cloche_engine.api.names import BUS_NAME
from cloche_engine.api.private_start import Command, helper_command, start_helper

SYSTEM = "system"
TEST = "test:"
PRIVATE = "private:"
_O_PATH_DIRECTORY = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC


async def connect(
    target: str | None = None,
    *,
    command: Command = helper_command,
    before_password: Callable[[], None] | None = None,
) -> Engine:
    """The engine at an address; a private helper that does not run is started.

    before_password is called where polkit may ask from now on: at the system's helper, or before a
    private one is started.
    """
    prepare = before_password or _nothing
    if target is None:
        target = SYSTEM if await _system_has_helper() else f"{PRIVATE}{default_directory()}"
    if target == SYSTEM:
        prepare()
        return await _at_system()
    if target == TEST:
        return _in_memory()
    if target.startswith(PRIVATE) and target != PRIVATE:
        return await _private(_directory_in(target), command, prepare)
    raise InvalidArgumentError(
        f"{target!r} is no address of a helper", "use system, private:DIR or test:"
    )


def _nothing() -> None:
    """Nobody wants to prepare."""


def default_directory() -> Path:
    """Where a user's own helper keeps its state."""
    home = os.environ.get("XDG_STATE_HOME", "")
    base = Path(home) if home.startswith("/") else Path.home() / ".local/state"
    return base / "cloche"


def is_new(target: str | None) -> bool:
    """Whether somebody names a private helper's directory that is not there yet."""
    named = target is not None and target.startswith(PRIVATE) and target != PRIVATE
    return named and not os.access(_directory_in(str(target)), os.F_OK)


def _directory_in(target: str) -> Path:
    """A relative directory is the caller's; the helper has another working directory."""
    return Path(target.removeprefix(PRIVATE)).expanduser().absolute()


def _in_memory() -> Engine:
    from cloche_engine.api.fake_demo import demo  # noqa: PLC0415  # seldom wanted

    return demo()


async def _at_system() -> Engine:
    from cloche_engine.api.bus import BusEngine  # noqa: PLC0415  # 20 ms that test: does without

    return await BusEngine.connect()


async def _private(directory: Path, command: Command, prepare: Callable[[], None]) -> Engine:
    engine = await _running_in(directory)
    if engine is None:
        prepare()
        await start_helper(directory, command)
        engine = await _running_in(directory)
    if engine is None:
        raise UnavailableError(
            f"the helper in {directory} ended as soon as it had started",
            f"its log is {directory / 'cloched.log'}",
        )
    return engine


async def _running_in(directory: Path) -> Engine | None:
    """The helper of a directory, or None where none runs."""
    from cloche_engine.api.bus import BusEngine  # noqa: PLC0415  # see above

    try:
        descriptor = os.open(directory, _O_PATH_DIRECTORY)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UnavailableError(
            f"cannot use {directory} as the helper's directory: {error.strerror}",
            "name a directory that can be entered",
        ) from error
    try:
        return await BusEngine.connect(f"unix:path=/proc/self/fd/{descriptor}/bus")
    except UnavailableError as error:
        if isinstance(error.__cause__, FileNotFoundError | ConnectionRefusedError):
            return None
        raise
    except RefusedError as error:
        raise RefusedError(
            f"the helper in {directory} serves another user",
            "name a directory of your own with `--connect private:DIR`",
        ) from error
    finally:
        os.close(descriptor)


async def _system_has_helper() -> bool:
    """Whether the system bus knows our name, running or to be started."""
    from dbus_fast import Message  # noqa: PLC0415  # see above

    from cloche_engine.api.bus_link import connected  # noqa: PLC0415

    try:
        bus = await connected(SYSTEM)
    except (UnavailableError, RefusedError):
        return False
    name, path = "org.freedesktop.DBus", "/org/freedesktop/DBus"
    try:
        for member in ("ListActivatableNames", "ListNames"):
            reply = await bus.call(Message(name, path, name, member))
            if BUS_NAME in reply.body[0]:
                return True
        return False
    finally:
        bus.disconnect()
        await bus.wait_for_disconnect()  # type: ignore[no-untyped-call]
