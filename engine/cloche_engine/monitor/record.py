"""What a monitor leaves on disk: that it lives, what was said, and how it ended."""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from cloche_engine.host.cgroups.usage import Meter
from cloche_engine.kernel import files
from cloche_engine.monitor.protocol import INIT, STATE, VERSION, Fields
from cloche_engine.sandbox.plan.launch import LaunchPlan


@dataclass(frozen=True, slots=True)
class Ending:
    """How a program ended; code is 128 + signal where a signal ended it.

    memory_peak and memory_limit are bytes, told where it ended for want of memory.
    """

    code: int
    out_of_memory: bool
    at: float
    memory_peak: int = 0
    memory_limit: int = 0

    def fields(self) -> Fields:
        """As JSON carries it."""
        return asdict(self)


def boot_id() -> str:
    """Changes at every boot, so that a state of before is known for what it is."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def start_time(pid: int) -> int:
    """Clock ticks between boot and the start of a process: with the pid it names one process.

    ProcessLookupError where it is dead, also if nobody has reaped it yet (proc(5)).
    """
    stat = Path(f"/proc/{pid}/stat").read_text()
    fields = stat.rpartition(")")[2].split()
    if fields[0] in "ZX":
        raise ProcessLookupError(pid)
    return int(fields[19])


def write_state(runtime: Path, plan: str, boot: str) -> None:
    """Say what is started, before it is: the next helper finds it there. plan is JSON."""
    # A new file, not one renamed over an old one: that would wait for the disk on the start path.
    head = json.dumps({"version": VERSION, "boot_id": boot})
    files.write_new(f"{runtime}/{STATE}", f'{head[:-1]}, "plan": {plan}}}')


def write_init(runtime: Path, monitor: int, pid: int, group: str) -> None:
    """Say which processes are its monitor and its init, and in which group it is."""
    fields = {"monitor": monitor, "pid": pid, "started": start_time(pid), "group": group}
    files.write_new(f"{runtime}/{INIT}", json.dumps(fields))


def write_ending(plan: LaunchPlan, ending: Ending, said: bytes) -> None:
    """Keep the last of the console and how it ended."""
    write_whole(Path(plan.log), said)
    write_whole(Path(plan.exit_record), json.dumps(ending.fields()).encode())


def write_whole(file: Path, content: bytes) -> None:
    """The old content or the new one, never half of it."""
    temporary = file.with_name(file.name + ".new")
    temporary.write_bytes(content)
    temporary.replace(file)


def ending_of(status: os.waitid_result, meter: Meter | None = None) -> Ending:
    """The ending that waitid(2) reports, with what is known of the memory of its group."""
    signalled = status.si_code != os.CLD_EXITED
    code = 128 + status.si_status if signalled else status.si_status
    killed = signalled and status.si_status == 9
    if killed and meter is not None and meter.oom_kills > 0:
        held = meter.held()
        return Ending(code, True, time.time(), held.memory_peak, held.memory_limit)  # noqa: FBT003
    return Ending(code, False, time.time())  # noqa: FBT003
