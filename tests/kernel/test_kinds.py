"""Every kind of filesystem that a definition knows, with its options, at work."""

from __future__ import annotations

import ast
import asyncio
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.kernel.box import Box, Define, busybox_root

from cloche_engine.api.errors import StartFailedError
from cloche_engine.core.engine import LocalEngine

pytestmark = pytest.mark.kernel

MAPS_SQUASHFS = tuple(map(int, platform.release().split(".")[:2])) >= (6, 2)

SEEN_BELOW = """
import ctypes, os, sys
kernel = ctypes.CDLL(None, use_errno=True)
people, space = (os.open(f"/proc/{sys.argv[1]}/ns/{kind}", os.O_RDONLY) for kind in ("user", "mnt"))
for namespace in (people, space):
    assert not kernel.setns(namespace, 0), os.strerror(ctypes.get_errno())
print(sorted(os.listdir("/")))
assert not kernel.umount2(b"/", 2), os.strerror(ctypes.get_errno())
assert not kernel.setns(space, 0), os.strerror(ctypes.get_errno())
print(sorted(path for path, *_ in os.walk("/")))
"""
"""Takes the root of a mount namespace away and enters it anew: what it shows before and after."""


def fs(kind: str, source: str, target: str, *more: str, attributes: str = "") -> str:
    """A typed mount; `source` is the attribute with its value."""
    inside = "".join(more)
    return (
        f"<filesystem type='{kind}'{attributes}><source {source}/><target dir='{target}'/>"
        f"{inside}</filesystem>"
    )


def image(path: Path, tree: Path, kind: str = "ext4") -> Path:
    """An image of a filesystem that holds a tree."""
    match kind:
        case "ext4":
            words = ["mkfs.ext4", "-q", "-d", tree, path, "16M"]
        case "xfs":
            words = ["mkfs.xfs", "-q", path]
            with path.open("wb") as file:
                file.truncate(300 << 20)
        case _:
            words = ["mksquashfs", tree, path, "-quiet", "-no-progress"]
    subprocess.run([str(word) for word in words], check=True, capture_output=True)
    return path


@pytest.fixture
def template(engine: LocalEngine, root: Path) -> str:
    """A template of a busybox tree, laid where the engine keeps it."""
    kept = engine.places.template_tree("box")
    kept.parent.mkdir(parents=True)
    shutil.copytree(root, kept, symlinks=True)
    return "<filesystem type='template'><template>box</template></filesystem>"


def attached() -> list[str]:
    return [str(path) for path in Path("/sys/block").glob("loop*/loop/backing_file")]


async def test_two_containers_of_one_template_never_share_a_write(
    engine: LocalEngine, define: Define, template: str
) -> None:
    one, two = [await define(name=name, inside=template) for name in ("one", "two")]
    await one.start()
    await two.start()
    assert await one.run("echo mine >/here; rm /bin/nc; ls -ln /here") != ""
    assert "No such file" in await two.run("cat /here")
    assert "/bin/nc" in await two.run("ls /bin/nc")
    tree = engine.places.template_tree("box")
    assert sorted(path.name for path in tree.iterdir()) == ["bin"]
    assert (tree / "bin/nc").is_symlink()


@pytest.mark.v2
@pytest.mark.parametrize("kind", ["tree", "template"])
async def test_below_a_root_lies_nothing_of_the_host_or_of_a_template(
    define: Define, template: str, kind: str
) -> None:
    box = await define(inside=template) if kind == "template" else await define()
    await box.start()
    looking = [sys.executable, "-c", SEEN_BELOW, str((await box.now()).pid)]
    said = await asyncio.to_thread(subprocess.check_output, looking, text=True)
    above, below = map(ast.literal_eval, said.splitlines())
    assert "bin" in above
    assert below == ["/", *("/" + name for name in ("dev", "proc", "sys", "tmp"))]


async def test_what_is_written_to_a_template_is_kept_until_the_container_is_removed(
    engine: LocalEngine, define: Define, template: str
) -> None:
    box = await define(inside=template)
    await box.start()
    await box.run("mkdir /srv; echo kept >/srv/file; chown 33:33 /srv/file; rm /bin/nc")
    await engine.kill(box.uuid)
    await box.start()
    assert await box.run("cat /srv/file") == "kept\n"
    assert " 33 " in await box.run("ls -ln /srv/file")
    assert "No such file" in await box.run("ls /bin/nc")
    assert engine.places.copies(box.uuid).exists()
    await engine.kill(box.uuid)
    await engine.undefine(box.uuid)
    assert not engine.places.copies(box.uuid).exists()


async def test_a_template_can_be_read_only_and_lie_below_another_root(
    define: Define, root: Path, template: str
) -> None:
    below = fs("template", "name='box'", "/tools", "<readonly/>")
    box = await define(root=root, inside=below)
    await box.start()
    assert "Read-only" in await box.run("touch /tools/x")
    assert await box.run("/tools/bin/echo works") == "works\n"
    whole = await define(
        name="whole", inside=template.replace("</filesystem>", "<readonly/></filesystem>")
    )
    await whole.start()
    assert "Read-only" in await whole.run("touch /x")
    assert await whole.run("hostname; cat /etc/hostname") == "whole\nwhole\n"


async def test_a_template_that_is_not_there_is_named(define: Define) -> None:
    box = await define(inside="<filesystem type='template'><template>no</template></filesystem>")
    with pytest.raises(StartFailedError, match="template") as refused:
        await box.start()
    assert "clochectl template list" in refused.value.hint


@pytest.mark.parametrize("kind", ["ext4", "squashfs"])
async def test_an_image_is_a_root(define: Define, root: Path, tmp_path: Path, kind: str) -> None:
    for name in ("proc", "sys", "dev", "etc"):
        (root / name).mkdir()
    file = image(tmp_path / "image", root, kind)
    before = attached()
    readonly = "" if kind == "ext4" else "<readonly/>"
    box = await define(inside=fs("file", f"file='{file}'", "/", readonly))
    if kind == "squashfs" and not MAPS_SQUASHFS:
        with pytest.raises(StartFailedError, match="cannot be mapped"):
            await box.start()
        return
    await box.start()
    wrote = await box.run("echo kept >/file && cat /file")
    assert wrote == "kept\n" if kind == "ext4" else "Read-only" in wrote
    assert len(attached()) == len(before) + 1
    await box.engine.kill(box.uuid)
    assert attached() == before
    await box.start()
    assert ("kept" in await box.run("cat /file")) is (kind == "ext4")


async def test_an_image_of_xfs_is_mounted_below(define: Define, root: Path, tmp_path: Path) -> None:
    file = image(tmp_path / "image", root, "xfs")
    box = await define(root=root, inside=fs("file", f"file='{file}'", "/data"))
    await box.start()
    assert " 0 " in await box.run("touch /data/x; ls -ln /data/x")
    assert "xfs" in await box.run("mount | grep /data")


async def test_an_image_that_another_container_writes_to_is_refused(
    define: Define, root: Path, tmp_path: Path
) -> None:
    data = fs("file", f"file='{image(tmp_path / 'image', root)}'", "/data")
    one = await define(name="one", root=root, inside=data)
    two = await define(name="two", root=busybox_root(tmp_path / "other"), inside=data)
    await one.start()
    before = attached()
    with pytest.raises(StartFailedError, match="in use already"):
        await two.start()
    assert attached() == before
    await one.engine.kill(one.uuid)
    await two.start()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no filesystem that is known"),
        (b"\0" * 0x438 + b"\x53\xef" + b"\0" * 70000, "cannot be mounted"),
    ],
)
async def test_an_image_that_is_none_leaves_no_loop_device(
    define: Define, root: Path, tmp_path: Path, content: bytes, reason: str
) -> None:
    (tmp_path / "image").write_bytes(content)
    before = attached()
    box = await define(root=root, inside=fs("file", f"file='{tmp_path / 'image'}'", "/data"))
    with pytest.raises(StartFailedError, match=reason) as refused:
        await box.start()
    assert refused.value.hint
    assert attached() == before


async def test_a_block_device_is_mounted_and_read_only_is_honoured(
    define: Define, root: Path, tmp_path: Path
) -> None:
    file = image(tmp_path / "image", root)
    found = subprocess.run(
        ["losetup", "--find", "--show", file], check=True, capture_output=True, text=True
    )
    device = found.stdout.strip()
    try:
        box = await define(root=root, inside=fs("block", f"dev='{device}'", "/disk", "<readonly/>"))
        await box.start()
        assert "busybox" in await box.run("ls /disk/bin")
        assert "Read-only" in await box.run("touch /disk/x")
        await box.engine.kill(box.uuid)
    finally:
        subprocess.run(["losetup", "--detach", device], check=True)
    wrong = await define(name="wrong", root=root, inside=fs("block", f"dev='{file}'", "/disk"))
    with pytest.raises(StartFailedError, match="not a block device"):
        await wrong.start()


async def test_a_bind_shows_what_the_container_has_elsewhere(
    define: Define, root: Path, tmp_path: Path
) -> None:
    (tmp_path / "given").mkdir()
    (root / "srv").mkdir()
    (root / "srv/file").write_text("inside")
    inside = fs("bind", "dir='/srv'", "/there", "<readonly/>") + fs(
        "bind", "dir='/srv/file'", "/one"
    )
    box = await define(root=root, inside=inside)
    await box.start()
    assert await box.run("cat /there/file /one") == "insideinside"
    assert "Read-only" in await box.run("touch /there/x")
    assert await box.run("touch /srv/x && ls /there/x") == "/there/x\n"
    missing = await define(name="missing", root=root, inside=fs("bind", "dir='/no'", "/there"))
    with pytest.raises(StartFailedError, match="/no does not exist"):
        await missing.start()


async def test_options_are_those_of_the_kernel(define: Define, root: Path, tmp_path: Path) -> None:
    (tmp_path / "given").mkdir()
    shutil.copy(root / "bin/busybox", tmp_path / "given/echo")
    options = "<option>noexec</option><option>noatime,ro</option>"
    inside = fs("mount", f"dir='{tmp_path / 'given'}'", "/given", options)
    box = await define(root=root, inside=inside)
    await box.start()
    line = await box.run("grep ' /given ' /proc/self/mountinfo")
    assert {"ro", "nosuid", "nodev", "noexec", "noatime"} <= set(line.split()[5].split(","))
    assert "Permission denied" in await box.run("/given/echo works")


__all__ = ["Box", "fs", "image"]
