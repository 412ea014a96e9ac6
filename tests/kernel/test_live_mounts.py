"""Mounts that come and go while a container runs, by saving its definition; attack E17."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import subprocess
from pathlib import Path

import pytest
from tests.kernel.box import Box, Define, Definition
from tests.kernel.test_kinds import fs, image
from tests.kernel.test_mount_attacks import exchanged

from cloche_engine.api.errors import ConflictError, EngineError
from cloche_engine.core.engine import LocalEngine

pytestmark = pytest.mark.kernel


async def save(box: Box, root: Path | None, *mounts: str, around: str = "") -> None:
    """Save the definition with these mounts besides its root."""
    stored = await box.engine.definition(box.uuid)
    name = (await box.now()).name
    definition = Definition(name=name, root=root, inside="".join(mounts), around=around)
    text = definition.text().replace(b"<container>", f"<uuid>{box.uuid}</uuid><container>".encode())
    await box.engine.define(text, stored.etag)


def listing(tree: Path) -> list[str]:
    return sorted(str(path.relative_to(tree)) for path in tree.rglob("*"))


@pytest.fixture
def given(tmp_path: Path) -> Path:
    folder = tmp_path / "given"
    folder.mkdir()
    (folder / "file").write_text("given")
    return folder


async def test_a_mount_comes_and_goes_while_it_runs(
    define: Define, root: Path, given: Path
) -> None:
    before = listing(root)
    box = await define(root=root)
    pid = (await box.start()).pid
    mount = fs("mount", f"dir='{given}'", "/srv/deep/place")
    await save(box, root, mount)
    assert await box.run("cat /srv/deep/place/file; touch /srv/deep/place/new") == "given"
    assert (given / "new").stat().st_uid == 0
    await save(box, root)
    assert "No such file" in await box.run("cat /srv/deep/place/file")
    await save(box, root, mount)
    assert await box.run("cat /srv/deep/place/file") == "given"
    assert (await box.now()).pid == pid
    await box.engine.kill(box.uuid)
    assert listing(root) == before
    await box.start()
    assert await box.run("cat /srv/deep/place/file") == "given"


async def test_a_live_mount_makes_its_target_in_a_root_of_the_containers_own(
    engine: LocalEngine, define: Define, root: Path, given: Path
) -> None:
    """In a copy of a template, and in the root that shares the host's; a file as well."""
    template = engine.places.template_tree("box")
    template.parent.mkdir(parents=True)
    root.rename(template)
    for name, tree in (("copy", fs("template", "name='box'", "/")), ("shared", "")):
        box = await define(name=name, inside=tree)
        await box.start()
        folder = fs("mount", f"dir='{given}'", "/live-folder")
        file = fs("mount", f"dir='{given / 'file'}'", "/live-file")
        await save(box, None, tree, folder, file)
        line = f"cat /live-folder/file /live-file; touch /live-folder/{name}"
        assert await box.run(line) == "givengiven"
        assert (given / name).stat().st_uid == 0
        await save(box, None, tree)
        assert "No such file" in await box.run("cat /live-folder/file")
        assert not await box.run("cat /live-file")


async def test_every_kind_but_a_template_comes_live(
    define: Define, root: Path, given: Path, tmp_path: Path
) -> None:
    box = await define(root=root)
    await box.start()
    file = image(tmp_path / "image", given)
    owner = "<owner uid='0' gid='0' inside='7:7'/>"
    await save(
        box, root, fs("ram", "usage='64' unit='KiB'", "/ram"),
        fs("file", f"file='{file}'", "/image", "<readonly/>"), fs("bind", "dir='/bin'", "/tools"),
        fs("mount", f"dir='{given}'", "/mine", owner, "<option>noexec</option>"),
    )  # fmt: skip
    assert await box.run("cat /image/file; /tools/echo works") == "givenworks\n"
    assert "Read-only" in await box.run("touch /image/x")
    assert "size=64k" in await box.run("mount | grep ' /ram '")
    assert " 7 " in await box.run("ls -ln /mine/file")
    await save(box, root)
    empty = "/image:\n\n/mine:\n\n/ram:\n\n/tools:\n"
    assert await box.run("ls /ram /image /tools /mine") == empty
    behind = Path("/sys/block").glob("loop*/loop/backing_file")
    assert str(file) not in [each.read_text().strip() for each in behind]


async def test_what_cannot_be_mounted_is_refused_and_all_of_it_taken_back(
    define: Define, root: Path, given: Path
) -> None:
    box = await define(root=root, mounts=((given, "/old", False),))
    await box.start()
    stored = await box.engine.definition(box.uuid)
    good, bad = fs("mount", f"dir='{given}'", "/good"), fs("mount", "dir='/not/there'", "/bad")
    with pytest.raises(EngineError, match="/not/there does not exist") as refused:
        await save(box, root, good, bad)
    assert refused.value.hint
    assert await box.engine.definition(box.uuid) == stored
    assert await box.run("cat /old/file") == "given"
    assert "No such file" in await box.run("cat /good/file")
    with pytest.raises(ConflictError):
        await box.engine.define(stored.text, "of another")


async def test_what_another_mount_lies_on_waits_for_the_next_start(
    define: Define, root: Path, given: Path, tmp_path: Path
) -> None:
    (tmp_path / "inner").mkdir()
    (given / "sub").mkdir()
    inner = fs("mount", f"dir='{tmp_path / 'inner'}'", "/data/sub")
    box = await define(root=root, inside=fs("mount", f"dir='{given}'", "/data") + inner)
    await box.start()
    await save(box, root, inner)
    assert await box.run("cat /data/file") == "given"


async def test_a_link_in_the_way_leads_no_live_mount_out_of_the_container(
    define: Define, root: Path, given: Path, tmp_path: Path
) -> None:
    """Attack E17: the way to a target and a link change places all the time.

    The control is who follows the same path on the host: it leads him to the victim.
    """
    victim = tmp_path / "victim"
    (victim / "place").mkdir(parents=True)
    before = listing(victim), Path("/proc/self/mountinfo").read_text()
    (root / "way/place").mkdir(parents=True)
    box = await define(root=root)
    await box.start()
    (root / "link").symlink_to(victim)
    mount = fs("mount", f"dir='{given}'", "/way/place")
    led_astray = 0
    with exchanged(root / "way", root / "link", 0.0005):
        async with asyncio.timeout(60):
            for number in itertools.count():
                with contextlib.suppress(EngineError):  # a link was in the way just then
                    await save(box, root, *((mount,) if number % 2 == 0 else ()))
                with contextlib.suppress(OSError):
                    led_astray += (root / "way/place").samefile(victim / "place")
                if number >= 40 and led_astray:
                    break
    await box.engine.kill(box.uuid)
    assert listing(victim) == before[0]
    assert "place" not in Path("/proc/self/mountinfo").read_text().replace(before[1], "")


async def test_unmounting_never_takes_a_mask_of_the_kernels_files_away(
    define: Define, root: Path, given: Path
) -> None:
    """A link to /proc in place of the way makes another mount out of the target."""
    mount = fs("mount", f"dir='{given}'", "/way/sys")
    box = await define(root=root, inside=mount)
    await box.start()
    masks = await box.run("grep -c ' /proc/sys ' /proc/self/mountinfo")
    assert await box.run("mv /way /real && ln -s /proc /way && ls -d /way/sys") == "/way/sys\n"
    with pytest.raises(EngineError, match="/way/sys of box cannot be unmounted"):
        await save(box, root)
    assert await box.run("grep -c ' /proc/sys ' /proc/self/mountinfo") == masks == "1\n"
    # The control: whoever follows links there does take it away.
    pid = (await box.now()).pid
    words = ["nsenter", "-t", str(pid), "-U", "-m"]
    subprocess.run([*words, "/bin/busybox", "umount", "/way/sys"], check=True)
    assert await box.run("grep -c ' /proc/sys ' /proc/self/mountinfo") == "0\n"


async def test_a_helper_that_comes_later_can_change_mounts_too(
    engine: LocalEngine, define: Define, root: Path, given: Path
) -> None:
    box = await define(root=root)
    await box.start()
    mount = fs("mount", f"dir='{given}'", "/data")
    await save(box, root, mount)
    await engine.close()
    state = engine.places.directory
    again = await LocalEngine.open(state, state / "run", engine.places.instance)
    later = Box(again, await again.container(box.uuid))
    await save(later, root)
    assert "No such file" in await later.run("cat /data/file")
    assert len(os.listdir(root)) >= 1  # noqa: PTH208
    await again.close()
