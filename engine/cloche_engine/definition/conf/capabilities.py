"""The kernel's capabilities by name, for formats that write them as words."""

from __future__ import annotations

from cloche_engine.definition import fixes
from cloche_engine.definition.conf.findings import Findings
from cloche_engine.definition.problem import Fix, Severity, TextEdit
from cloche_engine.definition.schema.model import nearest

CAPABILITIES = frozenset(
    """
    audit_control audit_read audit_write block_suspend bpf checkpoint_restore chown dac_override
    dac_read_search fowner fsetid ipc_lock ipc_owner kill lease linux_immutable mac_admin
    mac_override mknod net_admin net_bind_service net_broadcast net_raw perfmon setfcap setgid
    setpcap setuid sys_admin sys_boot sys_chroot sys_module sys_nice sys_pacct sys_ptrace sys_rawio
    sys_resource sys_time sys_tty_config syslog wake_alarm
    """.split()
)
"""Lower case, without `cap_`; in the order of letters."""


def plain(word: str) -> str:
    """A capability as the specification names it."""
    return word.lower().removeprefix("cap_")


def warn_unknown(findings: Findings, start: int, word: str, reason: str) -> None:
    """Say that a word at that byte is no capability's name, and which one was probably meant."""
    if findings.is_full(Severity.WARNING):
        findings.warning("capability", start, "")
        return
    name = plain(word)
    meant = name if name in CAPABILITIES else nearest(name, tuple(sorted(CAPABILITIES)))
    edit = TextEdit(start, start + len(word.encode()), meant or "")
    fix = Fix(fixes.DID_YOU_MEAN, f"write {meant}", (edit,))
    hint = f"did you mean {meant}?" if meant else "capabilities(7) lists them"
    findings.warning("capability", start, reason, hint, *((fix,) if meant else ()))
