"""Eight consoles that say all they can, in one window on the real engine."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from tests.bus import world
from tests.gui.driver import Driver
from tests.gui.real_helper import helper_pid

from cloche_engine.api.client import Engine
from cloche_engine.api.connect import connect
from cloche_engine.api.errors import EngineError
from cloche_engine.api.model import ExecRequest
from cloche_gui.views.container_page import CONSOLE, SETTINGS
from cloche_gui.views.program_tab import ProgramTab

pytestmark = [
    pytest.mark.screen,
    pytest.mark.kernel,
    pytest.mark.bus,
    pytest.mark.timeout(120),
]

FLOODS = (
    "yes",
    "cat /dev/urandom",
    "tr '\\0' x </dev/zero",
    "yes \"$(printf '\\033[31mred\\033[0m \\346\\274\\242\\345\\255\\227')\"",
    "yes \"$(printf '\\033[6n\\033[c\\033]0;title\\007')\"",
    "yes \"$(printf '\\033[?1049h\\033[2J\\033[?1049l')\"",
    "yes $(seq 300)",
)
GROWTH = 2048


def own_kib(pid: int) -> int:
    """The memory that a process has for itself."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in rollup if line.startswith("Private_"))


def monitor_of(pid: int) -> int:
    """The parent of a container's first process."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("\nPPid:")[2].split()[0])


async def box_and_pids(driver: Driver, other: Engine, directory: Path) -> list[int]:
    """A container with a shell in view; its monitor, and the helper."""
    await other.define(world.shell("box"))
    started = await other.start("box")
    await driver.until(lambda: driver.draft_uuid)
    await driver.turn_to(CONSOLE)
    await driver.until(lambda: driver.console.is_attached)
    helper = helper_pid(directory)
    assert started.pid is not None
    assert helper is not None
    return [monitor_of(started.pid), helper]


async def programs(driver: Driver) -> list[ProgramTab]:
    """Programs that wait for Enter, then say what they can and end after some megabytes."""
    console, failures = driver.console, list[EngineError]()
    for words in FLOODS:
        argv = ("sh", "-c", f"read go; {words} | head -c 3000000")
        request = ExecRequest(argv, (("TERM", "xterm-256color"),), terminal=True)
        console.tabs.start(driver.window.model.containers[0], request, failures.append)
    await driver.until(lambda: len(console.tabs.programs) == len(FLOODS) or failures)
    assert failures == []
    return console.tabs.programs


async def flood(driver: Driver, tabs: list[ProgramTab]) -> None:
    """Let them go, and the console's own shell too."""
    for tab in tabs:
        await driver.act(partial(tab.terminal.send_text, "\n"))
    driver.console.tabs.setCurrentIndex(0)
    await driver.click(driver.console.terminal)
    await driver.type("yes | head -c 3000000\r")


async def test_eight_floods_leave_the_window_the_programs_and_the_memory_alone(
    real_driver: Driver, tmp_path: Path
) -> None:
    driver, page, directory = real_driver, real_driver.window.page, tmp_path / "helper"
    driver.patience = 60
    other = await connect(f"private:{directory}")
    pids = await box_and_pids(driver, other, directory)
    tabs = await programs(driver)
    before = [own_kib(pid) for pid in pids]

    with await other.open_console("box", 24, 80):  # nobody ever reads it
        await flood(driver, tabs)
        await driver.turn_to(SETTINGS)
        await driver.click(page.settings.identity.hostname)
        await driver.replace("alive")
        assert page.settings.identity.hostname.text() == "alive"
        await driver.until(lambda: all("ended" in " ".join(tab.messages.texts) for tab in tabs))
        grown = [own_kib(pid) - kib for pid, kib in zip(pids, before, strict=True)]
        assert max(grown) <= GROWTH, f"monitor and helper grew by {grown} KiB"
        await driver.turn_to(CONSOLE)
        await driver.click(driver.console.terminal)
        await driver.type("echo o''k\r")
        await driver.until(lambda: "ok\n#" in driver.screen)
    await other.kill("box")
    await other.close()
