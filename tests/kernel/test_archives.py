"""Archives that nobody vouches for (attacks E11 and E23): nothing outside the template changes."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import shutil
import stat
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.kernel.box import Define, Definition
from tests.kernel.conftest import instance_of

from cloche_engine.api.errors import EngineError, InvalidArgumentError
from cloche_engine.api.templates import Template
from cloche_engine.api.unpacking import Quota
from cloche_engine.core.engine import LocalEngine

pytestmark = pytest.mark.kernel

Fill = Callable[[tarfile.TarFile], None]
VICTIM = "cloche-test-victim"


def member(name: str, kind: bytes = tarfile.REGTYPE, **fields: object) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.mode = kind, 0o755
    for key, value in fields.items():
        setattr(info, key, value)
    return info


def put(*members: tarfile.TarInfo, content: bytes = b"") -> Fill:
    def fill(tar: tarfile.TarFile) -> None:
        for each in members:
            if each.isreg() and not each.size:
                each.size = len(content)
            tar.addfile(each, io.BytesIO(content))

    return fill


def packed(path: Path, fill: Fill) -> Path:
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
        fill(tar)
    return path


async def add(engine: LocalEngine, path: Path, name: str = "hostile") -> Template:
    source = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return await engine.templates.add(name, source)
    finally:
        os.close(source)


@pytest.fixture
def victim() -> Iterator[Path]:
    """A file of the host that an archive would like to be its own."""
    place = Path("/var/lib") / VICTIM
    place.mkdir()
    (place / "file").write_text("untouched")
    yield place
    shutil.rmtree(place)


def snapshot(place: Path) -> list[tuple[str, int, int, str]]:
    """Everything of a folder that an archive could change."""
    found = [place, *sorted(place.rglob("*"))]
    return [(str(each), each.lstat().st_mode, each.lstat().st_nlink, _text(each)) for each in found]


def _text(path: Path) -> str:
    return path.read_text() if path.is_file() else ""


ESCAPES: dict[str, Fill] = {
    "dot-dot": put(member(f"../../../../../../../../var/lib/{VICTIM}/file"), content=b"owned"),
    "absolute": put(member(f"/var/lib/{VICTIM}/file"), content=b"owned"),
    "hard link out": put(member("link", tarfile.LNKTYPE, linkname=f"/var/lib/{VICTIM}/file")),
    "hard link up": put(
        member("link", tarfile.LNKTYPE, linkname=f"../../../../../../var/lib/{VICTIM}/file")
    ),
    "link, then through it": put(
        member("way", tarfile.SYMTYPE, linkname=f"/var/lib/{VICTIM}"), member("way/file"),
        content=b"owned",
    ),
    "relative link, then through it": put(
        member("way", tarfile.SYMTYPE, linkname=f"../../../../../../../var/lib/{VICTIM}"),
        member("way/file"), content=b"owned",
    ),
    "hard link to a link": put(
        member("way", tarfile.SYMTYPE, linkname=f"/var/lib/{VICTIM}"),
        member("hard", tarfile.LNKTYPE, linkname="way/file"),
    ),
    "a folder becomes a file": put(member("a", tarfile.DIRTYPE), member("a")),
    "ids of nobody's": put(member("file", uid=70000), content=b"x"),
}  # fmt: skip


@pytest.mark.parametrize("attack", ESCAPES)
async def test_an_archive_that_leads_out_is_refused_and_leaves_no_trace(
    engine: LocalEngine, tmp_path: Path, victim: Path, attack: str
) -> None:
    before = snapshot(victim)
    path = packed(tmp_path / "tar", ESCAPES[attack])
    with pytest.raises(InvalidArgumentError, match="cannot be unpacked") as refused:
        await add(engine, path)
    assert refused.value.hint
    assert snapshot(victim) == before
    assert list(engine.places.templates.iterdir()) == []


@pytest.mark.parametrize("attack", ["dot-dot", "link, then through it"])
def test_the_same_archive_changes_the_host_where_it_is_trusted(
    tmp_path: Path, victim: Path, attack: str
) -> None:
    """The positive control: Python's own unpacking, which believes what an archive says."""
    before = snapshot(victim)
    path = packed(tmp_path / "tar", ESCAPES[attack])
    (tmp_path / "trusting").mkdir()
    with tarfile.open(path) as tar:
        if hasattr(tarfile, "fully_trusted_filter"):  # an older Python trusts by itself
            tar.extraction_filter = tarfile.fully_trusted_filter
        tar.extractall(tmp_path / "trusting")  # noqa: S202 (so it is)
    assert snapshot(victim) != before


async def test_a_tree_that_only_looks_dangerous_is_whole_and_dangerous_parts_are_left_out(
    engine: LocalEngine, tmp_path: Path
) -> None:
    path = packed(tmp_path / "tar", put(
        member("bin", tarfile.DIRTYPE), member("bin/su", mode=0o4755),
        member("bin/again", tarfile.LNKTYPE, linkname="bin/su"),
        member("rootfs", tarfile.SYMTYPE, linkname="/"),
        member("dev", tarfile.DIRTYPE), member("dev/sda", tarfile.BLKTYPE, devmajor=8),
        member("dev/mem", tarfile.CHRTYPE, devmajor=1, devminor=1),
        member("xattr", pax_headers={
            "SCHILY.xattr.trusted.overlay.redirect": "/etc",
            "SCHILY.xattr.user.overlay.opaque": "y",
            "SCHILY.xattr.security.selinux": "x", "SCHILY.xattr.security.capability": "nonsense",
        }),
        member("twice"), member("twice"), content=b"12345",
    ))  # fmt: skip
    await add(engine, path)
    tree = engine.places.template_tree("hostile")
    assert sorted(each.name for each in tree.rglob("*")) == [
        "again", "bin", "dev", "rootfs", "su", "twice", "xattr",
    ]  # fmt: skip
    su = (tree / "bin/su").stat()
    assert (stat.S_IMODE(su.st_mode), su.st_uid, su.st_nlink) == (0o4755, 0, 2)
    assert os.listxattr(tree / "xattr") == []
    assert (tree / "rootfs").readlink() == Path("/")


async def test_set_user_id_programs_of_a_store_are_out_of_reach_of_users_of_the_host(
    engine: LocalEngine, tmp_path: Path, victim: Path, define: Define, root: Path
) -> None:
    """Attack E12: template and copies are root's alone; elsewhere such a program does make root."""
    shutil.copy("/usr/bin/id", root / "bin/really")
    (root / "bin/really").chmod(0o4755)
    await add(engine, root, "box")
    box = await define(inside="<filesystem type='template'><template>box</template></filesystem>")
    await box.start()
    assert await box.run("cp /bin/really /left && chmod 4755 /left") == ""
    (copy,) = engine.places.copies(box.uuid).rglob("left")
    in_template = engine.places.template_tree("box") / "bin/really"
    for folder in (engine.places.templates, engine.places.copies(box.uuid).parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    shutil.copy(copy, victim / "id")
    (victim / "id").chmod(0o4755)
    assert "euid=0" in as_user(victim / "id")
    for each in (copy, in_template):
        assert each.stat().st_mode & stat.S_ISUID
        with pytest.raises(PermissionError):
            as_user(each)


def as_user(program: Path) -> str:
    """What a program says that a user of the host runs."""
    done = subprocess.run(
        [program],
        user=1000,
        group=1000,
        extra_groups=[],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


async def test_bytes_and_files_have_a_quota(engine: LocalEngine, tmp_path: Path) -> None:
    engine.templates.quota = Quota(size=1 << 20, files=100)
    many = packed(tmp_path / "many", put(*(member(f"f{n}") for n in range(101))))
    with pytest.raises(InvalidArgumentError, match="more than 100 files"):
        await add(engine, many)
    for path in (
        _sparse(tmp_path, 10 << 30),
        packed(tmp_path / "big", put(member("x"), content=b"0" * (2 << 20))),
    ):
        with pytest.raises(InvalidArgumentError, match="more than 1 MiB"):
            await add(engine, path)
    assert list(engine.places.templates.iterdir()) == []


async def test_a_small_disk_and_a_full_one_are_told_and_what_is_freed_is_used(
    tmp_path: Path,
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", disk], check=True)
    try:
        engine = await LocalEngine.open(disk, tmp_path / "run", instance_of(tmp_path))
        try:
            large = packed(tmp_path / "large", put(member("x"), content=b"0" * (2 << 20)))
            with pytest.raises(InvalidArgumentError, match=r"too little disk .* than \d+ KiB"):
                await add(engine, large)
            (tmp_path / "tree").mkdir()
            (tmp_path / "tree/x").write_bytes(bytes(2 << 20))
            with pytest.raises(InvalidArgumentError, match="the directory cannot be copied: too"):
                await add(engine, tmp_path / "tree")
            box = await engine.define(Definition().text())
            with contextlib.suppress(OSError), (disk / "full").open("wb", buffering=0) as file:
                while file.write(b"x" * 4096):
                    pass
            small = packed(tmp_path / "small", put(member("x"), content=b"0"))
            with pytest.raises(EngineError, match=f"saved in {disk}: No space left"):
                await add(engine, small)
            with pytest.raises(EngineError, match=r"saved in .*: No space left"):
                await engine.define(Definition(name="other").text())
            await engine.undefine(box.uuid)
            assert await engine.containers() == []
            (disk / "full").unlink()
            assert (await add(engine, small)).files == 1
        finally:
            await engine.close()
    finally:
        subprocess.run(["umount", disk], check=True)


async def test_holes_of_a_file_stay_holes(engine: LocalEngine, tmp_path: Path) -> None:
    """As large as a file may be where they are kept, but for what the disk cannot hold."""
    hole = min(10 << 30, shutil.disk_usage(tmp_path).free // 2)
    await add(engine, _sparse(tmp_path, hole))
    kept = (engine.places.template_tree("hostile") / "sparse").stat()
    assert kept.st_size == hole + 4
    assert kept.st_blocks * 512 < 1 << 20
    with (engine.places.template_tree("hostile") / "sparse").open("rb") as file:
        file.seek(hole)
        assert file.read() == b"tail"


def _sparse(folder: Path, hole: int) -> Path:
    (folder / "holes").mkdir(exist_ok=True)
    with (folder / "holes/sparse").open("wb") as file:
        file.seek(hole)
        file.write(b"tail")
    path = folder / "sparse.tar"
    subprocess.run(
        ["tar", "--sparse", "--format=posix", "-C", folder / "holes", "-cf", path, "."], check=True
    )
    return path


@pytest.mark.parametrize("kind", ["gz", "xz", "zst", ""])
async def test_an_archive_that_breaks_off_is_refused(
    engine: LocalEngine, tmp_path: Path, kind: str
) -> None:
    """Also between two files, where tar readers take the end for the end."""
    path = packed(tmp_path / "tar", put(*(member(f"f{n}") for n in range(9)), content=b"0" * 512))
    path.write_bytes(path.read_bytes()[: 9 * 1024])
    if kind:
        words = {"gz": "gzip", "xz": "xz", "zst": "zstd"}
        done = subprocess.run([words[kind], "-c", path], check=True, capture_output=True)
        path.write_bytes(done.stdout)
    with pytest.raises(InvalidArgumentError, match="too early"):
        await add(engine, path)


async def test_decompressors_are_never_those_of_a_tree(
    engine: LocalEngine, tmp_path: Path, root: Path, define: Define
) -> None:
    """Attack E11: programs of these names in a container's root, in PATH of nobody, do not run."""
    proof = tmp_path / "ran"
    trap = tmp_path / "trap"
    (trap / "usr/bin").mkdir(parents=True)
    for name in ("tar", "zstd", "unzstd", "xz", "gzip", "bzip2", "unpigz", "python3"):
        program = trap / "usr/bin" / name
        program.write_text(f"#!/bin/sh\ntouch {proof}\n")
        program.chmod(0o755)
    await add(engine, trap, "trap")
    subprocess.run(["tar", "--zstd", "-C", root, "-cf", tmp_path / "t.zst", "."], check=True)
    here, path = Path.cwd(), os.environ["PATH"]
    os.chdir(trap / "usr/bin")
    os.environ["PATH"] = f"{trap}/usr/bin:{path}"
    try:
        await add(engine, tmp_path / "t.zst", "packed")
        await add(engine, trap, "again")
        assert not proof.exists()
        subprocess.run(["zstd", "--version"], check=True, env={**os.environ})
    finally:
        os.chdir(here)
        os.environ["PATH"] = path
    assert proof.exists()  # the control: whoever looks in PATH does run it
    box = await define(
        inside="<filesystem type='template'><template>packed</template></filesystem>"
    )
    await box.start()
    assert "busybox" in await box.run("ls /bin")


async def test_programs_keep_their_capabilities(engine: LocalEngine, tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/ping").write_text("x")
    value = bytes.fromhex("0100000200200000000000000000000000000000")
    os.setxattr(tmp_path / "tree/ping", "security.capability", value)
    await add(engine, tmp_path / "tree")
    kept = engine.places.template_tree("hostile") / "ping"
    assert os.getxattr(kept, "security.capability") == value


async def test_what_a_killed_helper_left_is_swept(engine: LocalEngine, tmp_path: Path) -> None:
    left = engine.places.templates / ".0123456789abcdef"
    (left / "root/etc").mkdir(parents=True)
    orphan = engine.places.copies("0" * 32) / "a/files"
    orphan.mkdir(parents=True)
    await engine.close()
    state = engine.places.directory
    again = await LocalEngine.open(state, state / "run", engine.places.instance)
    await again.close()
    assert not left.exists()
    assert not orphan.parent.parent.exists()


async def test_a_release_that_is_cancelled_leaves_neither_files_nor_processes(
    engine: LocalEngine,
) -> None:
    begun = asyncio.Event()
    job = asyncio.ensure_future(
        engine.templates.debootstrap("fresh", "bookworm", lambda _: begun.set())
    )
    await asyncio.wait_for(begun.wait(), 30)
    assert [each.name[0] for each in engine.places.templates.iterdir()] == ["."]
    job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job
    assert list(engine.places.templates.iterdir()) == []
    running = [
        words
        for process in Path("/proc").glob("[0-9]*/cmdline")
        if str(engine.places.templates) in (words := _command(process))
    ]
    assert running == []


def _command(file: Path) -> str:
    try:
        return file.read_text().replace("\0", " ")
    except OSError:
        return ""
