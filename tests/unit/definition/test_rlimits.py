"""`<rlimit>`, `<processes>` and the disks of `<blkiotune>`: read, written, refused."""

from __future__ import annotations

import pytest

from cloche_engine.definition.document import Document
from cloche_engine.definition.editing.edit import set_processes
from cloche_engine.definition.spec import IoDevice, Rlimit


def document(inside: str = "", around: str = "") -> Document:
    text = (
        "<domain type='linuxcontainer'><name>box</name><container><application>/bin/sh"
        f"</application>{inside}</container>{around}</domain>"
    )
    return Document.parse(text.encode())


def test_limits_of_processes_are_read() -> None:
    spec = document(
        "<rlimit name='nofile' soft='1024' hard='4096'/><rlimit name='core' hard='unlimited'/>",
        "<processes>64</processes>",
    ).compiled()
    assert spec.rlimits == (Rlimit("nofile", 1024, 4096), Rlimit("core", None, None))
    assert spec.processes == 64


@pytest.mark.parametrize(
    ("inside", "around", "code"),
    [
        ("<rlimit name='nofile' soft='9' hard='8'/>", "", "rlimit"),
        ("<rlimit name='nofile' soft='unlimited' hard='8'/>", "", "rlimit"),
        ("<rlimit name='nofile' hard='many'/>", "", "rlimit"),
        ("<rlimit name='nofile' hard='-1'/>", "", "rlimit"),
        ("<rlimit name='nofile'/>", "", "missing"),
        ("<rlimit name='files' hard='8'/>", "", "name"),
        ("<rlimit name='core' hard='8'/><rlimit name='core' hard='9'/>", "", "duplicate"),
        ("", "<processes>0</processes>", "processes"),
        ("", "<processes>many</processes>", "processes"),
        ("", "<blkiotune><device><weight>300</weight></device></blkiotune>", "missing"),
        ("", "<blkiotune><device><path>sda</path></device></blkiotune>", "path"),
        ("", f"<blkiotune>{'<device><path>/dev/sda</path></device>' * 2}</blkiotune>", "duplicate"),
    ],
)
def test_what_cannot_be_a_limit_is_refused_where_it_stands(
    inside: str, around: str, code: str
) -> None:
    problems = document(inside, around).errors
    assert [problem.code for problem in problems] == [code]
    assert problems[0].hint or "has to" in problems[0].reason
    assert problems[0].line == 1


def test_rates_of_a_disk_are_read_and_none_is_no_rate() -> None:
    rates = "<read_bytes_sec>4096</read_bytes_sec><write_iops_sec>0</write_iops_sec>"
    disk = f"<device><path>/dev/sda</path>{rates}</device>"
    spec = document("", f"<blkiotune>{disk}</blkiotune>").compiled()
    assert spec.io_devices == (IoDevice("/dev/sda", read_bytes_sec=4096),)


def test_the_number_of_processes_is_edited_alone() -> None:
    limited = set_processes(document(), 64)
    assert limited.text == document(around="<processes>64</processes>").text
    assert set_processes(limited, 65).text == document(around="<processes>65</processes>").text
    assert set_processes(limited, None).text == document().text
