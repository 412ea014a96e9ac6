"""Folders that cost minutes to make, kept outside the checkout by what goes into them."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Cache:
    """A folder of such folders."""

    root: Path

    @classmethod
    def of_user(cls) -> Cache:
        """Where the XDG base directory specification wants it."""
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        return cls(Path(base, "cloche/guest"))

    def folder(self, name: str, made_of: object, make: Callable[[Path], None]) -> Path:
        """The folder made of exactly that; `make` fills it where it is not there yet."""
        key = hashlib.sha256(repr(made_of).encode()).hexdigest()[:16]
        wanted = self.root / f"{name}-{key}"
        if not wanted.exists():
            self._make(wanted, make)
            self._forget_others(name, wanted)
        return wanted

    def _make(self, wanted: Path, make: Callable[[Path], None]) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="making-", dir=self.root) as name:
            new = Path(name, "new")
            new.mkdir()
            make(new)
            with suppress(FileExistsError):  # another run was quicker
                new.rename(wanted)

    def _forget_others(self, name: str, kept: Path) -> None:
        for folder in self.root.glob(f"{name}-*"):
            if folder != kept:
                shutil.rmtree(folder)
