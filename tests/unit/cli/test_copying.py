"""Where a copy out of a container goes, whatever comes from the container's end."""

from __future__ import annotations

import argparse
import io
import os
import tarfile
from pathlib import Path

import pytest

from cloche_engine.api.errors import EngineError
from cloche_engine.api.fake import FakeEngine
from cloche_engine.api.model import Copied
from cloche_engine.api.unpacking import Quota, Unpacker, Way, unpack_stream
from cloche_engine.cli.copying import copy

NAMED = (("hosts", b""), (".bashrc", b"evil"))
TREE = (("root", None), ("root/etc", None), ("root/etc/hosts", b"told"))


def archive(members: tuple[tuple[str, bytes | None], ...]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, content in members:
            member = tarfile.TarInfo(name)
            member.type = tarfile.DIRTYPE if content is None else tarfile.REGTYPE
            member.mode, member.size = 0o755, len(content or b"")
            tar.addfile(member, io.BytesIO(content or b""))
    return out.getvalue()


class Sends(FakeEngine):
    """An engine with a container at whose end somebody else packs."""

    def __init__(self, sent: bytes) -> None:
        super().__init__()
        self._sent = sent

    async def copy_out(self, ref: str, path: str, target: int) -> Copied:  # noqa: ARG002
        os.write(target, self._sent)
        return Copied(1, len(self._sent), 0)


async def copied(source: str, target: Path, sent: bytes) -> list[str]:
    """What is in a folder after a copy into it."""
    options = argparse.Namespace(source=f"box:{source}", target=str(target), json=False)
    assert await copy(Sends(sent), options) == 0
    return sorted(str(path.relative_to(target)) for path in target.rglob("*"))


async def test_the_container_does_not_choose_the_name(tmp_path: Path) -> None:
    """And the control: taken at its word, it writes a file that a shell reads."""
    assert await copied("/etc/hosts", tmp_path, archive(NAMED)) == ["hosts"]
    control = tmp_path / "control"
    control.mkdir()
    root = os.open(control, os.O_PATH)
    unpacker = Unpacker(root, Quota(100, 1 << 20), lambda _: None, Way(owners=False))
    unpack_stream(io.BytesIO(archive(NAMED)), unpacker)
    os.close(root)
    assert (control / ".bashrc").read_bytes() == b"evil"


async def test_all_of_a_container_goes_into_the_folder_itself(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir(mode=0o700)
    assert await copied("/", folder, archive(TREE)) == ["etc", "etc/hosts"]
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("name", ["root/../../out", "../out", "/out"])
async def test_nothing_of_it_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    with pytest.raises(Exception, match="out") as refused:
        await copied("/", folder, archive((("root", None), (name, b"evil"))))
    assert "leads out" in str(refused.value)
    assert not (tmp_path / "out").exists()


async def test_a_folder_that_is_not_there_is_named_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="/missing: No such file") as refused:
        await copied("/etc/hosts", tmp_path / "missing/hosts", archive(NAMED))
    assert "make this one first" in refused.value.hint
