"""signal(2) as C has it: the module signal makes enums of all, which costs a monitor 100 KiB."""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # what the module signal is made of
from collections.abc import Callable
from typing import Any

DEFAULT: int = _signal.SIG_DFL
IGNORE: int = _signal.SIG_IGN

handle: Callable[[int, int | Callable[[int, Any], object]], object] = _signal.signal
"""By number: do what is the default, ignore it, or call something."""

wake_up: Callable[..., int] = _signal.set_wakeup_fd
"""Write a byte to a descriptor, or to none (-1), at each signal that has something to call."""
