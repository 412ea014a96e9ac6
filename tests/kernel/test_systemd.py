"""Where PID 1 is systemd: the groups of containers keep their limits when it tidies up."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from tests.kernel.box import Box, Define

pytestmark = [pytest.mark.kernel, pytest.mark.v2]

LIMITS = "<cpushare>512</cpushare><memory>65536</memory>"
ITS_OWN_LIMITS = "CPUWeight=50 MemoryMax=90M TasksMax=20 IOWeight=20 AllowedCPUs=0".split()


def tidy_up() -> None:
    """Let it read its units anew, and take the controllers of a service on and off."""
    subprocess.run(["systemctl", "daemon-reload"], check=True)
    limits = [f"--property={limit}" for limit in ITS_OWN_LIMITS]
    subprocess.run(["systemd-run", "--wait", "--quiet", *limits, "true"], check=True)


async def limits(box: Box) -> tuple[int | None, int | None]:
    usage = await box.engine.stats(box.uuid)
    return usage.cpu_shares, usage.memory_limit_bytes


async def test_a_running_container_keeps_its_limits(define: Define, root: Path) -> None:
    box = await define(root=root, around=LIMITS)
    await box.start()
    before = await limits(box)
    tidy_up()
    assert await limits(box) == before == (512, 65536 * 1024)
    assert await box.run("echo still here") == "still here\n"


async def test_the_next_start_has_its_limits(define: Define, root: Path) -> None:
    box = await define(root=root, around=LIMITS)
    await box.start()
    await box.engine.kill(box.uuid)
    tidy_up()
    await box.start()
    assert await limits(box) == (512, 65536 * 1024)


async def test_a_container_is_in_no_unit_of_it(box: Box) -> None:
    groups = Path(f"/proc/{(await box.now()).pid}/cgroup").read_text().splitlines()
    assert not [line for line in groups if ".service" in line or ".scope" in line]
