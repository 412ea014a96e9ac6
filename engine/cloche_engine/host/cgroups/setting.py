"""One value in one file of a control group: written, and read back from the kernel."""

from __future__ import annotations

import contextlib
import errno
import os
from dataclasses import dataclass

from cloche_engine.kernel import files

PAGE = os.sysconf("SC_PAGE_SIZE")
_ANEW = os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC


class LimitError(OSError):
    """The kernel refused a limit or made something else of it; the text says which and what."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What is to stand in a file; `word` is the definition's for it.

    fresh is what stands there in a new group. key is the first word of the line that is meant, in
    files with a line for each device. unwished is a setting that nobody asked for: a host without
    such a file goes without. offer is all that could be chosen, where that is why one is refused.
    """

    word: str
    file: str
    text: str
    fresh: str
    key: str = ""
    unwished: bool = False
    offer: str = ""

    @property
    def is_fresh(self) -> bool:
        """Whether a new group has it without being told."""
        return self.text == self.fresh

    def held(self) -> str:
        """What stands there; empty where the line or the file is missing."""
        try:
            text = files.read(self.file).strip()
        except OSError:
            return ""
        if not self.key:
            return text
        lines = (line.partition(" ") for line in text.splitlines())
        return next((rest for first, _, rest in lines if first == self.key), "")

    def write(self, text: str) -> None:
        """Write without looking; OSError."""
        # An empty text would be no write at all, but the kernel takes a line end for it.
        files.write(self.file, f"{self.key} {text}".strip() or "\n", _ANEW)

    def apply(self) -> str:
        """Write it and read it back; a sentence where the kernel rounded it.

        LimitError where it has another value then.
        """
        try:
            self.write(self.text)
        except OSError as error:
            if self.unwished and error.errno == errno.ENOENT:
                return ""
            raise LimitError(error.errno, self._refused(error)) from error
        found = self.held()
        if self.is_met_by(found):
            return ""
        if not _is_rounded(self.text, found):
            words = f"the kernel made {found or 'nothing'} of {self.text} for {self.word}"
            raise LimitError(errno.ERANGE, words)
        if self.unwished:
            return ""
        return f"{self.word}: the kernel made {_size(found)} of {_size(self.text)}"

    def is_met_by(self, held: str) -> bool:
        """Whether that is what was asked for; a device without limit has no line."""
        return held == self.text or (not held and bool(self.key) and self.is_fresh)

    def _refused(self, error: OSError) -> str:
        folder, _, name = self.file.rpartition("/")
        if error.errno == errno.ENOENT and os.access(folder, os.F_OK):
            return f"this kernel has no {name}, so {self.word} cannot be set"
        if error.errno == errno.ENOENT:
            return "its control group was removed by another program"
        why = f"there are {self.offer}" if self.offer else error.strerror
        return f"the kernel refused {self.text or 'none'} for {self.word}: {why}"

    def restore(self, text: str) -> None:
        """Write what was held before, where that is possible."""
        with contextlib.suppress(OSError):
            self.write(text or self.fresh)


def _is_rounded(text: str, found: str) -> bool:
    """Sizes are counted in whole pages."""
    return text.isdecimal() and found.isdecimal() and 0 <= int(text) - int(found) < PAGE


def _size(text: str) -> str:
    return f"{int(text) / 1024:g} KiB"
