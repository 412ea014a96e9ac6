"""How an edit of one field is written: in the place and the layout that are found."""

from __future__ import annotations

import pytest
from tests.unit.definition.samples import PROGRAM, domain, example

from cloche_engine.definition.document import Document
from cloche_engine.definition.editing import edit

NESTED = "rfc-2008-nested.xml"
FLAT = "rfc-2008-flat.xml"


def test_a_new_element_stands_on_its_own_line_behind_its_neighbour() -> None:
    before = example(NESTED)
    after = edit.set_title(before, "Brown & dog")
    uuid = "  <uuid>8dfd44b31e76d8d335150a2d98211ea0</uuid>\n"
    title = "  <title>Brown &amp; dog</title>\n"
    assert after.text == before.text.replace(uuid, uuid + title)


def test_a_comment_behind_an_element_stays_with_it() -> None:
    before = Document.parse(
        b"<domain type='linuxcontainer'>\n <name>a</name> <!-- mine -->\n</domain>"
    )
    after = edit.set_uuid(before, "0" * 32)
    assert "<name>a</name> <!-- mine -->\n <uuid>" in after.text


def test_a_document_on_one_line_stays_on_one_line() -> None:
    before = Document.parse(b"<domain type='linuxcontainer'><name>a</name></domain>")
    after = edit.set_program(before, ("/bin/sh", "-c"))
    inside = "<application>/bin/sh</application><arg>-c</arg>"
    assert after.text == before.text.replace(
        "</domain>", f"<container>{inside}</container></domain>"
    )


def test_a_self_closed_parent_is_opened() -> None:
    before = Document.parse(b"<domain type='linuxcontainer'>\n  <container />\n</domain>\n")
    after = edit.set_program(before, ("/a",))
    inside = "<container>\n    <application>/a</application>\n  </container>"
    assert after.text == before.text.replace("<container />", inside)


def test_space_and_comments_in_a_text_stay() -> None:
    before = domain(name="<name>\n  one <!-- first --></name>")
    assert "<name>\n  two <!-- first --></name>" in edit.set_name(before, "two").text


def test_a_text_in_cdata_is_replaced_as_a_whole() -> None:
    before = domain(name="<name><![CDATA[one]]></name>")
    assert "<name>two</name>" in edit.set_name(before, "two").text


def test_a_name_in_two_pieces_becomes_one() -> None:
    before = domain(name="<name>o<!-- x -->ne</name>")
    assert edit.set_name(before, "two").compiled().name == "two"


def test_dashes_in_a_uuid_are_kept() -> None:
    before = domain(rest="<uuid>8DFD44B3-1E76-D8D3-3515-0A2D98211EA0</uuid>")
    assert edit.set_uuid(before, "8dfd44b31e76d8d335150a2d98211ea0") is before
    after = edit.set_uuid(before, "0123456789abcdef0123456789abcdef")
    assert "<uuid>01234567-89ab-cdef-0123-456789abcdef</uuid>" in after.text


@pytest.mark.parametrize(
    ("memory", "kib", "written"),
    [
        ("<memory unit='MiB'>64</memory>", 131072, "<memory unit='MiB'>128</memory>"),
        ("<memory unit='MiB'>64</memory>", 1000, "<memory>1000</memory>"),
        ("<memory unit='KiB'>64000</memory>", 1000, "<memory unit='KiB'>1000</memory>"),
        ("<memory unit='KB'>64</memory>", 125000, "<memory unit='KB'>128000</memory>"),
        ("<memory unit='pages'>64</memory>", 1000, "<memory>1000</memory>"),
        ("<memory>64000</memory>", 1000, "<memory>1000</memory>"),
        ("<memory unit='MiB'>64</memory>", 65536, "<memory unit='MiB'>64</memory>"),
    ],
)
def test_memory_keeps_its_unit_where_the_size_is_whole_in_it(
    memory: str, kib: int, written: str
) -> None:
    after = edit.set_memory_kib(domain(rest=memory), kib)
    assert written in after.text
    assert after.compiled().memory.max_kib == kib


def test_user_and_group_are_set_together() -> None:
    one = edit.set_user(domain(), "web:www")
    assert "<user>web:www</user>" in one.text
    two = edit.set_user(domain(f"{PROGRAM}<user>a</user><group>b</group>"), "web:www")
    assert "<user>web</user><group>www</group>" in two.text
    assert edit.set_user(two, "web").compiled().group is None
    assert edit.set_user(two, None).compiled().user is None


def test_a_hostname_that_goes_leaves_the_addresses() -> None:
    before = example(FLAT)
    after = edit.set_hostname(before, None)
    assert after.text == before.text.replace("<network hostname='browndog'>", "<network>")


def test_clearing_a_memory_that_cannot_be_read_removes_it() -> None:
    before = domain(rest="<memory>lots</memory>\n")
    assert edit.set_memory_kib(before, None).text == before.text.replace(
        "<memory>lots</memory>\n", ""
    )


def test_one_argument_of_thousands_is_changed_alone() -> None:
    before = domain(PROGRAM + "<arg>a</arg>" * 2000)
    program = before.compiled().program
    after = edit.set_program(before, (*program[:1000], "b", *program[1001:]))
    assert after.text.count("<arg>a</arg>") == 1999
    assert after.compiled().program[1000] == "b"


def test_elements_inside_a_text_stay_as_they_are() -> None:
    before = domain(name="<name><q a='1'>x</q> one <q/></name>")
    assert "<name><q a='1'>x</q> two <q/></name>" in edit.set_name(before, "two").text


def test_a_group_alone_is_changed_where_it_stands() -> None:
    before = domain(f"{PROGRAM}<group>www</group>")
    assert edit.set_user(before, ":www") is before
    assert edit.set_user(before, ":web").text == before.text.replace("www", "web")
    both = edit.set_user(before, "u:www").compiled()
    assert (both.user, both.group) == ("u", "www")
    assert edit.set_user(before, None).compiled().group is None


def test_memory_and_its_twin_change_together() -> None:
    twin = "<memory>65536</memory><memtune><hard_limit unit='MiB'>64</hard_limit></memtune>"
    before = domain(rest=twin)
    after = edit.set_memory_kib(before, 131072)
    assert after.errors == ()
    assert after.text == before.text.replace("65536", "131072").replace(">64<", ">128<")
    odd = edit.set_memory_kib(before, 65537)
    assert odd.errors == ()
    assert odd.compiled().memory.max_kib == 65537
    assert edit.set_memory_kib(odd, None).compiled().memory.max_kib is None


@pytest.mark.parametrize(
    ("before", "wanted", "after"),
    [
        ("<features><system/></features>", False, "<features><system state='off'/></features>"),
        ("<features><system state='off'/></features>", True, "<features><system/></features>"),
        ("<features><privnet/></features>", True, "<features><privnet/><system/></features>"),
        ("<features><system/><privnet/></features>", None, "<features><privnet/></features>"),
        ("", None, ""),
    ],
)
def test_a_switch_of_a_feature_changes_alone(before: str, wanted: bool | None, after: str) -> None:
    assert edit.set_system(domain(rest=before), system=wanted).text == domain(rest=after).text


def test_privileged_is_a_switch_of_its_own() -> None:
    spec = edit.set_privileged(domain(), privileged=True).compiled()
    assert (spec.system, spec.privileged) == (None, True)


@pytest.mark.parametrize(
    ("before", "wanted", "after"),
    [
        ("", ("SIGINT", 3), "<stop signal='SIGINT' grace='3'/>"),
        ("<stop signal='SIGINT' grace='3'/>", ("SIGHUP", 3), "<stop signal='SIGHUP' grace='3'/>"),
        ("<stop signal='SIGINT' grace='3'/>", (None, 3), "<stop grace='3'/>"),
        ("<stop grace='3'/>", (None, None), ""),
        ("", (None, None), ""),
    ],
)
def test_how_it_is_stopped_changes_alone(
    before: str, wanted: tuple[str | None, int | None], after: str
) -> None:
    document = domain(PROGRAM + before)
    assert edit.set_stop(document, *wanted).text == domain(PROGRAM + after).text
