"""`clochectl template` as people use it, against a running helper."""

from __future__ import annotations

import io
import os
import pty
import signal
import subprocess
import tarfile
from pathlib import Path

import pytest
from tests.bus import world
from tests.bus.shell import Shell

pytestmark = pytest.mark.bus


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    with tarfile.open(tmp_path / "small.tar.gz", "w:gz") as tar:
        member = tarfile.TarInfo("etc/file")
        member.size = 5
        tar.addfile(member, io.BytesIO(b"hello"))
    return tmp_path / "small.tar.gz"


def test_templates_are_added_listed_and_removed(shell: Shell, archive: Path) -> None:
    assert "template add NAME DIR|TAR" in shell.ok("template", "list")
    said = shell.ok("template", "add", "small", str(archive))
    assert said.startswith("small: made of 1 file,")
    element = said.splitlines()[-1].encode()
    text = world.shell("user").replace(b"<container>", b"<container>" + element)
    shell.ok("define", "-", fed=text)
    assert shell.json("template", "list")[0]["used_by"] == ["user"]
    shell.ok("undefine", "user")
    assert "small" in shell.ok("template", "list").splitlines()[1]
    (listed,) = shell.json("template", "list")
    assert (listed["name"], listed["files"], listed["size"]) == ("small", 1, 5)
    assert "already" in shell.fails("template", "add", "small", str(archive))
    assert shell.ok("template", "remove", "small") == "small: removed\n"
    assert shell.json("template", "list") == []
    assert "no template named" in shell.fails("template", "remove", "small")


def test_a_directory_is_packed_on_the_way(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "tree/etc").mkdir(parents=True)
    made = shell.json("template", "add", "tree", str(tmp_path / "tree"))
    assert (made["name"], made["files"]) == ("tree", 1)


def test_what_is_not_there_and_what_is_no_archive_are_told(shell: Shell, tmp_path: Path) -> None:
    assert "No such file" in shell.fails("template", "add", "x", str(tmp_path / "none"))
    (tmp_path / "text").write_text("text")
    assert "cannot be unpacked" in shell.fails("template", "add", "x", str(tmp_path / "text"))
    assert shell.json("template", "list") == []
    assert "ACTION" in shell.fails("template", status=2)


def test_an_interrupt_cancels_and_leaves_nothing(shell: Shell) -> None:
    """At a terminal: what it does is shown on stderr until Ctrl+C is pressed there."""
    master, slave = pty.openpty()
    words = shell.words("template", "debootstrap", "fresh", "bookworm")
    with subprocess.Popen(words, stderr=slave, stdout=subprocess.PIPE) as job:
        os.close(slave)
        said = b""
        while b"unpacking bookworm" not in said:
            said += os.read(master, 4096)
        job.send_signal(signal.SIGINT)
        while b"cancelled; nothing of it is left" not in said:
            said += os.read(master, 4096)
        assert job.wait(20) == 130
    os.close(master)
    assert shell.json("template", "list") == []
    assert shell.ok("template", "debootstrap", "fresh", "bookworm").startswith("fresh: made of")
