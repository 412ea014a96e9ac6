"""clochectl in the process of the test, and documents for it."""

from __future__ import annotations

import io
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cloche_engine.cli.__main__ import main

LITERAL = Path(__file__).parents[1] / "definition/rfc-v2-literal.xml"
EXAMPLE = Path(__file__).parents[3] / "resources/examples/rfc-2008-nested.xml"
GOOD = b"""<domain type='linuxcontainer'><name>one</name>
<container><application>/bin/sh</application></container></domain>"""
SLIP = GOOD.replace(b"application>", b"applicaton>")
LIBVIRT = b"""<domain type='lxc'><name>one</name><os><type>exe</type><init>/bin/sh</init></os>
</domain>"""


@dataclass(frozen=True, slots=True)
class Done:
    """What a command gave."""

    status: int
    out: str
    said: str

    @property
    def line(self) -> str:
        """The one line of a failure."""
        assert self.status in {1, 2}
        assert self.said.startswith("clochectl: ")
        assert self.said.count("\n") == 1, self.said
        return self.said.removeprefix("clochectl: ").rstrip()

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Shell:
    """Runs clochectl."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[bytes]
    ) -> None:
        self.monkeypatch = monkeypatch
        self.capture = capture

    def __call__(self, *words: object, fed: bytes = b"") -> Done:
        self.monkeypatch.setattr(sys, "argv", ["clochectl", *map(str, words)])
        self.monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(fed)))
        status = main()
        out, said = self.capture.readouterr()
        return Done(status, out.decode(), said.decode())
