"""What containers wrote to their copies of templates: kept over restarts, gone with them."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Collection

from cloche_engine.core.places import Places


def remove(places: Places, uuid: str) -> None:
    """Remove all that a container wrote; nothing of it is mounted any more."""
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(places.copies(uuid))


def sweep(places: Places, known: Collection[str]) -> None:
    """Remove what belongs to no container, because a removal was cut short."""
    folder = places.copies("any").parent
    if not folder.is_dir():
        return
    for each in folder.iterdir():
        if each.name not in known:
            shutil.rmtree(each)
