"""The pictures of README.md, of real containers: `python -m tests.walkthrough_cover FOLDER`."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.private import private_engine
from tests.gui.screen import virtual_screen

from cloche_engine.api.connect import connect
from cloche_engine.api.model import State

if TYPE_CHECKING:
    from tests.walkthrough_window import Visitor

_SIZE = 960, 600
_SHOWN = "webshop"
_CONTAINERS = {
    "build": State.RUNNING,
    "database": State.PAUSED,
    "mail": State.STOPPED,
    _SHOWN: State.RUNNING,
}
_COMMANDS = ("id", "cat /etc/shadow", "ls --color /usr", "ps -e", "ip -brief address")
_DOCUMENT = """<domain type='linuxcontainer'>
  <name>{name}</name>
  <container>
    <application>/bin/bash</application>
    <network>
      <ip address='10.90.7.{number}' netmask='255.255.255.0'>
        <gateway address='10.90.7.1'/>
      </ip>
    </network>
  </container>
  <cpushare>512</cpushare>
  <memory unit='MiB'>256</memory>
</domain>
"""


def main(folder: Path) -> int:
    """Save both pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="cloche-cover-") as name, virtual_screen():
        os.environ["XDG_CONFIG_HOME"] = f"{name}/config"
        state = Path(name, "state")
        try:
            asyncio.run(_prepare(state))
            _take(state, folder)
        finally:
            asyncio.run(_clear(state))
    return 0


async def _prepare(state: Path) -> None:
    engine = await connect(f"private:{state}")
    for number, (name, wanted) in enumerate(_CONTAINERS.items(), start=2):
        await engine.define(_DOCUMENT.format(name=name, number=number).encode())
        if wanted is not State.STOPPED:
            await engine.start(name)
        if wanted is State.PAUSED:
            await engine.pause(name)
    await engine.close()


async def _clear(state: Path) -> None:
    async with private_engine(state):
        """It ends and removes what there is."""


def _take(state: Path, folder: Path) -> None:
    from tests.walkthrough_window import open_window  # noqa: PLC0415 - needs the display

    async def visit(visitor: Visitor, scheme: str) -> None:
        window, driver = visitor.window, visitor.driver
        window.resize(*_SIZE)
        await visitor.until("the list", lambda: window.model.containers)
        await driver.choose(_SHOWN)
        await visitor.until("the console", lambda: visitor.is_attached)
        await visitor.until("a prompt", lambda: visitor.lines_said)
        await driver.click(driver.console.terminal)
        for command in _COMMANDS if scheme == "light" else ():
            wanted = _prompts(visitor) + 1
            await driver.type(f"{command}\r")
            await visitor.until("the next prompt", partial(_has_prompts, visitor, wanted))
        await visitor.picture(folder / f"window-{scheme}.png")

    for scheme in ("light", "dark"):
        open_window(f"private:{state}", partial(visit, scheme=scheme), dark=scheme == "dark")


def _prompts(visitor: Visitor) -> int:
    return sum(f"@{_SHOWN}:" in line for line in visitor.lines_said)


def _has_prompts(visitor: Visitor, wanted: int) -> bool:
    return _prompts(visitor) >= wanted


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
