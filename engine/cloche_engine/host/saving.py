"""What is said where the engine's state cannot be written."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from cloche_engine.api.errors import EngineError

FULL = "free some space or mend the permissions there; what was stored before is unharmed"


@contextlib.contextmanager
def saved_in(folder: Path, what: str) -> Iterator[None]:
    """EngineError in place of the kernel's; the block leaves old content or new."""
    try:
        yield
    except OSError as error:
        text = f"{what} could not be saved in {folder}: {error.strerror}"
        raise EngineError(text, FULL) from error
