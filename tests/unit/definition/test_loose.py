"""Single characters that XML wants otherwise: told where they stand, mended by name, read past."""

from __future__ import annotations

from functools import partial

import pytest
from tests.unit.definition.effort import FAR_TOO_LONG, effort

from cloche_engine.definition.checking.fixing import mend
from cloche_engine.definition.document import Document
from cloche_engine.definition.text.source import MAX_BYTES

GOOD = """<domain type='linuxcontainer'>
  <name>one</name>
  <container>
    <application>/bin/sh</application>
    <network hostname='one'>
      <nameserver address='1.1.1.1'/>
    </network>
  </container>
  <oops/>
</domain>
"""

CURLY = "\N{LEFT SINGLE QUOTATION MARK}one\N{RIGHT SINGLE QUOTATION MARK}"
DECLARED = "<?xml version='1.0'?><domain"

MENDED = [
    ("/bin/sh", "/bin/a&b", (4, 24), "escape", "/bin/a&amp;b"),
    ("/bin/sh", "/bin/ & b", (4, 24), "escape", "/bin/ &amp; b"),
    ("/bin/sh", "&nope;", (4, 18), "escape", "&amp;nope;"),
    ("/bin/sh", "&amp;&amp", (4, 23), "escape", "&amp;&amp;amp"),
    ("/bin/sh", "1<2", (4, 19), "escape", "1&lt;2"),
    ("'one'", "'a&b'", (5, 25), "escape", "'a&amp;b'"),
    ("'one'", "'x>&nope;'", (5, 26), "escape", "'x>&amp;nope;'"),
    ("'one'", "'a<b'", (5, 25), "escape", "'a&lt;b'"),
    ("'one'", "one", (5, 23), "quote-value", "'one'"),
    ("'1.1.1.1'", "1.1.1.1", (6, 27), "quote-value", "'1.1.1.1'"),
    ("'one'", CURLY, (5, 23), "quote-value", "'one'"),
    ("<domain", f"\n {DECLARED}", (2, 2), "trim-start", DECLARED),
]


@pytest.mark.parametrize(("good", "broken", "place", "fix", "mended"), MENDED)
def test_it_is_told_where_it_stands_and_mended_alone(
    good: str, broken: str, place: tuple[int, int], fix: str, mended: str
) -> None:
    data = GOOD.replace(good, broken).encode()
    problem, *rest = Document.parse(data).problems
    assert (problem.code, problem.place) == ("not-well-formed", place)
    assert [each.name for each in problem.fixes] == [fix]
    assert "unknown-element" in {each.code for each in rest}
    assert mend(data, [fix]).data == GOOD.replace(good, mended).encode()


@pytest.mark.parametrize(
    ("good", "broken", "place", "reason"),
    [
        ("='one'", "", (5, 14), "the attribute hostname has no value"),
        ("'one'", "", (5, 23), "hostname has no value"),
        ("'one'", "'one", (5, 23), "the value of hostname does not end: its second ' is missing"),
        ("/bin/sh", "<!-- a -- b -->", (4, 25), "'--' cannot stand in a comment"),
        ("/bin/sh", "<?xml?>", (4, 18), "<?xml ...?> can stand at the very beginning only"),
    ],
)
def test_what_cannot_be_guessed_is_told_and_left_alone(
    good: str, broken: str, place: tuple[int, int], reason: str
) -> None:
    data = GOOD.replace(good, broken).encode()
    (problem,) = Document.parse(data).problems
    assert (problem.place, problem.reason, problem.fixes) == (place, reason, ())
    assert mend(data, ["escape", "quote-value", "not-well-formed"]).data == data


def test_several_are_found_in_one_pass_and_mended_together() -> None:
    text = GOOD.replace("/bin/sh", "a & b").replace("'one'", "one").replace("'1.1", "'&1.1")
    problems = Document.parse(text.encode()).problems
    assert [each.line for each in problems if each.code == "not-well-formed"] == [4, 5, 6]
    done = mend(text.encode(), ["escape", "quote-value"])
    wanted = text.replace("a & b", "a &amp; b").replace("=one", "='one'").replace("&1", "&amp;1")
    assert done.data == wanted.encode()
    assert [each.fix.name for each in done.applied].count("escape") == 2


def test_an_ampersand_in_a_name_is_not_taken_for_text() -> None:
    (problem,) = Document.parse(GOOD.replace("hostname=", "host&name=").encode()).problems
    assert problem.fixes == ()


@pytest.mark.parametrize("part", [" a='", " a=b", "& ", "<a b='<", "<!-- --", "a\n", "&a;", "<"])
def test_no_such_text_takes_long(part: str) -> None:
    for head in ("<domain ", "<domain type='linuxcontainer'>", "<domain a='"):
        text = (head + part * MAX_BYTES)[:MAX_BYTES].encode()
        assert effort(partial(Document.parse, text)) < FAR_TOO_LONG
