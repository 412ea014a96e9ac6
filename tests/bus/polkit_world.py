"""A system bus of its own with a real polkitd: `unshare -m python -m tests.bus.polkit_world DIR`.

In a mount namespace of its own our policy and the rules of the test lie where polkit looks for
them. Prints `ready`, ends with its standard input, and takes everything along.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests import needs
from tests.bus.world import REPOSITORY

from cloche_engine.kernel import constants as k
from cloche_engine.kernel.syscalls import prctl

_ACTIONS = Path("/usr/share/polkit-1/actions")
_RULES = Path("/etc/polkit-1/rules.d")
_RESOURCES = REPOSITORY / "resources"
_HELPER = [sys.executable, "-m", "tests.bus.helper", "system"]
_BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <listen>unix:path={folder}/system_bus</listen>
  <auth>EXTERNAL</auth>
  <servicedir>{folder}/services</servicedir>
  <policy context="default">
    <allow user="*"/>
    <deny own="*"/>
    <deny send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
    <allow send_destination="org.freedesktop.DBus"/>
  </policy>
  <include>/usr/share/dbus-1/system.d/org.freedesktop.PolicyKit1.conf</include>
  <include>{resources}/dbus/org.cloche.Engine1.conf</include>
</busconfig>
"""


def main(folder: Path) -> None:
    _show_policy(folder)
    if "--activatable" in sys.argv:
        _make_activatable(folder / "services")
    configuration = folder / "system.conf"
    configuration.write_text(_BUS.format(folder=folder, resources=_RESOURCES))
    os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = f"unix:path={folder}/system_bus"
    children = [
        _start(["dbus-daemon", f"--config-file={configuration}", "--nofork", "--nopidfile"])
    ]
    _wait_for_name("org.freedesktop.DBus")
    if "--no-polkit" not in sys.argv:
        children.append(_start([str(needs.polkitd()), "--no-debug"]))
        _wait_for_name("org.freedesktop.PolicyKit1")
    if "--activatable" not in sys.argv:
        children.append(_start(_HELPER))
        _wait_for_name("org.cloche.Engine1")
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.read()
    for child in reversed(children):
        child.terminate()
        child.wait(30)


def _show_policy(folder: Path) -> None:
    actions, rules = folder / "actions", folder / "rules"
    shutil.copytree(_ACTIONS, actions)
    shutil.copy(_RESOURCES / "polkit/org.cloche.engine1.policy", actions)
    rules.mkdir(exist_ok=True)
    for source, target in ((actions, _ACTIONS), (rules, _RULES)):
        subprocess.run(["mount", "--bind", str(source), str(target)], check=True)


def _make_activatable(services: Path) -> None:
    """Our service file, but for the program, which has the in-memory engine here."""
    installed = (_RESOURCES / "dbus/org.cloche.Engine1.service").read_text()
    lines = [line for line in installed.splitlines() if not line.startswith(("Exec=", "Systemd"))]
    services.mkdir()
    text = "\n".join([*lines, f"Exec={' '.join(_HELPER)}", ""])
    (services / "org.cloche.Engine1.service").write_text(text)


def _start(words: list[str]) -> subprocess.Popen[bytes]:
    parent = os.getpid()

    def with_parent() -> None:
        prctl(k.PR_SET_PDEATHSIG, 9)
        if os.getppid() != parent:
            os._exit(1)

    return subprocess.Popen(words, preexec_fn=with_parent, stdin=subprocess.DEVNULL)  # noqa: PLW1509


def _wait_for_name(name: str) -> None:
    """Ask the bus again and again until it has this name."""
    words = ["busctl", "--system", "--timeout=1", "status", name]
    for _ in range(400):
        if subprocess.run(words, capture_output=True, check=False).returncode == 0:
            return
    raise TimeoutError(f"{name} does not come")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
