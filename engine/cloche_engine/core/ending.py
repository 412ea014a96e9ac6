"""How a container ended: what kind of end, and the sentence where it was a bad one."""

from __future__ import annotations

from datetime import datetime
from signal import Signals

from cloche_engine.api.errors import EngineError
from cloche_engine.api.model import End
from cloche_engine.definition.units import readable
from cloche_engine.monitor.protocol import Fields
from cloche_engine.monitor.record import How

_LOST = EngineError(
    "it ended because the process that watched over it was killed", "start it again"
)
_KINDS = {
    How.EXIT: End.EXIT,
    How.SIGNAL: End.CRASH,
    How.POWEROFF: End.POWEROFF,
    How.REBOOT: End.REBOOT,
    How.OUT_OF_MEMORY: End.OUT_OF_MEMORY,
}


def kind_of(ending: Fields | None) -> End:
    """What kind of end it was; None is that of a monitor that could tell nobody."""
    if ending is None:
        return End.LOST
    if ending["out_of_memory"]:
        return End.OUT_OF_MEMORY
    if ending.get("wanted"):
        return End.STOP
    signalled = ending["code"] - 128 in set(Signals)  # all that records of before can tell
    return _KINDS[How(ending.get("how") or (How.SIGNAL if signalled else How.EXIT))]


def trouble_of(ending: Fields | None) -> EngineError | None:
    """What is to be told of it; None where it ended well, or as somebody wanted."""
    match kind_of(ending):
        case End.LOST:
            return _LOST
        case End.OUT_OF_MEMORY if ending:
            return _out_of_memory(ending)
        case End.CRASH if ending:
            return EngineError(
                f"its program was ended by the signal {_signal(ending['code'] - 128)}",
                "look at the last lines of its console",
            )
        case End.EXIT if ending and ending["code"] and ending.get("oom_kills"):
            return EngineError(
                f"it ended with the status {ending['code']} after {ending['oom_kills']} of its "
                f"processes had been killed for want of memory: {_memory(ending)}",
                "raise <memory>, or find out why it needs so much",
            )
    return None


def _out_of_memory(ending: Fields) -> EngineError:
    if not ending.get("memory_limit"):
        return EngineError(
            f"killed for want of memory: this computer had none left; {_memory(ending)}",
            "give it a <memory>, end something else, or add memory",
        )
    return EngineError(
        f"killed for want of memory: {_memory(ending)}",
        "raise <memory>, or find out why it needs so much",
    )


def _memory(ending: Fields) -> str:
    """Limit, peak and time, in the zone of this computer."""
    limit, peak = (ending.get(name, 0) >> 10 for name in ("memory_limit", "memory_peak"))
    when = datetime.fromtimestamp(ending["at"]).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    words = [f"limit {readable(limit)}"] if limit else []
    return ", ".join([*words, f"peak {readable(peak)}", f"at {when}"])


def _signal(number: int) -> str:
    return Signals(number).name if number in set(Signals) else str(number)
