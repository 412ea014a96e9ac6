"""What a monitor leaves on disk: that it lives, what was said, and how it ended."""

from __future__ import annotations

import json
import os
import signal
import time
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path

from cloche_engine.host.cgroups.usage import Meter
from cloche_engine.kernel import files
from cloche_engine.kernel.syscalls import exchange
from cloche_engine.monitor.protocol import INIT, STATE, VERSION, Fields
from cloche_engine.sandbox.plan.launch import LaunchPlan


class How(StrEnum):
    """What kind of end it was; poweroff and reboot are those of reboot(2) in a pid namespace."""

    EXIT = "exit"
    SIGNAL = "signal"
    POWEROFF = "poweroff"
    REBOOT = "reboot"
    OUT_OF_MEMORY = "out of memory"


@dataclass(frozen=True, slots=True)
class Ending:
    """How a program ended; code is 128 + signal where a signal ended it.

    wanted: somebody stopped or killed it; told: a helper heard of it. lived is seconds.
    memory_peak and memory_limit are bytes, told where processes of it were killed for want of
    memory, and how many were.
    """

    code: int
    out_of_memory: bool
    at: float
    how: How = How.EXIT
    wanted: bool = False
    told: bool = False
    lived: float = 0.0
    memory_peak: int = 0
    memory_limit: int = 0
    oom_kills: int = 0

    def fields(self) -> Fields:
        """As JSON carries it."""
        return asdict(self)


def boot_id() -> str:
    """Changes at every boot, so that a state of before is known for what it is."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def is_of_this_boot(at: float) -> bool:
    """Whether a time, seconds since 1970, is one since the computer was started."""
    return at > time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)


def start_time(pid: int) -> int:
    """Clock ticks between boot and the start of a process: with the pid it names one process.

    ProcessLookupError where it is dead, also if nobody has reaped it yet (proc(5)).
    """
    stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")  # its name may be any bytes
    fields = stat.rpartition(")")[2].split()
    if fields[0] in "ZX":
        raise ProcessLookupError(pid)
    return int(fields[19])


def write_state(runtime: Path, plan: str, boot: str) -> None:
    """Say what is started, before it is: the next helper finds it there. plan is JSON."""
    # A new file, not one renamed over an old one: that would wait for the disk on the start path.
    head = json.dumps({"version": VERSION, "boot_id": boot})
    files.write_new(f"{runtime}/{STATE}", f'{head[:-1]}, "plan": {plan}}}')


def write_changed_state(plan: LaunchPlan) -> None:
    """Say what it is now that runs, in place of what was started."""
    file = Path(plan.runtime) / STATE
    state = {"version": VERSION, "boot_id": boot_id(), "plan": json.loads(plan.to_json())}
    write_whole(file, json.dumps(state).encode())


def write_init(runtime: Path, monitor: int, pid: int, group: str) -> None:
    """Say which processes are its monitor and its init, and in which group it is."""
    fields = {"monitor": monitor, "pid": pid, "started": start_time(pid), "group": group}
    files.write_new(f"{runtime}/{INIT}", json.dumps(fields))


def write_ending(plan: LaunchPlan, ending: Ending, said: bytes) -> None:
    """Keep the last of the console and how it ended."""
    _write_anew(Path(plan.log), said)
    _write_anew(Path(plan.exit_record), json.dumps(ending.fields()).encode())


def write_whole(file: Path, content: bytes) -> None:
    """The old content or the new one, never half of it."""
    temporary = aside(file)
    temporary.write_bytes(content)
    temporary.replace(file)


def aside(file: Path) -> Path:
    """Where its next content is written; something stays there if the writer is killed."""
    return file.with_name(file.name + ".new")


def _write_anew(file: Path, content: bytes) -> None:
    """As write_whole, but nobody waits for the disk.

    ext4 writes out at once what is renamed over another file (auto_da_alloc), but not what changes
    names with it.
    """
    temporary = aside(file)
    temporary.write_bytes(content)
    if not file.exists():
        temporary.rename(file)
        return
    try:
        exchange(str(temporary), str(file))
    except OSError:  # NFS and others cannot
        temporary.replace(file)
    else:
        temporary.unlink()


# An init never dies of these otherwise: the kernel drops signals that it has no handler for.
_REBOOTS: dict[int, How] = {signal.SIGHUP: How.REBOOT, signal.SIGINT: How.POWEROFF}


def ending_of(
    status: os.waitid_result, meter: Meter | None = None, outlived: int | None = 0
) -> Ending:
    """The ending that waitid(2) reports; of an init where the meter of its group is given.

    outlived: how many of its group were killed for want of memory while it went on; None where it
    was killed by us, whatever others were killed for.
    """
    ending = Ending(status.si_status, out_of_memory=False, at=time.time())
    if meter is not None and (kills := meter.oom_kills):
        held = meter.held()
        ending = replace(ending, oom_kills=kills, memory_peak=held.memory_peak,
                         memory_limit=held.memory_limit)  # fmt: skip
    if status.si_code == os.CLD_EXITED:
        return ending
    ending = replace(ending, code=128 + status.si_status, how=How.SIGNAL)
    if meter is None:
        return ending
    if status.si_status in _REBOOTS:
        return replace(ending, code=0, how=_REBOOTS[status.si_status])
    lacked = outlived is not None and ending.oom_kills > outlived
    if status.si_status == signal.SIGKILL and lacked:
        return replace(ending, out_of_memory=True, how=How.OUT_OF_MEMORY)
    return ending
