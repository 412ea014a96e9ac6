"""Capabilities by name, and dropping them for good (capabilities(7))."""

from __future__ import annotations

import errno
from collections.abc import Iterable

from cloche_engine.kernel import constants as k
from cloche_engine.kernel.syscalls import capget, capset, prctl

NUMBERS = {
    name: number
    for number, name in enumerate(
        (
            "chown", "dac_override", "dac_read_search", "fowner", "fsetid", "kill", "setgid",
            "setuid", "setpcap", "linux_immutable", "net_bind_service", "net_broadcast",
            "net_admin", "net_raw", "ipc_lock", "ipc_owner", "sys_module", "sys_rawio",
            "sys_chroot", "sys_ptrace", "sys_pacct", "sys_admin", "sys_boot", "sys_nice",
            "sys_resource", "sys_time", "sys_tty_config", "mknod", "lease", "audit_write",
            "audit_control", "setfcap", "mac_override", "mac_admin", "syslog", "wake_alarm",
            "block_suspend", "audit_read", "perfmon", "bpf", "checkpoint_restore",
        )
    )
}  # fmt: skip


EVERY = (1 << 64) - 1


def mask(names: Iterable[str]) -> int:
    """The bits of these capabilities."""
    return sum(1 << NUMBERS[name] for name in names)


def drop_bounding_set(kept: int, before: int = EVERY) -> None:
    """Leave only `kept` of `before` in the bounding set, also of those newer than this list."""
    for number in range(64):
        if before & ~kept & 1 << number:
            try:
                prctl(k.PR_CAPBSET_DROP, number)
            except OSError as error:
                if error.errno == errno.EINVAL and number >= len(NUMBERS):
                    return  # past the last one that the kernel knows
                raise


def keep_only(kept: int) -> None:
    """Effective and permitted become `kept`; inheritable and ambient become empty.

    What this process lacks is left out: in the host's user namespace an engine may have less
    than all.
    """
    prctl(k.PR_CAP_AMBIENT, k.PR_CAP_AMBIENT_CLEAR_ALL)
    capset(kept & capget())
