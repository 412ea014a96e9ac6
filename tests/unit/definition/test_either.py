"""Of two that are in each other's way either can be kept, by the name of a fix."""

from __future__ import annotations

import pytest
from tests.unit.definition.dialects import conf_reading
from tests.unit.definition.dialects.conf_reading import native, the_error
from tests.unit.definition.samples import PROGRAM

from cloche_engine.definition.checking.fixing import mend
from cloche_engine.definition.reading import read

IP = "<ip address='10.0.0.2' prefix='24'/>"
ONE, OTHER = "<gateway address='10.0.0.1'/>", "<gateway>10.0.0.3</gateway>"
ROUTE = "<route address='0.0.0.0' gateway='10.0.0.3'/>"


def ours(container: str) -> bytes:
    inside = f"<name>one</name><container>{PROGRAM}{container}</container>"
    return f"<domain type='linuxcontainer'>{inside}</domain>".encode()


def libvirts(devices: str) -> bytes:
    return f"<domain type='lxc'><name>one</name><devices>{devices}</devices></domain>".encode()


def mount(source: str) -> str:
    inside = f"<source dir='{source}'/><target dir='/srv'/>"
    return f"<filesystem type='mount'>{inside}</filesystem>"


def net(inside: str) -> bytes:
    return ours(f"<network>{IP}{inside}</network>")


def link(inside: str) -> bytes:
    return libvirts(f"<interface type='ethernet'>{IP}{inside}</interface>")


WAY = "<route address='0.0.0.0' gateway='10.0.0.1'/>"


@pytest.mark.parametrize(
    ("both", "first", "second"),
    [
        (ours(mount("/a") + mount("/b")), ours(mount("/a")), ours(mount("/b"))),
        (libvirts(mount("/a") + mount("/b")), libvirts(mount("/a")), libvirts(mount("/b"))),
        (net(ONE + OTHER), net(ONE), net(OTHER)),
        (link(WAY + ROUTE), link(WAY), link(ROUTE)),
    ],
)
def test_either_of_two_can_be_kept(both: bytes, first: bytes, second: bytes) -> None:
    (problem,) = read(both).errors
    assert [fix.name for fix in problem.fixes] == ["keep-first", "keep-second"]
    assert mend(both, ["keep-first"]).data == first
    assert mend(both, ["keep-second"]).data == second
    assert read(first).errors == read(second).errors == ()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("lxc.mount.entry = /a srv none bind 0 0", "lxc.mount.entry = /b srv none bind 0 0"),
        ("lxc.net.0.ipv4.gateway = 10.0.0.1", "lxc.net.0.ipv4.gateway = 10.0.0.3"),
    ],
)
def test_either_of_two_lines_can_be_kept(first: str, second: str) -> None:
    link = "lxc.net.0.type = veth\nlxc.net.0.ipv4.address = 10.0.0.2/24"
    problem = the_error(native(link, first, second))
    text = "lxc.uts.name = one\nlxc.rootfs.path = /srv/one\n" + f"{link}\n{first}\n{second}\n"
    assert conf_reading.mended(text, problem, "keep-first") == text.replace(second + "\n", "")
    assert conf_reading.mended(text, problem, "keep-second") == text.replace(first + "\n", "")


def test_of_two_mounts_in_one_text_none_is_taken_away() -> None:
    (problem,) = read(ours("<filesystem>/srv = /a\n/srv = /b</filesystem>")).errors
    assert (problem.code, problem.fixes) == ("same-target", ())
