"""Where the host has AppArmor, each container comes under a profile of its own and leaves none."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.kernel.attacker import WRITES
from tests.kernel.box import Box, Define
from tests.kernel.debian_root import PYTHON, USR
from tests.kernel.test_systems import PRIVILEGED, REWRITE, SYSTEM

from cloche_engine.host.apparmor import is_enabled, profile_name

pytestmark = pytest.mark.kernel

LOADED = Path("/sys/kernel/security/apparmor/profiles")
MOUNTS = USR[1:]


def profiles() -> list[str]:
    """Those of ours that the kernel has."""
    if not is_enabled():
        return []
    lines = LOADED.read_text().splitlines()
    return [line.split()[0] for line in lines if line.startswith("cloche-")]


async def label(box: Box) -> tuple[str, str]:
    """What its first program and a later one are under."""
    first = Path(f"/proc/{(await box.now()).pid}/attr/current").read_text().strip()
    later = (await box.run("cat /proc/self/attr/current")).strip()
    return first, later


@pytest.mark.parametrize("features", ["", SYSTEM, PRIVILEGED])
async def test_it_is_confined_while_it_runs_and_its_profile_goes_with_it(
    define: Define, root: Path, features: str
) -> None:
    box = await define(root=root, around=features)
    await box.start()
    if is_enabled():
        name = profile_name(box.uuid)
        assert await label(box) == (f"{name} (enforce)",) * 2
        assert profiles() == [name]
    await box.engine.kill(box.uuid)
    assert profiles() == []


async def test_not_even_the_hosts_root_sets_what_the_kernel_would_execute(
    define: Define, root: Path
) -> None:
    """The control is a host without AppArmor: there a privileged system can."""
    both = PRIVILEGED.replace("/>", "/><system/>", 1)
    box = await define(root=root, around=both)
    await box.start()
    assert ((await box.status(REWRITE))[0] == 0) == (not is_enabled())


async def test_a_start_that_fails_leaves_no_profile(define: Define, root: Path) -> None:
    box = await define(root=root, program=("/no/such",))
    with pytest.raises(Exception, match="does not exist"):
        await box.start()
    assert profiles() == []


async def test_an_application_still_does_all_that_it_may(define: Define) -> None:
    program = (PYTHON, "-c", WRITES, "/tmp", "/dev/shm")  # noqa: S108
    box = await define(mounts=MOUNTS, program=program)
    await box.start()
    count, *_ = (await box.said()).split()
    assert int(count) >= 2
