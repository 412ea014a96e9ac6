"""Folders that cost minutes to make, kept outside the checkout by what goes into them."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_UNFINISHED = "unfinished-"


@dataclass(frozen=True, slots=True)
class Cache:
    """A folder of such folders."""

    root: Path

    @classmethod
    def of_user(cls) -> Cache:
        """Where the XDG base directory specification wants it."""
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        return cls(Path(base, "cloche/guest"))

    @contextmanager
    def alone(self) -> Iterator[None]:
        """One run at a time; what an earlier one left unfinished goes."""
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            for folder in self.root.glob(f"{_UNFINISHED}*"):
                shutil.rmtree(folder, ignore_errors=True)
            yield

    @contextmanager
    def passing(self) -> Iterator[Path]:
        """A folder of this run only."""
        with tempfile.TemporaryDirectory(
            prefix=_UNFINISHED, dir=self.root, ignore_cleanup_errors=True
        ) as name:
            yield Path(name)

    def folder(self, name: str, made_of: object, make: Callable[[Path], None]) -> Path:
        """The folder made of exactly that; `make` fills it where it is not there yet."""
        key = hashlib.sha256(repr(made_of).encode()).hexdigest()[:16]
        wanted = self.root / f"{name}-{key}"
        if not wanted.exists():
            self._make(wanted, make)
            self._forget_others(name, wanted)
        return wanted

    def _make(self, wanted: Path, make: Callable[[Path], None]) -> None:
        with self.passing() as folder:
            (folder / "new").mkdir()
            make(folder / "new")
            (folder / "new").rename(wanted)

    def _forget_others(self, name: str, kept: Path) -> None:
        for folder in self.root.glob(f"{name}-*"):
            if folder != kept:
                shutil.rmtree(folder)
