"""Definitions on disk: one file per container, the user's own bytes."""

from __future__ import annotations

import contextlib
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from cloche_engine.host.saving import saved_in


@dataclass(frozen=True, slots=True)
class Stored:
    """A definition file: its container's uuid, its bytes, and the etag that stands for them."""

    uuid: str
    text: bytes

    @property
    def etag(self) -> str:
        """Changes with every byte."""
        return hashlib.sha256(self.text).hexdigest()[:32]


class Store:
    """The folder of definitions; a save is old or new, never half."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def load(self) -> list[Stored]:
        """Every definition; what a crashed save left is swept."""
        for leftover in self._folder.glob("*.new"):
            leftover.unlink()
        return [Stored(file.stem, file.read_bytes()) for file in sorted(self._folder.glob("*.xml"))]

    def save(self, stored: Stored) -> None:
        """Write to a temporary file, to the disk, and over the old one (rename(2), fsync(2))."""
        file = self._file(stored.uuid)
        temporary = file.with_suffix(".new")
        with saved_in(self._folder, "the definition"):
            try:
                with temporary.open("wb") as out:
                    out.write(stored.text)
                    out.flush()
                    os.fsync(out.fileno())
                temporary.replace(file)
                self._sync_folder()
            except OSError:
                with contextlib.suppress(OSError):
                    temporary.unlink(missing_ok=True)
                raise

    def delete(self, uuid: str) -> None:
        """Remove a definition."""
        self._file(uuid).unlink(missing_ok=True)
        self._sync_folder()

    def _file(self, uuid: str) -> Path:
        return self._folder / f"{uuid}.xml"

    def _sync_folder(self) -> None:
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
