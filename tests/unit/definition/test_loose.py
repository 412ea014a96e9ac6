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
    ("good", "broken", "place", "reason", "more"),
    [
        ("='one'", "", (5, 14), "the attribute hostname has no value", True),
        ("'one'", "", (5, 23), "hostname has no value", True),
        (
            "'one'", "'one", (5, 23),
            "the value of hostname does not end: its second ' is missing", True,
        ),
        ("/bin/sh", "<!-- a -- b -->", (4, 25), "'--' cannot stand in a comment", True),
        ("/bin/sh", "<!-- a --->", (4, 25), "'--' cannot stand in a comment", True),
        ("/bin/sh", "<?xml?>", (4, 18), "<?xml ...?> can stand at the very beginning only", True),
        ("hostname=", "hostname='a' hostname=", (5, 27), "the attribute hostname stands", True),
        ("<oops/>", "</nam><oops/>", (9, 3), "</nam> does not fit: <domain> from line 1", True),
        ("<oops/>", "<a></b><oops/>", (9, 6), "</b> does not fit: <a> from line 9", True),
        ("</domain>", "</domain></domain>", (10, 10), "</domain> ends nothing", True),
        ("</domain>", "</domain>\n<x/>", (11, 1), "'<x/>' stands behind the end", True),
        ("<oops/>", "<!-- <oops/>", (9, 3), "the comment that begins here does not end", True),
        ("<oops/>", "<!-- words\n<oops/>", (9, 3), "the comment that begins here does not", True),
        ("'one'>", "'one", (5, 23), "the value of hostname does not end", True),
        ("</domain>", "<memo", (10, 1), "XML cannot be read from '<memo'", True),
        ("</domain>", "", (11, 1), "the document ends before the <domain> of line 1", True),
    ],
)  # fmt: skip
def test_what_cannot_be_guessed_is_told_and_left_alone(
    good: str, broken: str, place: tuple[int, int], reason: str, more: bool
) -> None:
    data = GOOD.replace(good, broken).encode()
    problem, *rest = Document.parse(data).problems
    assert (problem.place, problem.fixes) == (place, ())
    assert problem.reason.startswith(reason)
    assert ("unknown-element" in {each.code for each in rest}) == more
    assert mend(data, ["escape", "quote-value", "not-well-formed"]).data == data


@pytest.mark.parametrize(
    ("broken", "mended"),
    [
        ("/bin/sh\n", "/bin/sh</application>\n"),
        ("/bin/sh", "/bin/sh</application>"),
    ],
)
def test_a_missing_end_tag_is_written_behind_what_it_ends(broken: str, mended: str) -> None:
    data = GOOD.replace("/bin/sh</application>", broken).encode()
    problem, *rest = Document.parse(data).problems
    assert [each.name for each in problem.fixes] == ["close-element"]
    assert "unknown-element" in {each.code for each in rest}
    expected = GOOD.replace("/bin/sh</application>", mended).encode()
    assert mend(data, ["close-element"]).data == expected


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_an_end_tag_behind_children_gets_a_line_of_its_own(newline: str) -> None:
    program = "    <application>/bin/sh</application>"
    head = ("<domain type='linuxcontainer'>", "  <name>one</name>", "  <container>", program)
    whole = newline.join((*head, "  </container>", "</domain>", "")).encode()
    torn = whole.replace(f"  </container>{newline}".encode(), b"")
    assert mend(torn, ["close-element"]).data == whole


def test_the_attribute_that_stands_twice_is_named() -> None:
    data = b"<domain type='linuxcontainer' type='lxc'><name>one</name></domain>"
    problem = Document.parse(data).problems[0]
    assert problem.place == (1, 31)
    assert problem.reason == "the attribute type stands twice in one element"


def test_twenty_mistakes_are_told_in_one_pass() -> None:
    data = GOOD.replace("<oops/>", "<oops a=b/>\n" * 20).encode()
    found = [each for each in Document.parse(data).problems if each.code == "not-well-formed"]
    assert len(found) == 20


def test_several_are_found_in_one_pass_and_mended_together() -> None:
    text = GOOD.replace("/bin/sh", "a & b").replace("'one'", "one").replace("'1.1", "'&1.1")
    problems = Document.parse(text.encode()).problems
    assert [each.line for each in problems if each.code == "not-well-formed"] == [4, 5, 6]
    done = mend(text.encode(), ["escape", "quote-value"])
    wanted = text.replace("a & b", "a &amp; b").replace("=one", "='one'").replace("&1", "&amp;1")
    assert done.data == wanted.encode()
    assert [each.fix.name for each in done.applied].count("escape") == 2


def test_an_ampersand_in_a_name_is_not_taken_for_text() -> None:
    problem, *_ = Document.parse(GOOD.replace("hostname=", "host&name=").encode()).problems
    assert problem.fixes == ()


@pytest.mark.parametrize("part", [" a='", " a=b", "& ", "<a b='<", "<!-- --", "a\n", "&a;", "<"])
def test_no_such_text_takes_long(part: str) -> None:
    for head in ("<domain ", "<domain type='linuxcontainer'>", "<domain a='"):
        text = (head + part * MAX_BYTES)[:MAX_BYTES].encode()
        assert effort(partial(Document.parse, text)) < FAR_TOO_LONG
