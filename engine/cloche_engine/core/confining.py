"""AppArmor, where the host has it: profiles of both kinds of containers, compiled once a version.

No text of a user is in them: what sets a container's own apart is its uuid, put into the compiled
form when it starts (host/apparmor.py).
"""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path

from cloche_engine.host.apparmor import PLACEHOLDER, is_enabled
from cloche_engine.host.saving import saved_in

_SETTINGS = "@{PROC}/sys/kernel/{core_pattern,modprobe,hotplug,usermodehelper/**,kexec*}"
_BOTH = f"""
  network,
  capability,
  file,
  signal,
  ptrace,
  unix,
  dbus,
  deny @{{PROC}}/{{sysrq-trigger,kcore,kmem,mem}} rwklx,
  deny {_SETTINGS} wklx,
  deny /sys/kernel/security/** rwklx,
  deny /sys/{{firmware,fs/bpf}}/** wklx,
"""
_APPLICATION = """
  deny mount,
  deny umount,
  deny pivot_root,
  deny /sys/** wklx,
  deny @{PROC}/sys/{vm,fs,dev,debug}/** wklx,
"""
_SYSTEM = """
  mount,
  umount,
  pivot_root,
  change_profile,
"""


async def compile_profiles(folder: Path) -> None:
    """Have the compiled profiles in a folder; none where the host has no AppArmor."""
    parser = shutil.which("apparmor_parser", path="/usr/sbin:/sbin:/usr/bin")
    if parser is None or not is_enabled():
        shutil.rmtree(folder, ignore_errors=True)
        return
    for name, rules in (("application", _APPLICATION), ("system", _SYSTEM)):
        await _compile(parser, folder / name, _BOTH + rules)


async def _compile(parser: str, compiled: Path, rules: str) -> None:
    """Anew with another kernel, which may take more than the one before."""
    flags = "flags=(attach_disconnected,mediate_deleted)"
    text = f"@{{PROC}}=/proc/\nprofile {PLACEHOLDER} {flags} {{{rules}}}\n"
    whole = f"# {os.uname().release}\n{text}"
    if _is_of(compiled, whole):
        return
    process = await asyncio.create_subprocess_exec(
        parser, "--quiet", "--skip-cache", "--stdout",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    made, _ = await process.communicate(text.encode())
    _keep(compiled, whole, made if process.returncode == 0 else b"")


def _is_of(compiled: Path, source: str) -> bool:
    kept = compiled.with_suffix(".source")
    return kept.exists() and kept.read_text() == source


def _keep(compiled: Path, source: str, made: bytes) -> None:
    with saved_in(compiled.parent, "the AppArmor profile"):
        compiled.parent.mkdir(mode=0o700, exist_ok=True)
        compiled.unlink(missing_ok=True)
        if PLACEHOLDER.encode() in made:
            compiled.write_bytes(made)
        compiled.with_suffix(".source").write_text(source)
