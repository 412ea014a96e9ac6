"""What is wrong is told in one sentence with cause and next step, and nothing half-made is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests import terminals
from tests.bus import world
from tests.bus.system_bus import NOBODY, system
from tests.kernel.box import GREEDY, Definition, busybox_root
from tests.system.command import Command, Refusal, command

pytestmark = [pytest.mark.kernel, pytest.mark.bus]

GOOD = Definition("good").text()


@pytest.fixture
def clochectl(tmp_path: Path) -> Iterator[Command]:
    with command(tmp_path / "helper") as made:
        yield made
        made.clear()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return busybox_root(tmp_path / "root")


def start_refused(clochectl: Command, name: str, root: Path | None = None) -> Refusal:
    """A start that fails keeps the definition, says why later too, and leaves nothing behind."""
    stored = clochectl.ok("xml", name)
    entries = sorted(path.name for path in root.iterdir()) if root else []
    refusal = clochectl.refused("start", name)
    shown = clochectl.json("show", name)
    assert (shown["state"], shown["pid"]) == ("failed", None)
    assert (shown["error"], shown["hint"]) == (refusal.cause, refusal.step)
    assert clochectl.ok("xml", name) == stored
    assert clochectl.live_runtimes() == []
    if root:
        assert sorted(path.name for path in root.iterdir()) == entries
    return refusal


def test_a_missing_source_directory(clochectl: Command, root: Path, tmp_path: Path) -> None:
    source = tmp_path / "data"
    name = clochectl.define(root=root, mounts=((source, "/data", False),))
    refusal = start_refused(clochectl, name, root)
    assert refusal.cause == f"box did not start: the source {source} does not exist"
    assert refusal.step.startswith("make the directory")
    source.mkdir()
    clochectl.ok("start", name)


def test_an_unknown_program(clochectl: Command, root: Path) -> None:
    name = clochectl.define(root=root, program=("/bin/nope",))
    refusal = start_refused(clochectl, name, root)
    assert f"the program /bin/nope does not exist in {root}" in refusal.cause
    assert "correct <application>" in refusal.step


def test_a_program_that_nobody_may_execute(clochectl: Command, root: Path) -> None:
    (root / "bin/script").write_text("#!/bin/sh\n")
    name = clochectl.define(root=root, program=("/bin/script",))
    refusal = start_refused(clochectl, name, root)
    assert "the program /bin/script is not executable (mode 0644)" in refusal.cause
    assert "chmod +x" in refusal.step


def test_a_name_already_taken(clochectl: Command) -> None:
    clochectl.define()
    before = clochectl.json("list")
    other = Definition(program=("/bin/other",)).text()
    refusal = clochectl.refused("define", "-", fed=other)
    assert refusal.cause == "there is a container named 'box' already"
    assert "`clochectl xml box`" in refusal.step
    assert "choose another name" in refusal.step
    assert clochectl.json("list") == before
    assert "/bin/other" not in clochectl.ok("xml", "box")


def test_memory_below_what_the_program_needs(clochectl: Command, root: Path) -> None:
    name = clochectl.define(root=root, program=GREEDY, around="<memory>512</memory>")
    clochectl.run("start", name)  # a small program comes to run before it outgrows them
    ended = clochectl.json("wait", name)
    told = "more memory than the 512 KiB", "killed for want of memory: limit 512 KiB, peak "
    assert any(words in ended["error"] for words in told)
    assert "raise <memory>" in ended["hint"]


def test_memory_below_what_any_program_needs(clochectl: Command) -> None:
    text = Definition(around="<memory>64</memory>").text()
    refusal = clochectl.refused("define", "-", fed=text)
    assert "64 KiB is less than" in refusal.cause
    assert "65536 is 64 MiB" in refusal.step
    in_megabytes = Definition(around="<memory unit='MiB'>abc</memory>").text()
    step = clochectl.refused("define", "-", fed=in_megabytes).step
    assert step.startswith("write a whole number of MiB, such as 64;")
    assert clochectl.json("list") == []


def test_a_root_tree_without_proc_is_completed_for_the_run(clochectl: Command, root: Path) -> None:
    name = clochectl.start(root=root)
    assert clochectl.ok("exec", name, "--", "readlink", "/proc/self/ns/pid").startswith("pid:")
    clochectl.ok("kill", name)
    assert [path.name for path in root.iterdir()] == ["bin"]


def test_a_root_tree_without_proc_that_cannot_be_completed(clochectl: Command, root: Path) -> None:
    subprocess.run(["mount", "--bind", root, root], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", root], check=True)
        refusal = start_refused(clochectl, clochectl.define(root=root), root)
    finally:
        subprocess.run(["umount", root], check=True)
    assert f"the mount point {root}/proc is missing and cannot be made" in refusal.cause
    assert f"mkdir -p {root}/proc" in refusal.step


def test_xml_that_is_cut(clochectl: Command) -> None:
    for end in (b"<dom", b"<name", b"<name>go", b"</name", b"<container>", b"</container>"):
        cut = GOOD[: GOOD.index(end) + len(end)]
        assert clochectl.refused("define", "-", fed=cut).cause.startswith("<stdin>:1:")
    assert clochectl.json("list") == []


def test_a_doctype(clochectl: Command) -> None:
    refusal = clochectl.refused("define", "-", fed=b"<!DOCTYPE domain>" + GOOD)
    assert "a DOCTYPE (and with it entities) is refused" in refusal.cause
    assert "remove the <!DOCTYPE" in refusal.step
    assert clochectl.json("list") == []


def test_ten_megabytes_of_xml(clochectl: Command, tmp_path: Path) -> None:
    file = tmp_path / "large.xml"
    file.write_bytes(GOOD.replace(b"<container>", b"<container>" + b" " * 10_000_000))
    refusal = clochectl.refused("define", str(file))
    assert refusal.cause.startswith(f"{file}:1:1: ")
    assert "131072" in refusal.cause
    assert clochectl.json("list") == []


def test_no_free_pty(clochectl: Command, root: Path) -> None:
    with terminals.none_free():  # from the beginning: a prepared start has one
        name = clochectl.define(root=root)
        refusal = start_refused(clochectl, name, root)
        assert clochectl.refused("start", name, "--console") == refusal
    assert "no free pseudoterminal" in refusal.cause
    assert "sysctl kernel.pty.max" in refusal.step
    clochectl.ok("start", name)


def test_a_console_of_what_did_not_start_says_why(clochectl: Command) -> None:
    name = clochectl.define()
    assert clochectl.refused("console", name) == Refusal("'box' has not run yet", "start it first")
    clochectl.ok("undefine", name)
    name = clochectl.define(program=("/no/such",))
    refusal = clochectl.refused("start", name)
    assert clochectl.refused("console", name) == refusal


def test_a_program_unknown_to_exec_is_not_blamed_on_the_definition(
    clochectl: Command, root: Path
) -> None:
    name = clochectl.start(root=root)
    refusal = clochectl.refused("exec", name, "--", "/bin/nope", status=127)
    assert refusal.cause == f"/bin/nope did not start: it does not exist in {root}"
    assert "<" not in refusal.step
    assert clochectl.json("show", name)["state"] == "running"


def test_a_program_that_exec_cannot_run_has_the_status_that_a_shell_gives(
    clochectl: Command, root: Path
) -> None:
    (root / "plain").write_text("no program\n")
    (root / "plain").chmod(0o644)
    name = clochectl.start(root=root)
    (root / "bin/plain").symlink_to("/plain")
    (root / "circle").symlink_to("circle")
    for program, status, why in (
        ("nope", 127, "does not exist"), ("/plain", 126, "not executable (mode 0644)"),
        ("plain", 126, "not executable (mode 0644)"), ("/bin", 126, "is a directory"),
        ("/circle", 126, "leads in a circle"),
    ):  # fmt: skip
        assert why in clochectl.refused("exec", name, "--", program, status=status).cause
    clochectl.refused("exec", "--directory", "/nope", name, "--", "true", status=1)


def test_an_argument_that_is_no_text(clochectl: Command) -> None:
    done = subprocess.run(
        [*map(os.fsencode, clochectl.words("show")), b"\xff"], capture_output=True, check=False
    )
    assert "no text in UTF-8" in Refusal.of(done).cause


def test_a_name_that_nothing_has(clochectl: Command) -> None:
    for name in ("../x", "/etc/passwd", "a\nb\x1b[31m", "x" * 10_000, "", "-rf"):
        assert "there is no container '" in clochectl.refused("start", "--", name).cause


def test_a_helper_that_goes_during_a_call_loses_nothing(tmp_path: Path, root: Path) -> None:
    directory = tmp_path / "x"
    deaf = ("/bin/sh", "-c", "trap 'echo no' TERM; trap '' HUP; while :; do sleep 1; done")
    words = world.real_helper_words(directory)
    with world.helper(directory, words=words) as first:
        clochectl = Command(directory)
        name = clochectl.start(root=root, program=deaf)
        before = clochectl.json("show", name)
        with (
            subprocess.Popen(clochectl.words("wait", name, "--state", "stopping")) as stopping,
            subprocess.Popen(
                clochectl.words("stop", name, "--timeout", "60"), stderr=subprocess.PIPE
            ) as stop,
        ):
            assert stopping.wait(20) == 0
            first.process.send_signal(signal.SIGKILL)
            _, said = stop.communicate(timeout=20)
    refusal = Refusal.of(subprocess.CompletedProcess((), stop.returncode, b"", said))
    assert refusal.cause == "the helper went away"
    assert "containers go on" in refusal.step
    with world.helper(directory, words=words):
        after = clochectl.json("show", name)
        assert (after["state"], after["pid"]) == ("running", before["pid"])
        clochectl.clear()


def as_nobody(*words: str, **environment: str) -> Refusal:
    """How clochectl refuses a user who is nobody."""
    asked = subprocess.run(
        [sys.executable, "-m", "tests.system.as_user", str(NOBODY), *words],
        stdin=subprocess.DEVNULL, capture_output=True, timeout=30, check=False,
        cwd=world.REPOSITORY, env=dict(os.environ) | environment,
    )  # fmt: skip
    return Refusal.of(asked)


def test_a_stranger_without_a_polkit_agent(clochectl: Command) -> None:
    with system() as made:
        refusal = as_nobody("--connect", "system", "list", **made.environment)
    assert "a password is needed" in refusal.cause
    assert "no polkit agent runs" in refusal.cause
    assert "pkttyagent" in refusal.step


def test_a_stranger_who_may_not_start_a_helper_leaves_no_folders() -> None:
    with world.open_folder() as folder:
        folder.chmod(0o777)
        refusal = as_nobody("--connect", f"private:{folder}/deep/down", "list")
        assert "pkexec did not get permission" in refusal.cause
        assert "polkit" in refusal.step
        assert list(folder.iterdir()) == []


def test_a_system_without_pkexec() -> None:
    with world.open_folder() as folder:
        refusal = as_nobody("--connect", f"private:{folder}/x", "list", PATH="/nowhere")
    assert "pkexec, which asks for the password, is missing" in refusal.cause
    assert "install the package pkexec" in refusal.step


def test_somebody_elses_helper() -> None:
    with world.open_folder() as folder, command(folder / "x") as mine:
        refusal = as_nobody("--connect", mine.target, "list")
    assert "serves another user" in refusal.cause
    assert "a directory of your own" in refusal.step
