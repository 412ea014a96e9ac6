"""The package sources of this machine, for tests that make a Debian."""

from __future__ import annotations

import shlex
import shutil
import subprocess

SOURCES = (
    "/etc/apt/sources.list.d/debian.sources",
    "/etc/apt/sources.list.d/ubuntu.sources",
    "/etc/apt/sources.list",
)


def proxy() -> list[str]:
    """The proxy of this machine's apt, which mmdebstrap does not look for."""
    if not shutil.which("apt-config"):
        return []
    words = ["apt-config", "shell", "PROXY", "Acquire::http::Proxy"]
    said = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    values = [word.partition("=")[2] for word in shlex.split(said)]
    return [f'--aptopt=Acquire::http::Proxy "{value}"' for value in values if value]
