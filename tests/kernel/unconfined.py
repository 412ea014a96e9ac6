"""Programs that nothing confines, for controls."""

from __future__ import annotations

import os
import subprocess
import sys


def python_at_a_terminal(script: str) -> str:
    """What a Python script prints that has a terminal of its own for its input."""
    master, slave = os.openpty()
    try:
        return subprocess.run(
            [sys.executable, "-c", script], stdin=slave, capture_output=True, text=True,
            check=True, start_new_session=True,
        ).stdout  # fmt: skip
    finally:
        os.close(master)
        os.close(slave)
