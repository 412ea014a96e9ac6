"""`./dev guest-test` around the guest: what is kept between runs, its end, its exit status."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
import time
from dataclasses import replace
from pathlib import Path

import pytest
from tests.guest.__main__ import SHORT, TESTS, names_tests, with_tests
from tests.guest.cache import Cache
from tests.guest.disks import checkout_disk, read_results
from tests.guest.image import Image
from tests.guest.machine import Machine, run

SBIN = f"{os.environ['PATH']}:/usr/sbin:/sbin"


def fill(folder: Path) -> None:
    (folder / "disk").write_text("made")


def refuse(folder: Path) -> None:
    raise AssertionError(folder)


def test_what_is_there_is_not_made_again(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    first = cache.folder("image", ("a", "b"), fill)
    assert (first / "disk").read_text() == "made"
    assert cache.folder("image", ("a", "b"), refuse) == first


def test_other_ingredients_make_it_anew_and_the_old_one_goes(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    first, other = cache.folder("image", "old", fill), cache.folder("packages", "old", fill)
    second = cache.folder("image", "new", fill)
    assert sorted(tmp_path.iterdir()) == sorted([second, other])
    assert first != second


def test_what_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    def break_off(folder: Path) -> None:
        fill(folder)
        raise OSError("no space")

    with pytest.raises(OSError, match="no space"):
        Cache(tmp_path).folder("image", "x", break_off)
    assert list(tmp_path.iterdir()) == []


def sh(line: str, seconds: float = 20) -> bool:
    """Run that in the place of qemu."""
    return run(["sh", "-c", line], seconds)


def test_what_the_guest_says_is_passed_on(capfd: pytest.CaptureFixture[str]) -> None:
    assert sh(r"printf 'one\r\ntwo\r\n'")
    assert capfd.readouterr().out == "one\ntwo\n"


def test_a_guest_that_does_not_end_is_ended() -> None:
    began = time.monotonic()
    assert not sh("exec sleep 60", seconds=0.2)
    assert time.monotonic() - began < 10


def test_a_qemu_that_fails_is_no_end_by_itself() -> None:
    assert not sh("exit 1")


def test_only_a_guest_that_is_to_boot_again_does() -> None:
    once = Machine(Image(Path("k"), Path("i"), Path("d")), {}, Path("r"), Path("c"))
    assert "-no-reboot" in once.words()
    assert "-no-reboot" not in replace(once, reboots=True).words()


def test_the_status_is_what_the_guest_wrote(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.write_bytes(bytes(1 << 20))
    last = tmp_path / "last"
    last.mkdir()
    assert read_results(disk, last) is None
    (tmp_path / "made").mkdir()
    (tmp_path / "made/status").write_text("3")
    with tarfile.open(disk, "w:") as tar:
        tar.add(tmp_path / "made", ".")
    assert read_results(disk, last) == 3


def test_options_alone_choose_no_tests() -> None:
    assert not names_tests(["-x", "-k", "limits"])
    assert names_tests(["-x", "tests/kernel/test_limits.py::test_it"])


def test_without_tests_the_usual_ones_run() -> None:
    assert with_tests(["-x"], short=False) == ["-x", *TESTS]
    assert with_tests(["-x"], short=True) == ["-x", *SHORT]
    assert with_tests(["tests/kernel/test_trees.py"], short=False) == ["tests/kernel/test_trees.py"]


def test_the_short_form_has_what_v2_changes() -> None:
    """The marker could be lost with a file that is renamed: each of these must be in it."""
    kernel = Path(__file__).parents[1] / "kernel"
    marked = {file.stem for file in kernel.glob("test_*.py") if "mark.v2" in file.read_text()}
    assert {"test_limits", "test_isolation", "test_systemd", "test_network"} <= marked


@pytest.mark.skipif(not shutil.which("debugfs", path=SBIN), reason="no e2fsprogs here")
def test_the_checkout_goes_in_with_the_arguments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", SBIN)
    disk = checkout_disk(tmp_path, ["-k", "two words"])
    for name, text in (("arguments", "-k\0two words"), ("checkout/dev", "#!/bin/sh")):
        words = ["debugfs", "-R", f"cat {name}", str(disk)]
        said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
        assert said.startswith(text)


def test_what_was_cut_short_goes_at_the_next_run(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    with cache.passing() as cut_short:
        name = cut_short.name
    (tmp_path / name).mkdir()
    with cache.alone():
        assert not (tmp_path / name).exists()
