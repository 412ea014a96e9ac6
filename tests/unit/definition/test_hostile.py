"""Documents that are cut, huge, strange or made to hurt: told in a sentence, never raised."""

from __future__ import annotations

import contextlib
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.bench.definition import hostile_texts
from tests.unit.definition.effort import FAR_TOO_LONG, effort
from tests.unit.definition.samples import EXAMPLES, PROGRAM, RFC_LITERAL, codes, domain
from tests.unit.definition.writing import Style, specs, styles, write

from cloche_engine.definition.checking.fixing import apply
from cloche_engine.definition.checking.listing import MAX_PROBLEMS
from cloche_engine.definition.document import Document
from cloche_engine.definition.editing import edit
from cloche_engine.definition.problem import DefinitionError
from cloche_engine.definition.text.source import MAX_BYTES
from cloche_engine.definition.text.tree import MAX_DEPTH, MAX_ELEMENTS

WHOLE = (EXAMPLES / "system.xml").read_bytes()


def _lines(data: bytes) -> int:
    return data.decode("utf-8", "replace").count("\n") + 1


@pytest.mark.parametrize("data", [WHOLE, RFC_LITERAL, WHOLE.replace(b"Debian", "Döbian".encode())])
def test_a_document_cut_at_any_byte_has_a_problem_with_its_place(data: bytes) -> None:
    for at in range(len(data.rstrip())):
        document = Document.parse(data[:at])
        assert document.problems
        for problem in document.problems:
            assert problem.is_error
            assert 1 <= problem.line <= _lines(data[:at])
            assert problem.column >= 1
            assert problem.reason
        with pytest.raises(DefinitionError):
            document.compiled()


def test_a_cut_document_names_what_is_still_open() -> None:
    (problem,) = Document.parse(WHOLE[: WHOLE.index(b"<application>")]).problems
    assert "before the <container> of line 5 is closed" in problem.reason
    assert "</container>" in problem.hint


@settings(max_examples=60, deadline=None)
@given(specs, styles(), st.data())
def test_one_byte_more_or_less_raises_nothing(
    spec: object, style: Style, data: st.DataObject
) -> None:
    whole = write(spec, style)  # type: ignore[arg-type]
    at = data.draw(st.integers(0, len(whole) - 1))
    byte = data.draw(st.binary(min_size=1, max_size=1))
    for changed in (whole[:at] + whole[at + 1 :], whole[:at] + byte + whole[at:]):
        document = Document.parse(changed)
        assert document.tree is not None or document.errors
        assert document.text is not None
        for fix in (fix for problem in document.problems for fix in problem.fixes):
            assert document.source is not None
            assert apply(document.source, fix.edits) != changed


@settings(deadline=None)
@given(st.binary(max_size=200) | st.text("<>/='\"&;!?-[] \nabcdomain", max_size=80).map(str.encode))
def test_any_bytes_can_be_parsed_and_shown(data: bytes) -> None:
    document = Document.parse(data)
    assert document.tree is not None or document.errors
    assert isinstance(document.text, str)
    assert document.with_text(document.text).text == document.text


def test_a_document_that_is_too_large_is_refused_unread() -> None:
    (problem,) = Document.parse(b"<a>" * (10 * 1024 * 1024 // 3)).problems
    assert problem.code == "too-large"
    assert str(MAX_BYTES) in problem.reason
    assert Document.parse(WHOLE + b" " * (MAX_BYTES - len(WHOLE))).errors == ()
    assert codes(Document.parse(WHOLE + b" " * (MAX_BYTES - len(WHOLE) + 1))) == ["too-large"]


def test_depth_and_number_of_elements_are_limited() -> None:
    assert codes(Document.parse(b"<a>" * MAX_DEPTH + b"</a>" * MAX_DEPTH)) == ["foreign-root"]
    assert codes(Document.parse(b"<a>" * (MAX_DEPTH + 1))) == ["too-deep"]
    assert codes(Document.parse(b"<a>" + b"<b/>" * MAX_ELEMENTS)) == ["too-many-elements"]


def test_thousands_of_problems_become_a_list_that_can_be_read() -> None:
    document = domain(PROGRAM, "<nonsense/>\n" * 3000 + "<memory>1</memory>")
    assert len(document.problems) == MAX_PROBLEMS + 2
    assert document.errors[0].code == "memory"
    assert document.problems[-1].reason == f"{3000 - MAX_PROBLEMS} more are not listed"


def test_errors_are_not_crowded_out_by_warnings() -> None:
    many = "".join(f"<filesystem type='mount' x{at}=''/>" for at in range(300))
    document = domain(many + PROGRAM)
    assert len(document.errors) == MAX_PROBLEMS + 1


@pytest.mark.parametrize(
    "inside",
    [
        "<ip address='1.2.3.4' prefix='8'><gateway address='9.9.9.9'/></ip>",
        "<ip address='1.2.3.4' prefix='8'/><gateway address='9.9.9.9'/>",
        "<nameserver/>",
    ],
)
def test_a_network_of_thousands_of_elements_is_answered(inside: str) -> None:
    many = inside * (4000 // (inside.count("<") + 1))
    assert domain(f"{PROGRAM}<network>{many}</network>").errors


@pytest.mark.parametrize(
    "head",
    [
        "<domain " + " ".join(f"ä{at}=''" for at in range(9000)) + "/>",
        "<domain type='linuxcontainer' " + " ".join(f"typ{at}=''" for at in range(9000)) + "/>",
        "<domain " + " a=''" * 20000 + "/domain>",
        "<domain " + "\t" * 100000 + "/domain>",
        "<a>" + "<!---->" * 15000,
        "<domain type='linuxcontainer'><name>" + "<!-- -->x" * 10000 + "</name></domain>",
    ],
)
def test_long_lines_of_anything_are_answered(head: str) -> None:
    assert Document.parse(head.encode()[:MAX_BYTES]).errors


@pytest.mark.parametrize("name", hostile_texts())
def test_no_text_takes_more_than_was_promised(name: str) -> None:
    data = hostile_texts()[name]
    document = Document.parse(data)

    def change() -> None:
        with contextlib.suppress(DefinitionError):
            edit.set_name(document, "two")
            edit.set_program(document, ("/bin/sh", "x"))

    assert effort(lambda: Document.parse(data)) < FAR_TOO_LONG
    assert effort(change) < 3 * FAR_TOO_LONG  # three edits, each of which reads it again


def test_reading_the_largest_text_takes_little_memory() -> None:
    for data in hostile_texts().values():
        tracemalloc.start()
        Document.parse(data)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 64 << 20


# Encodings

TEXT = "<domain type='linuxcontainer'><name>a</name><title>ü</title></domain>"


@pytest.mark.parametrize(
    ("data", "title"),
    [
        (TEXT.encode(), "ü"),
        (b"\xef\xbb\xbf" + TEXT.encode(), "ü"),
        (b"\xff\xfe" + TEXT.encode("utf-16-le"), "ü"),
        (TEXT.encode("utf-16-be"), "ü"),
        (b"<?xml version='1.0' encoding='latin-1'?>" + TEXT.encode("latin-1"), "ü"),
        (b"<?xml version='1.0' encoding='windows-1251'?>" + TEXT.encode("latin-1"), "ь"),
        (("<?xml version='1.0' encoding='UTF-16'?>" + TEXT).encode("utf-16"), "ü"),
    ],
)
def test_texts_are_read_in_the_encoding_that_they_name(data: bytes, title: str) -> None:
    spec = Document.parse(data).spec
    assert spec is not None
    assert spec.title == title


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode("latin-1"),
        b"<?xml version='1.0' encoding='UTF-16'?><domain/>",
        b"\xef\xbb\xbf<?xml version='1.0' encoding='latin-1'?><domain/>",
        ("<?xml version='1.0' encoding='UTF-8'?>" + TEXT).encode("utf-16"),
        b"<?xml version='1.0' encoding='utf-7'?><domain/>",
        b"<?xml version='1.0' encoding='zlib'?><domain/>",
        b"<?xml version='1.0' encoding='nonsense'?><domain/>",
        b"\xff\xfe<\x00a",
        b"\xff\xfe\x00\xd8",
    ],
)
def test_bytes_that_are_no_text_or_another_encoding_are_refused(data: bytes) -> None:
    document = Document.parse(data)
    assert codes(document) in (["encoding"], ["not-well-formed"])
    assert document.text


def test_the_place_of_a_byte_that_is_no_text_is_told() -> None:
    (problem,) = Document.parse(b"<a>\n\xc3\xbc\xfc</a>").problems
    assert (problem.line, problem.column) == (2, 2)


# Text editors


def test_a_text_edit_keeps_encoding_and_mark() -> None:
    for data in (
        b"\xef\xbb\xbf" + TEXT.encode(),
        TEXT.encode("utf-16"),
        b"<?xml version='1.0' encoding='latin-1'?>" + TEXT.encode("latin-1"),
    ):
        document = Document.parse(data)
        assert document.with_text(document.text) is document
        longer = document.with_text(document.text.replace("ü", "üü"))
        assert document.with_text(longer.text).data == longer.data
        assert longer.spec is not None
        assert longer.spec.title == "üü"


def test_a_character_that_the_encoding_lacks_becomes_a_reference() -> None:
    document = Document.parse(b"<?xml version='1.0' encoding='latin-1'?>" + TEXT.encode("latin-1"))
    euro = document.with_text(document.text.replace("ü", "€"))
    assert b"&#8364;" in euro.data
    assert euro.spec is not None
    assert euro.spec.title == "€"


def test_changing_the_encoding_in_the_prolog_changes_the_bytes() -> None:
    document = Document.parse(b"<?xml version='1.0' encoding='latin-1'?>" + TEXT.encode("latin-1"))
    changed = document.with_text(document.text.replace("latin-1", "UTF-8"))
    assert "ü".encode() in changed.data
    assert changed.spec is not None
    assert changed.spec.title == "ü"
