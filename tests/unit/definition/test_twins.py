"""Two elements that say one thing differently are an error, and either of them can be kept."""

from __future__ import annotations

import pytest

from cloche_engine.definition.checking.fixing import AmbiguousFixError, mend
from cloche_engine.definition.reading import read

SHARES = "<cpushare>40</cpushare>"
TUNED = "<shares>41</shares>"
TUNE = f"<cputune>{TUNED}</cputune>"
MOST = "<memory>65536</memory>"
HARD = "<hard_limit unit='KiB'>65537</hard_limit>"
TUNE_MEMORY = f"<memtune>{HARD}</memtune>"
GIB = "<memory unit='GiB'>1</memory>"
SHELL = "<application>/bin/sh</application>"
INIT = "<init>/sbin/init</init><initarg>-v</initarg>"
SERVER = "<network><nameserver address='1.1.1.1'>1.1.1.2</nameserver></network>"


def rfc(inside: str = "", beside: str = "") -> str:
    return (
        f"<domain type='linuxcontainer'><name>one</name>{beside}"
        f"<container>{SHELL}{inside}</container></domain>"
    )


def lxc(beside: str) -> str:
    system = "<os><type>exe</type><init>/bin/sh</init></os>"
    return f"<domain type='lxc'><name>one</name>{beside}{system}</domain>"


def native(*lines: str) -> str:
    return "\n".join(("lxc.uts.name = one", "lxc.rootfs.path = /srv/one", *lines, ""))


@pytest.mark.parametrize(
    ("text", "fix", "gone"),
    [
        (rfc(beside=SHARES + TUNE), "keep-first", TUNED),
        (rfc(beside=SHARES + TUNE), "keep-second", SHARES),
        (rfc(beside=TUNE + SHARES), "keep-first", SHARES),
        (rfc(beside=MOST + TUNE_MEMORY), "keep-first", HARD),
        (rfc(beside=MOST + TUNE_MEMORY), "keep-second", MOST),
        (rfc(MOST, GIB), "keep-first", MOST),
        (rfc(MOST, GIB), "keep-second", GIB),
        (rfc(beside=f"<os>{INIT}</os>"), "keep-first", SHELL),
        (rfc(beside=f"<os>{INIT}</os>"), "keep-second", INIT),
        (rfc(SERVER), "keep-attribute", "1.1.1.2"),
        (rfc(SERVER), "keep-text", " address='1.1.1.1'"),
        (lxc(MOST + TUNE_MEMORY), "keep-first", HARD),
        (lxc(MOST + TUNE_MEMORY), "keep-second", MOST),
        (
            native("lxc.cap.drop = kill", "lxc.cap.keep = chown"),
            "remove-keep",
            "lxc.cap.keep = chown\n",
        ),
        (
            native("lxc.cap.drop = kill", "lxc.cap.keep = chown"),
            "remove-drop",
            "lxc.cap.drop = kill\n",
        ),
    ],
)
def test_of_twins_that_differ_the_user_keeps_one_by_name(text: str, fix: str, gone: str) -> None:
    assert [problem.code for problem in read(text.encode()).errors] == ["contradiction"]
    with pytest.raises(AmbiguousFixError, match=fix):
        mend(text.encode(), ["contradiction"])
    mended = mend(text.encode(), [fix])
    assert mended.data.decode() == text.replace(gone, "")
    assert read(mended.data).problems == ()


def test_a_fix_says_which_of_the_two_stays() -> None:
    (problem,) = read(rfc(beside=f"\n{SHARES}\n{TUNE}\n").encode()).errors
    assert [fix.description for fix in problem.fixes] == [
        "keep <cpushare> of line 2, remove <shares> of line 3",
        "keep <shares> of line 3, remove <cpushare> of line 2",
    ]
