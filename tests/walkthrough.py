"""From an empty window to a container made, used and deleted: `python -m tests.walkthrough`.

What `./dev run` does where there is no display. Everything is real: the window on a virtual screen,
mouse and keys, the helper, the engine; only the folder that holds their state is a new one.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import select
import signal
import sys
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests import leftovers
from tests.bench.private import helper_pid
from tests.gui.screen import virtual_screen
from tests.own_network import own_network
from tests.walkthrough_host import FailedError, Host

_LONGEST = 90.0
"""Seconds for a helper of root's to end by itself; 60 of them it waits for another client."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Walk; 0 where every step held and nothing is left, otherwise one sentence says what not."""
    options = _parse(arguments)
    pictures = options.pictures or Path(tempfile.mkdtemp(prefix="cloche-pictures-"))
    mark = os.environ.setdefault(leftovers.MARK, uuid.uuid4().hex)
    try:
        pictures.mkdir(parents=True, exist_ok=True)
        say(f"the window opens on a virtual screen; a picture of every step goes to {pictures}")
        with tempfile.TemporaryDirectory(prefix="cloche-walk-", ignore_cleanup_errors=True) as name:
            _walk_and_tidy(Path(name), pictures, mark, dark=options.dark)
        if Path(name).exists():
            say(f"{name} holds files of root's; remove it with: sudo rm -r {name}")
    except (FailedError, OSError) as failure:
        sys.stderr.write(f"walkthrough: {failure}\n")
        return 1
    say(f"all of it held; the pictures are in {pictures}")
    return 0


def say(text: str) -> None:
    """One line for whoever watches."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./dev run",
        description="Without a display: make and use a first container on a virtual screen.",
        epilog="Where there is a display, ./dev run opens the window and takes its options.",
    )
    parser.add_argument("--pictures", type=Path, metavar="DIR", help="where the pictures go")
    parser.add_argument("--dark", action="store_true", help="use the dark colours")
    return parser.parse_args(arguments)


def _walk_and_tidy(folder: Path, pictures: Path, mark: str, *, dark: bool) -> None:
    watch = leftovers.Watch(mark, (f"{folder}/",))
    before = watch.snapshot()
    state = folder / "state"
    try:
        with _network():
            _walk(state, pictures, folder / "config", dark=dark)
    except BaseException:
        with contextlib.suppress(FailedError):
            Host(state).clear()
        raise
    finally:
        _end_helper(state)
    left = watch.remaining(before, seconds=10)
    if left:
        raise FailedError(f"this was left behind: {'; '.join(map(str, left))}")


@contextlib.contextmanager
def _network() -> Iterator[None]:
    """Root keeps the network of the walk away from the machine's own."""
    if os.geteuid() != 0:
        yield
        return
    with own_network():
        yield


def _walk(state: Path, pictures: Path, settings: Path, *, dark: bool) -> None:
    # What the window remembers between runs is the user's own, and stays as it is.
    os.environ["XDG_CONFIG_HOME"] = str(settings)
    try:
        with virtual_screen():
            from tests.walkthrough_story import Story  # noqa: PLC0415 - Qt needs the display

            Story(state, pictures, say, dark=dark).tell()
    except RuntimeError as error:  # no virtual screen
        raise FailedError(str(error)) from error


def _end_helper(state: Path) -> None:
    """End the helper where that is allowed, and wait until it has ended."""
    try:
        helper = os.pidfd_open(helper_pid(state))
    except ProcessLookupError:
        return
    try:
        try:
            signal.pidfd_send_signal(helper, signal.SIGTERM)
        except PermissionError:
            say("the helper is root's; waiting for it to end by itself, which takes a minute")
        if not select.select([helper], [], [], _LONGEST)[0]:
            raise FailedError(f"the helper of {state} did not end; its log is {state}/cloched.log")
    finally:
        os.close(helper)


if __name__ == "__main__":
    sys.exit(main())
