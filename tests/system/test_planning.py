"""`clochectl plan` and `diff` say what a definition would change and change nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.kernel.box import busybox_root
from tests.system.command import Command, command

pytestmark = [pytest.mark.kernel, pytest.mark.bus]


@pytest.fixture
def clochectl(tmp_path: Path) -> Iterator[Command]:
    with command(tmp_path / "state") as made:
        yield made
        made.clear()


@pytest.fixture
def name(clochectl: Command, tmp_path: Path) -> str:
    return clochectl.start(root=busybox_root(tmp_path / "root"))


def edited(clochectl: Command, name: str, file: Path, old: str, new: str) -> str:
    text = clochectl.ok("xml", name)
    assert old in text
    file.write_text(text.replace(old, new))
    return str(file)


def test_a_plan_tells_now_from_next_start(clochectl: Command, name: str, tmp_path: Path) -> None:
    before = clochectl.ok("xml", name)
    title = "<title>Mine</title>\n  <container>"
    file = edited(clochectl, name, tmp_path / "new.xml", "<container>", title)
    Path(file).write_text(Path(file).read_text().replace("/bin/sh", "/bin/ash"))
    told = clochectl.json("plan", name, file)
    assert told["running"] is True
    assert [(step["path"], step["when"]) for step in told["steps"]] == [
        ("title", "now"),
        ("program", "next start"),
    ]
    assert "<title>Mine</title>" in told["diff"]
    said = clochectl.ok("plan", name, file)
    assert "\nNow:\n  Title: Mine.\n" in said
    assert "\nNext start:\n  Program: /bin/ash" in said
    assert clochectl.ok("diff", name, file) == told["diff"]
    assert clochectl.ok("xml", name) == before


def test_what_is_stored_has_an_empty_plan(clochectl: Command, name: str, tmp_path: Path) -> None:
    file = edited(clochectl, name, tmp_path / "same.xml", "", "")
    assert clochectl.ok("diff", name, file) == ""
    assert clochectl.ok("plan", name, file) == "Nothing changes.\n"


def test_a_plan_from_standard_input_is_for_the_container_that_is_named(
    clochectl: Command, name: str
) -> None:
    text = clochectl.ok("xml", name)
    other = text.replace(clochectl.json("show", name)["uuid"], "f" * 32)
    refused = clochectl.run("plan", name, "-", fed=other.encode())
    assert refused.returncode == 1
    assert b"another container's" in refused.stderr
    broken = clochectl.run("diff", name, "-", fed=text[:40].encode())
    assert broken.returncode == 1
    assert broken.stderr.startswith(b"clochectl: <stdin>:")
    unknown = clochectl.run("plan", "nobody", "-", fed=text.encode())
    assert unknown.returncode == 1
