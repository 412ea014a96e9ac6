"""Fixes by name change what they name, and nothing beside it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.definition.samples import PROGRAM

from cloche_engine.definition.checking.fixes import legal_name
from cloche_engine.definition.checking.fixing import AmbiguousFixError, apply, mend
from cloche_engine.definition.names import valid_name
from cloche_engine.definition.problem import TextEdit
from cloche_engine.definition.reading import read
from cloche_engine.definition.text.source import read_source

HEAD = "<!-- ä --><domain type='linuxcontainer'>\n  <name>one</name>\n"


def document(container: str = PROGRAM, beside: str = "") -> bytes:
    return f"{HEAD}  <container>{container}</container>\n{beside}</domain>\n".encode()


def codes(data: bytes) -> list[str]:
    return [problem.code for problem in read(data).problems]


@pytest.mark.parametrize(
    ("wrong", "right", "code", "fix"),
    [
        (
            document("<applicaton>/x</applicaton >"),
            document("<application>/x</application >"),
            "unknown-element",
            "did-you-mean",
        ),
        (
            document(PROGRAM, "<memory  unti = 'MiB'>64</memory>"),
            document(PROGRAM, "<memory  unit = 'MiB'>64</memory>"),
            "unknown-attribute",
            "did-you-mean",
        ),
        (
            document(PROGRAM, "  <nonsense>\n x </nonsense>  \n"),
            document(PROGRAM, ""),
            "unknown-element",
            "remove",
        ),
        (
            document(PROGRAM, "<memory q='1'>65536</memory>"),
            document(PROGRAM, "<memory>65536</memory>"),
            "unknown-attribute",
            "remove",
        ),
        (document(f"{PROGRAM} ä "), document(f"{PROGRAM}  "), "stray-text", "remove"),
        (
            document(PROGRAM, "<memory>65536</memory><memory>1</memory>"),
            document(PROGRAM, "<memory>65536</memory>"),
            "duplicate",
            "remove",
        ),
        (
            document().replace(b">one<", b"> my ctr\xc3\xa4! <"),
            document().replace(b">one<", b"> my-ctra <"),
            "name",
            "rename",
        ),
        (
            document(PROGRAM, "<uuid>{8DFD44B31E76D8D335150A2D98211EA0}</uuid>"),
            document(PROGRAM, "<uuid>8DFD44B31E76D8D335150A2D98211EA0</uuid>"),
            "uuid",
            "plain-uuid",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_fix_is_named_by_itself_or_by_its_problem(
    wrong: bytes, right: bytes, code: str, fix: str
) -> None:
    assert code in codes(wrong)
    assert codes(right) == []
    for name in (code, fix):
        mended = mend(wrong, [name])
        assert mended.data == right
        assert [(each.fix.name, each.problem.code) for each in mended.applied] == [(fix, code)]


def test_what_is_not_named_stays_as_it_is() -> None:
    wrong = document("<applicaton>/x</applicaton>", "<nonsense/>")
    mended = mend(wrong, ["remove", "clever"])
    assert mended.data == wrong.replace(b"<nonsense/>", b"")
    assert mended.unused == ("clever",)


def test_more_problems_than_are_listed_are_mended_all() -> None:
    mended = mend(document(PROGRAM, "<nonsense/>\n" * 700), ["remove"])
    assert codes(mended.data) == []
    assert len(mended.applied) == 700


def test_one_problem_within_another_is_mended_after_it() -> None:
    wrong = document("<applicaton unti='x'>/x</applicaton>")
    assert codes(mend(wrong, ["did-you-mean", "remove"]).data) == []


def test_the_encoding_of_a_file_is_kept() -> None:
    text = "<?xml version='1.0' encoding='ISO-8859-1'?>" + document("<a>ü</a>" + PROGRAM).decode()
    mended = mend(text.encode("latin-1"), ["remove"])
    assert mended.data == text.replace("<a>ü</a>", "").encode("latin-1")


def test_edits_are_made_in_order_of_place() -> None:
    source = read_source(b"abcdef")
    edits = [TextEdit(4, 5, "E"), TextEdit(0, 1, ""), TextEdit(2, 2, "--")]
    assert apply(source, edits) == b"b--cdEf"


def test_two_ways_out_are_the_user_s_to_choose() -> None:
    data = b"<domain type='linuxcontainer'><ip a='1'/></ip></domain>"
    with pytest.raises(AmbiguousFixError, match="open-self-closed or drop-end-tag"):
        mend(data, ["not-well-formed"])
    assert mend(data, ["not-well-formed", "drop-end-tag"]).data == data.replace(b"</ip>", b"")


@pytest.mark.parametrize(
    ("given_name", "legal"),
    [
        ("my box", "my-box"),
        ("-x", "x"),
        ("a/b", "a-b"),
        ("ä", "a"),
        ("Große Æble", "Grosse-Aeble"),
        ("\N{FULLWIDTH LATIN CAPITAL LETTER A}\N{LATIN SMALL LIGATURE FI}", "Afi"),
        ("容器", "container-8f8103b7"),
        ("", None),
        ("x" * 80, "x" * 63),
        ("web 1 (old)", "web-1-old"),
        ("..", "container-9608161c"),
    ],
)
def test_t19_a_name_becomes_the_nearest_legal_one(given_name: str, legal: str | None) -> None:
    assert legal_name(given_name) == legal


@given(st.text(max_size=80))
def test_t19_a_legal_name_is_there_for_every_text(text: str) -> None:
    legal = legal_name(text)
    assert valid_name(legal or "") is None or not text.strip()
    assert valid_name(text) is not None or legal == text


MISTAKES = (
    "<initt/>",
    "<memory>1</memory>",
    "x",
    "<ip a='1'/ip>",
    "<ip/></ip>",
    "<name>b c</name>",
    "<applicaton q=''>/x</applicaton>",
    "<uuid>{</uuid>",
    "<cpushare unti='1'/>",
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(MISTAKES), max_size=8))
def test_mending_ends_and_never_makes_it_worse(parts: list[str]) -> None:
    data = document("".join(parts))
    names = ["remove", "did-you-mean", "rename", "stray-name-before-gt", "drop-end-tag"]
    mended = mend(data, names)
    again = mend(mended.data, names)
    assert again.data == mended.data
    assert not again.applied


def test_a_large_document_full_of_mistakes_is_mended() -> None:
    data = document(PROGRAM, "<a>text</a>" * 1500)
    assert codes(mend(data, ["remove"]).data) == []


MISSPELT = (
    b"<domain type='linuxcontainer'><name>a</name>"
    b"<container><application>/bin/sh</application></container>"
    b"<memroy>65536</memory></domain>"
)


@pytest.mark.parametrize(
    ("fix", "written"),
    [
        ("match-start-tag", b"<memory>65536</memory>"),
        ("match-end-tag", b"<memroy>65536</memroy>"),
    ],
)
def test_a_misspelt_tag_is_matched_with_its_other_half(fix: str, written: bytes) -> None:
    (problem,) = [each for each in read(MISSPELT).errors if each.code == "not-well-formed"]
    assert {each.name for each in problem.fixes} == {"match-start-tag", "match-end-tag"}
    mended = mend(MISSPELT, [fix])
    assert mended.data == MISSPELT.replace(b"<memroy>65536</memory>", written)
    assert not read(mended.data).errors


def test_tags_that_have_nothing_in_common_are_not_matched() -> None:
    (problem,) = read(MISSPELT.replace(b"memroy", b"cpushare")).errors
    assert problem.fixes == ()


def test_what_belongs_elsewhere_is_not_taken_for_another_word() -> None:
    """<clock> in <devices> is nearly <vsock>, and no such thing."""
    inside = "<name>one</name><devices><clock offset='utc'/></devices>"
    (problem,) = read(f"<domain type='lxc'>{inside}</domain>".encode()).problems
    assert problem.hint == "it belongs in <domain>"
