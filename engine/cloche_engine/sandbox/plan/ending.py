"""What a plan says of the end of a container."""

from __future__ import annotations

from dataclasses import dataclass

DESTROY, RESTART = "destroy", "restart"
DEFAULT_GRACE = 10.0
"""Seconds between the polite signal of a stop and the kill, where nothing else is said."""


@dataclass(frozen=True, slots=True)
class EndingPlan:
    """How it is asked to end, and what follows an end: destroy or restart.

    stop_signal 0 means SIGTERM or SIGHUP, whichever the first program hears.
    """

    stop_signal: int = 0
    stop_grace: float = DEFAULT_GRACE
    on_poweroff: str = DESTROY
    on_reboot: str = RESTART
    on_crash: str = DESTROY
