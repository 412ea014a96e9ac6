"""Profiles of AppArmor, one for each container while it runs (apparmor(7))."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from cloche_engine.kernel import files

_POLICY = "/sys/kernel/security/apparmor"
_ENABLED = "/sys/module/apparmor/parameters/enabled"
PLACEHOLDER = "cloche-" + "0" * 32
"""The name in a compiled profile; as long as that of any container."""


def is_enabled() -> bool:
    """Whether this host has it, and lets us load."""
    with contextlib.suppress(OSError):
        return files.read(_ENABLED).startswith("Y") and os.access(f"{_POLICY}/.replace", os.W_OK)
    return False


def profile_name(uuid: str) -> str:
    """The profile of a container."""
    return f"cloche-{uuid}"


def load(compiled: str, uuid: str) -> None:
    """Give a container its profile, made of a compiled one."""
    text = Path(compiled).read_bytes().replace(PLACEHOLDER.encode(), profile_name(uuid).encode())
    _write(".replace", text)


def unload(uuid: str) -> None:
    """Take it away; nothing where there is none."""
    with contextlib.suppress(FileNotFoundError):
        _write(".remove", profile_name(uuid).encode())


def _write(name: str, content: bytes) -> None:
    descriptor = os.open(f"{_POLICY}/{name}", os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(descriptor, content)
    finally:
        os.close(descriptor)
