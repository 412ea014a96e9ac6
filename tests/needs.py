"""What the marked tests need of the machine; each probe says in words what is missing."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

_POLKITD = (Path("/usr/lib/polkit-1/polkitd"), Path("/usr/libexec/polkitd"))
_NAMESPACES = ("--user", "--map-root-user", "--mount", "--pid", "--net", "--uts", "--ipc", "--fork")


def polkitd() -> Path | None:
    """The polkit daemon's program, which lies outside PATH."""
    return next((path for path in _POLKITD if path.exists()), None)


def _program(name: str) -> str | None:
    return None if shutil.which(name) else f"{name} is not installed"


def _namespaces() -> str | None:
    unshare = shutil.which("unshare")
    if not unshare:
        return "unshare is not installed"
    tried = subprocess.run(
        [unshare, *_NAMESPACES, "true"], capture_output=True, text=True, check=False
    )
    if tried.returncode:
        return f"this machine makes no user namespaces: {tried.stderr.strip()}"
    return None


def _kernel() -> str | None:
    if os.geteuid() != 0:
        return "no root: namespaces, mounts and control groups of the real engine need it"
    return _namespaces()


def _bus() -> str | None:
    if missing := _program("dbus-daemon"):
        return missing
    return None if polkitd() else "polkitd is not installed"


def _screen() -> str | None:
    return None if os.environ.get("DISPLAY") else _program("Xvfb")


_PROBES: dict[str, Callable[[], str | None]] = {
    "kernel": _kernel,
    "bus": _bus,
    "screen": _screen,
}
MARKERS = tuple(_PROBES)


@cache
def missing(marker: str) -> str | None:
    """Why tests with this marker cannot run here, or None."""
    return _PROBES[marker]()
