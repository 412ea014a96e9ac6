"""All limits of a running container, changed together or not at all."""

from __future__ import annotations

import contextlib

from cloche_engine.host import rlimits
from cloche_engine.host.cgroups import limits
from cloche_engine.host.cgroups.group import Group
from cloche_engine.sandbox.plan.limits import Limits


def change_all(group: Group, before: Limits, wanted: Limits) -> list[str]:
    """Groups first, then each process; what was rounded or lowered, in sentences.

    After an OSError all is as before.
    """
    rounded = limits.change(group, wanted)
    try:
        return rounded + rlimits.change(group.processes, wanted.rlimits, before.rlimits)
    except OSError:
        with contextlib.suppress(OSError):  # why it was refused is what to tell
            limits.change(group, before)
        raise
