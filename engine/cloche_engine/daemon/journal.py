"""Log lines with the priorities that systemd's journal reads (sd-daemon(3))."""

from __future__ import annotations

import logging
import os

from cloche_engine.api import shown

_PLAIN = "%(levelname)s %(name)s: %(message)s"
_PRIORITIES = {"CRITICAL": 2, "ERROR": 3, "WARNING": 4, "INFO": 6}
_DEBUG = 7


class PlainFormatter(logging.Formatter):
    """What containers have said is in some errors: controls are written out."""

    def __init__(self, form: str = _PLAIN) -> None:
        super().__init__(form)

    def format(self, record: logging.LogRecord) -> str:
        """The record, its traceback included."""
        return shown.lines(super().format(record))


class JournalFormatter(PlainFormatter):
    """Each line begins with its priority; journalctl knows name and time without us."""

    def __init__(self) -> None:
        super().__init__("%(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """The record, its traceback included."""
        priority = _PRIORITIES.get(record.levelname, _DEBUG)
        lines = super().format(record).split("\n")
        return "\n".join(f"<{priority}>{line}" for line in lines)


def formatter(stream: int = 2) -> logging.Formatter:
    """The journal's where this descriptor leads to it (JOURNAL_STREAM in systemd.exec(5))."""
    status = os.fstat(stream)
    to_journal = os.environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"
    return JournalFormatter() if to_journal else PlainFormatter()
