"""The password prompt for real: pkexec, polkitd, PAM, and somebody who types at a terminal."""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.bus import world
from tests.bus.password_world import ADMIN, PASSWORDS, STRANGER, UIDS

_PROGRAMS = ("pkexec", "pkttyagent", "useradd", "usermod", "groupadd", "chpasswd")
_MISSING = [name for name in _PROGRAMS if not shutil.which(name)]
pytestmark = [
    pytest.mark.kernel,
    pytest.mark.bus,
    pytest.mark.skipif(bool(_MISSING), reason=f"not installed: {', '.join(_MISSING)}"),
]
_PROMPT = "Password: "
_ENVIRONMENT = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LANG": "C.UTF-8", "TERM": "dumb"}


@dataclass
class Typist:
    """Somebody at a terminal of his own, in front of one clochectl."""

    process: subprocess.Popen[bytes]
    master: int
    shown: str = ""

    def until(self, words: str) -> None:
        deadline = time.monotonic() + 20
        while words not in self.shown:
            assert self._read(deadline), self.shown

    def answer(self, text: str) -> None:
        """Type it at the prompt, once what is typed is no longer shown."""
        self.until(_PROMPT)
        while termios.tcgetattr(self.master)[3] & termios.ECHO:
            time.sleep(0.01)
        os.write(self.master, text.encode())

    def end(self) -> int:
        """Its exit status; the terminal shows again what is typed."""
        deadline = time.monotonic() + 20
        while self._read(deadline):
            pass
        return self.process.wait(20)

    def _read(self, deadline: float) -> bool:
        left = max(0.0, deadline - time.monotonic())
        assert select.select([self.master], [], [], left)[0], self.shown
        try:
            said = os.read(self.master, 4096)
        except OSError:
            return False
        self.shown += said.decode()
        return bool(said)


@dataclass(frozen=True)
class Desk:
    """A machine with two users, polkit, and a helper on its system bus."""

    folder: Path
    pid: int

    def words(self, user: str, *words: str) -> list[str]:
        uid = str(UIDS[user])
        return [
            "nsenter", f"--mount=/proc/{self.pid}/ns/mnt",
            "setpriv", "--reuid", uid, "--regid", uid, "--clear-groups",
            sys.executable, "-m", "cloche_engine.cli", *words,
        ]  # fmt: skip

    @contextmanager
    def typing(self, user: str, *words: str) -> Iterator[Typist]:
        master, slave = os.openpty()
        process = subprocess.Popen(
            self.words(user, *words),
            preexec_fn=lambda: os.login_tty(slave),  # noqa: PLW1509  # it is to have a terminal
            pass_fds=[slave],
            env=_ENVIRONMENT,
        )
        os.close(slave)
        try:
            yield Typist(process, master)
        finally:
            process.kill()
            process.wait(30)
            os.close(master)

    def without_terminal(self, user: str, *words: str) -> str:
        done = subprocess.run(
            self.words(user, *words), capture_output=True, text=True, check=False,
            stdin=subprocess.DEVNULL, start_new_session=True, timeout=30, env=_ENVIRONMENT,
        )  # fmt: skip
        return done.stdout + done.stderr


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    with world.open_folder() as folder:
        (folder / "rules").mkdir(mode=0o755)
        program = [sys.executable, "-m", "tests.bus.password_world", str(folder)]
        process = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private", *program],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=world.REPOSITORY,
        )  # fmt: skip
        with process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            yield Desk(folder, process.pid)
            process.communicate()


@pytest.fixture
def place(desk: Desk) -> Iterator[Path]:
    """Where the administrator may make a helper's directory; the helper there is ended."""
    with world.open_folder() as folder:
        os.chown(folder, UIDS[ADMIN], -1)
        yield folder / "x"
        found = ["pgrep", "-f", f"cloche_engine.daemon --private {folder}/x$"]
        for pid in subprocess.run(found, capture_output=True, check=False).stdout.split():
            os.kill(int(pid), signal.SIGTERM)
            world.gone(int(pid))


def test_the_right_password_starts_a_helper_for_its_user_alone(desk: Desk, place: Path) -> None:
    target = ("--connect", f"private:{place}", "list")
    with desk.typing(ADMIN, *target) as typist:
        typist.answer(PASSWORDS[ADMIN] + "\n")
        assert typist.end() == 0
        assert "There are no containers yet" in typist.shown
        assert f"{place} did not exist: a new helper was started there" in typist.shown
        assert PASSWORDS[ADMIN] not in typist.shown
    with desk.typing(ADMIN, *target) as typist:
        assert typist.end() == 0
        assert "did not exist" not in typist.shown
    assert "There are no containers yet" in desk.without_terminal(ADMIN, *target)
    assert "serves another user" in desk.without_terminal(STRANGER, *target)


@pytest.mark.parametrize("typed", ["wrong\n", "\n", PASSWORDS[STRANGER] + "\n"])
def test_a_wrong_password_is_told(desk: Desk, place: Path, typed: str) -> None:
    with desk.typing(ADMIN, "--connect", f"private:{place}", "list") as typist:
        typist.answer(typed)
        assert typist.end() == 1
    assert "clochectl: the helper was not started: the password was wrong" in typist.shown
    assert "; try again" in typist.shown
    assert not place.exists()


def test_a_start_is_given_up_by_ctrl_c_at_the_prompt(desk: Desk, place: Path) -> None:
    with desk.typing(ADMIN, "--connect", f"private:{place}", "list") as typist:
        typist.answer("half a pass\x03")
        assert typist.end() == 130
    assert not place.exists()


def test_without_terminal_and_agent_the_next_step_is_told(desk: Desk, place: Path) -> None:
    said = desk.without_terminal(ADMIN, "--connect", f"private:{place}", "list")
    assert "needs a password, but no polkit agent runs" in said
    assert "use `clochectl` in a terminal" in said


def test_the_systems_helper_asks_at_the_terminal_too(desk: Desk) -> None:
    with desk.typing(STRANGER, "--connect", "system", "list") as typist:
        typist.until("Authentication is required to see which containers there are")
        typist.answer(PASSWORDS[ADMIN] + "\n")
        assert typist.end() == 0
    assert "There are no containers yet" in typist.shown
    assert "no polkit agent runs" in desk.without_terminal(STRANGER, "--connect", "system", "list")


def test_a_wrong_password_at_the_systems_helper_is_told(desk: Desk) -> None:
    with desk.typing(STRANGER, "--connect", "system", "list") as typist:
        typist.answer("wrong\n")
        assert typist.end() == 1
    assert "==== AUTHENTICATION FAILED" in typist.shown
    assert "clochectl: the password was wrong" in typist.shown
