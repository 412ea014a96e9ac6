"""A message bus of our own for one user and root; it never outlives the helper."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
from pathlib import Path
from xml.sax.saxutils import quoteattr

from cloche_engine.api.errors import UnavailableError
from cloche_engine.api.names import BUS_NAME
from cloche_engine.daemon.private_directory import PrivateDirectory
from cloche_engine.kernel import constants as k
from cloche_engine.kernel.syscalls import prctl

_LISTENING = 3
_CONFIGURATION = """\
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <listen>systemd:</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <deny user="*"/>
    <allow user="0"/>
    <allow user={user}/>
    <deny own="*"/>
    <deny send_type="method_call"/>
    <deny send_type="signal"/>
    <allow send_destination="org.freedesktop.DBus"/>
    <allow send_destination="{name}"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_sender="*"/>
  </policy>
  <policy user="0">
    <allow own="{name}"/>
    <allow send_type="signal"/>
  </policy>
</busconfig>
"""


class PrivateBus:
    """A dbus-daemon on the socket of a private directory."""

    def __init__(self, pid: int) -> None:
        self._pid = pid

    @classmethod
    def start(cls, directory: PrivateDirectory, user: int) -> PrivateBus:
        """Start it; connections wait in the socket from now on, so there is nothing to wait for."""
        program = shutil.which("dbus-daemon", path="/usr/local/bin:/usr/bin:/bin")
        if program is None:
            raise UnavailableError(
                "the program dbus-daemon is missing", "install the package dbus-daemon, or dbus"
            )
        configuration = directory.subdirectory("helper") / "bus.conf"
        configuration.write_text(_CONFIGURATION.format(user=quoteattr(str(user)), name=BUS_NAME))
        with _listening(directory.bus_socket, user) as listener:
            return cls(_fork(program, configuration, listener))

    def stop(self) -> None:
        """End it and wait for that."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGTERM)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self._pid, 0)


def _listening(path: Path, user: int) -> socket.socket:
    """A listening socket for one user; what a killed helper left there goes."""
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(0o177)
    try:
        listener.bind(str(path))
        os.chown(path, user, -1)
        listener.listen(64)
    except OSError as error:
        listener.close()
        raise UnavailableError(
            f"cannot open the socket of the private bus: {error.strerror}",
            "name a directory on a disk that can be written",
        ) from error
    finally:
        os.umask(mask)
    return listener


def _fork(program: str, configuration: Path, listener: socket.socket) -> int:
    """Start the bus by hand: only the child itself knows the pid that LISTEN_PID has to hold."""
    parent = os.getpid()
    words = [program, "--nofork", "--nopidfile", "--nosyslog", "--address=systemd:"]
    words.append(f"--config-file={configuration}")
    pid = os.fork()
    if pid:
        return pid
    try:
        prctl(k.PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() == parent:
            _become(program, words, listener.fileno())
    finally:
        os._exit(127)


def _become(program: str, words: list[str], listener: int) -> None:
    if listener == _LISTENING:
        os.set_inheritable(listener, True)  # noqa: FBT003  # positional in the os module
    else:
        os.dup2(listener, _LISTENING)
    environment = {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid()), "PATH": "/usr/bin:/bin"}
    os.execve(program, words, environment)  # noqa: S606  # no shell is wanted
