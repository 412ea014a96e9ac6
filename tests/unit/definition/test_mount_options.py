"""Options that a mount cannot have are told where they stand, before a start would refuse them."""

from __future__ import annotations

import pytest
from tests.unit.definition.samples import PROGRAM, domain, warnings

from cloche_engine.definition.checking.fixing import mend
from cloche_engine.definition.converting.conversion import convert
from cloche_engine.definition.dialects.dialect import Dialect
from cloche_engine.definition.document import Document

TREE = "type='mount'><source dir='/srv/a'/><target dir='/a'/>"
MEMORY = "type='ram'><source usage='64' unit='MiB'/><target dir='/run'/>"
OWN = "<filesystem type='mount'><source dir='/srv'/><target dir='/'/><readonly/></filesystem>"


def mounted(*options: str, mount: str = TREE) -> Document:
    written = "\n".join(f"<option>{option}</option>" for option in options)
    return domain(f"{PROGRAM}{OWN}<filesystem {mount}\n{written}</filesystem>")


@pytest.mark.parametrize(
    ("option", "mount", "hint", "right"),
    [
        ("optional", TREE, "remove the option", ""),
        ("mode=1777", MEMORY, "remove the option", ""),
        ("mode=0755", TREE, "use some of exec, noatime", ""),
        ("nosiud", TREE, "did you mean nosuid?", "<option>nosuid</option>"),
        ("noexec, optional", TREE, "remove the option", "<option>noexec</option>"),
        ("dev", TREE, "remove the option", ""),
        ("suid", TREE, "remove the option, or put", ""),
    ],
)
def test_an_option_that_cannot_be_is_told_at_its_place_and_mended(
    option: str, mount: str, hint: str, right: str
) -> None:
    document = mounted("nodev", option, mount=mount)
    (problem,) = [each for each in document.problems if each.code == "mount-option"]
    assert problem.reason.startswith("the container will not start: the mount on /")
    assert option.rpartition(" ")[2] in problem.reason
    assert problem.hint.startswith(hint)
    assert problem.place == (5, len("<option>") + 1)
    assert not document.errors
    done = mend(document.data, ["mount-option"])
    wrong = f"<option>{option}</option>"
    assert done.data.replace(b"\n", b"") == (
        document.data.replace(wrong.encode(), right.encode()).replace(b"\n", b"")
    )
    assert "mount-option" not in warnings(Document.parse(done.data))


@pytest.mark.parametrize("options", [("exec,noexec",), ("rw", "ro")])
def test_which_of_two_that_contradict_is_meant_is_not_guessed(options: tuple[str, ...]) -> None:
    document = mounted(*options)
    (problem,) = [each for each in document.problems if each.code == "mount-option"]
    assert "contradict each other" in problem.reason
    assert problem.fixes == ()


@pytest.mark.parametrize("options", [("nosuid", "noexec,noatime"), ("rbind", "create=file")])
def test_options_that_a_mount_can_have_are_no_problem(options: tuple[str, ...]) -> None:
    assert "mount-option" not in warnings(mounted(*options))
    assert "mount-option" not in warnings(mounted("mode=0755", mount=MEMORY))


def test_what_lxc_alone_can_mount_so_is_told_when_it_is_converted() -> None:
    lines = (
        "lxc.uts.name = box",
        "lxc.rootfs.path = /srv/box",
        "lxc.init.cmd = /bin/sh",
        "lxc.mount.entry = /srv/a a none bind,optional 0 0",
    )
    done = convert("\n".join(lines).encode(), Dialect.LINUXCONTAINER)
    assert [problem.code for problem in done.refused] == ["mount-option"]
    assert done.text is not None
    assert b"<option>optional</option>" in done.text
