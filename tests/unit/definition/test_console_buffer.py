"""`<console_buffer>`: how much of a console is kept, in any unit, within its range."""

from __future__ import annotations

import pytest
from tests.unit.definition.samples import domain

from cloche_engine.definition.editing.edit import set_console_kib


def element(text: str, unit: str = "") -> str:
    return f"<console_buffer{unit and f' unit={unit!r}'}>{text}</console_buffer>"


@pytest.mark.parametrize(
    ("text", "unit", "kib"),
    [("64", "", 64), ("2", "MiB", 2048), ("16", "MiB", 16384), ("4", "KiB", 4), ("8192", "b", 8)],
)
def test_the_size_is_read_in_its_unit(text: str, unit: str, kib: int) -> None:
    document = domain(rest=element(text, unit))
    assert document.spec is not None
    assert (document.problems, document.spec.console_kib) == ((), kib)


@pytest.mark.parametrize(
    ("text", "unit", "reason"),
    [
        ("3", "", "3 KiB is less than 4 KiB"),
        ("0", "", "0 KiB is less than 4 KiB"),
        ("-5", "", "-5 KiB is less than 4 KiB"),
        ("17", "MiB", "17 MiB is more than 16 MiB"),
        ("9" * 40, "", "is more than 16 MiB"),
        ("much", "", "'much' is no whole number"),
        ("", "", "'' is no whole number"),
    ],
)
def test_a_size_out_of_range_is_one_error_with_the_range(text: str, unit: str, reason: str) -> None:
    (problem,) = domain(rest=element(text, unit)).errors
    assert reason in problem.reason
    assert problem.hint == "4 KiB to 16 MiB; leave the element out for 256 KiB"


def test_an_unknown_unit_is_told_once() -> None:
    (problem,) = domain(rest=element("1", "parsec")).errors
    assert "the unit 'parsec' is not known" in problem.reason


def test_an_edit_keeps_the_unit_where_it_can() -> None:
    silent, stated = domain(), domain(rest=element("1", "MiB"))
    assert element("2", "MiB") in set_console_kib(stated, 2048).text
    assert element("100") in set_console_kib(stated, 100).text
    assert element("100") in set_console_kib(silent, 100).text
    assert set_console_kib(set_console_kib(silent, 100), None).text == silent.text
