"""Whose files are whose, inside and on the host, on a disk and on tmpfs; writes included."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.kernel.box import Box, Define
from tests.kernel.test_kinds import fs

from cloche_engine.host.ids import COUNT

pytestmark = pytest.mark.kernel

NOBODY = 65534
ME, MINE = 1000, 1001


@pytest.fixture(params=["disk", "tmpfs"])
def given(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A folder that anyone may write to, with a file of root and one of a user of the host."""
    folder = tmp_path / "given"
    folder.mkdir()
    mounted = request.param == "tmpfs"
    if mounted:
        subprocess.run(["mount", "-t", "tmpfs", "none", folder], check=True)
    try:
        folder.chmod(0o1777)
        for name, uid, gid in (("roots", 0, 0), ("mine", ME, MINE)):
            (folder / name).write_text(name)
            (folder / name).chmod(0o600)
            os.chown(folder / name, uid, gid)
        yield folder
    finally:
        if mounted:
            subprocess.run(["umount", folder], check=True)


async def running(define: Define, root: Path, given: Path, *more: str, attributes: str = "") -> Box:
    box = await define(
        root=root, inside=fs("mount", f"dir='{given}'", "/given", *more, attributes=attributes)
    )
    await box.start()
    return box


async def owners(box: Box) -> dict[str, tuple[int, int]]:
    """As ls -ln shows them inside."""
    rows = [line.split() for line in (await box.run("ls -ln /given")).splitlines()[1:]]
    return {row[-1]: (int(row[2]), int(row[3])) for row in rows}


def outside(given: Path, name: str) -> tuple[int, int]:
    status = (given / name).stat()
    return status.st_uid, status.st_gid


async def test_passthrough_and_silence_show_the_owners_of_the_host(
    define: Define, root: Path, given: Path
) -> None:
    for number, attributes in enumerate(("", " accessmode='passthrough'")):
        box = await running(define, root, given, attributes=attributes)
        assert await box.run(f"echo x >/given/new{number}; chown 5:6 /given/new{number}") == ""
        seen = await owners(box)
        assert (seen["roots"], seen["mine"]) == ((0, 0), (ME, MINE))
        assert seen[f"new{number}"] == (5, 6) == outside(given, f"new{number}")
        assert await box.run("cat /given/roots") == "roots"
        await box.engine.kill(box.uuid)
        await box.engine.undefine(box.uuid)


async def test_mapped_gives_files_the_containers_own_host_ids(
    define: Define, root: Path, given: Path
) -> None:
    box = await running(define, root, given, attributes=" accessmode='mapped'")
    assert await box.run("echo x >/given/new; chown 5:6 /given/new") == ""
    seen = await owners(box)
    assert seen == {"roots": (NOBODY, NOBODY), "mine": (NOBODY, NOBODY), "new": (5, 6)}
    uid, gid = outside(given, "new")
    assert (uid % COUNT, gid % COUNT) == (1_200_000_000 % COUNT + 5, 1_200_000_000 % COUNT + 6)
    assert uid >= 1_200_000_000
    assert "Permission denied" in await box.run("cat /given/roots")


async def test_an_owner_has_its_own_files_and_sees_all_others_as_nobodys(
    define: Define, root: Path, given: Path
) -> None:
    os.chown(given, ME, MINE)  # nobody may write to a folder whose owner is unknown inside
    given.chmod(0o755)
    owner = f"<owner uid='{ME}' gid='{MINE}' inside='33:34'/>"
    box = await running(define, root, given, owner)
    assert await owners(box) == {"roots": (NOBODY, NOBODY), "mine": (33, 34)}
    assert await box.run("cat /given/mine; echo x >/given/new", user="33:34") == "mine"
    assert outside(given, "new") == (ME, MINE)
    assert "Permission denied" in await box.run("cat /given/roots", user="33:34")
    # Root of the container is nobody there: what it makes could be given to no user of the host.
    assert "Value too large" in await box.run("echo x >/given/other")
    assert "Permission denied" in await box.run("cat /given/roots")
    assert "busybox" not in await box.run("chown 0:0 /given/mine && echo busybox")
    assert sorted(path.name for path in given.iterdir()) == [
        "mine", "new", "roots",
    ]  # fmt: skip


async def test_read_only_holds_whoever_the_owner_is(
    define: Define, root: Path, given: Path
) -> None:
    owner = f"<owner uid='{ME}' gid='{MINE}'/>"
    box = await running(define, root, given, "<readonly/>", owner)
    assert await box.run("cat /given/mine") == "mine"
    assert "Read-only" in await box.run("echo x >>/given/mine")
