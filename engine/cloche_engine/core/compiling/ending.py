"""How a container is asked to end, and what follows."""

from __future__ import annotations

from cloche_engine.core.compiling.refusal import refusal
from cloche_engine.definition.container.stopping import signal_number
from cloche_engine.definition.spec import ContainerSpec
from cloche_engine.sandbox.plan.ending import DEFAULT_GRACE, DESTROY, RESTART, EndingPlan

_SYSTEM = "SIGRTMIN+3"
"""systemd and other inits halt at it (systemd(1))."""
_MEANINGS = {None: "", DESTROY: DESTROY, RESTART: RESTART, "preserve": DESTROY}
# What there is to preserve, files, last words and how it ended, is kept after every end.


def compile_ending(spec: ContainerSpec) -> EndingPlan:
    """How it ends; UnsupportedError for what cannot follow an end here."""
    signal = spec.stop_signal or (_SYSTEM if spec.system else "")
    return EndingPlan(
        stop_signal=(signal_number(signal) or 0) if signal else 0,
        stop_grace=DEFAULT_GRACE if spec.stop_grace is None else spec.stop_grace,
        on_poweroff=_action("on_poweroff", spec.on_poweroff) or DESTROY,
        on_reboot=_action("on_reboot", spec.on_reboot) or RESTART,
        on_crash=_action("on_crash", spec.on_crash) or DESTROY,
    )


def _action(name: str, action: str | None) -> str:
    if action in _MEANINGS:
        return _MEANINGS[action]
    reason = (
        "a container has one name, by which it is found"
        if action == "rename-restart"
        else "a container is many processes, and none of their memory is kept"
    )
    raise refusal(
        f"<{name}>{action}</{name}> cannot be done: {reason}",
        "write destroy, restart or preserve",
    )
