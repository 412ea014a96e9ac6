"""Users with passwords, and a bus where pkexec looks for it, all in a mount namespace.

`unshare -m python -m tests.bus.password_world DIR`: what polkit_world makes, with a copy of /etc
that has ADMIN and STRANGER in it and an empty /run. The machine's own files stay as they are.
"""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

from tests.bus import polkit_world
from tests.bus.world import REPOSITORY

ADMIN, STRANGER = "cloche-anna", "cloche-bob"
UIDS = {ADMIN: 64001, STRANGER: 64002}
PASSWORDS = {ADMIN: "an apple pie", STRANGER: "bread"}
_GROUPS = (("sudo", "64010"), ("wheel", "64011"))


def main(folder: Path) -> None:
    copy = folder / "etc"
    _run("cp", "-a", "/etc", str(copy))
    _run("mount", "--bind", str(copy), "/etc")
    _run("mount", "-t", "tmpfs", "-o", "mode=755", "none", "/run")
    Path("/run/dbus").mkdir()
    Path("/run/dbus/system_bus_socket").symlink_to(folder / "system_bus")
    for group, number in _GROUPS:
        subprocess.run(["groupadd", "-g", number, group], capture_output=True, check=False)
    for name, password in PASSWORDS.items():
        _run("useradd", "--no-create-home", "--uid", str(UIDS[name]), name)
        _run("chpasswd", fed=f"{name}:{password}\n")
    for group, _ in _GROUPS:
        _run("usermod", "-aG", group, ADMIN)
    for place in (Path(sys.base_prefix), Path(sys.prefix), REPOSITORY):
        _open_way(place, folder / "kept")
    polkit_world.main(folder)


def _open_way(place: Path, kept: Path) -> None:
    """Let other users reach a folder that may lie in root's home; pkexec looks at it as they."""
    closed = [path for path in reversed(place.parents) if not path.stat().st_mode & stat.S_IXOTH]
    if closed:
        kept.mkdir(exist_ok=True)
        _run("mount", "--bind", str(place), str(kept))
        _run("mount", "-t", "tmpfs", "-o", "mode=755", "none", str(closed[0]))
        place.mkdir(parents=True)
        _run("mount", "--move", str(kept), str(place))


def _run(*words: str, fed: str = "") -> None:
    subprocess.run(words, input=fed, text=True, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
