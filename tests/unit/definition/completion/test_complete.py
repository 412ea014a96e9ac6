"""What the editor offers: at every place what may stand there, in any half-written text."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.definition.effort import FAR_TOO_LONG, effort
from tests.unit.definition.samples import EXAMPLES

from cloche_engine.definition.completion.complete import (
    Completion,
    Kind,
    Proposal,
    complete,
    describe,
)
from cloche_engine.definition.document import Document
from cloche_engine.definition.planning.plan import make_plan
from cloche_engine.definition.schema.linuxcontainer import SCHEMA
from cloche_engine.definition.schema.model import Effect

HEAD = "<domain type='linuxcontainer'>"


def at(marked: str) -> Proposal:
    """What is offered where the text has its bar."""
    return complete(marked.replace("|", ""), marked.index("|"))


def words(marked: str) -> list[str]:
    return [each.word for each in at(marked).completions]


def chosen(marked: str, word: str) -> str:
    """The text after a word was taken, a bar where one goes on to write."""
    text, proposal = marked.replace("|", ""), at(marked)
    (found,) = [each for each in proposal.completions if each.word == word]
    caret = proposal.start + len(found.insert) - found.caret
    whole = text[: proposal.start] + found.insert + text[proposal.end :]
    return whole[:caret] + "|" + whole[caret:]


def offered(marked: str, word: str) -> Completion:
    return next(each for each in at(marked).completions if each.word == word)


@pytest.mark.parametrize("text", ["|", "<|", "<dom|", "<!-- a --> |"])
def test_a_new_document_begins_with_its_root(text: str) -> None:
    assert words(text) == ["domain"]
    assert chosen(text, "domain").endswith("<domain type='|'></domain>")


@pytest.mark.parametrize(
    "text", [f"|{HEAD}</domain>", f"<!-- |--> {HEAD}</domain>", f"{HEAD}</domain>|"]
)
def test_a_document_has_one_root(text: str) -> None:
    assert words(text.format(f"{HEAD}</domain>")) == []


def test_an_attribute_with_its_value_only_gets_another_name() -> None:
    tag = "<ip addr|='10.0.0.2'/>"
    inside = f"{HEAD}<container><network>{tag}</network></container></domain>"
    assert chosen(inside, "address") == inside.replace("addr|", "address|")


def test_the_type_of_a_new_document_is_offered() -> None:
    assert chosen("<domain type='|'></domain>", "linuxcontainer") == (
        "<domain type='linuxcontainer|'></domain>"
    )


def test_what_is_required_comes_first_and_what_is_there_is_not_offered_again() -> None:
    assert words(f"{HEAD}<uuid>{'0' * 32}</uuid>|</domain>")[0] == "name"
    found = words(f"{HEAD}<name>a</name>|<memory>65536</memory></domain>")
    assert "container" in found
    assert "name" not in found
    assert "memory" not in found
    assert found[-1] == "/domain"


def test_what_repeats_is_offered_again() -> None:
    text = f"{HEAD}<container><arg>a</arg>|</container></domain>"
    assert {"arg", "filesystem", "interface"} <= set(words(text))


def test_an_element_is_written_with_what_it_needs() -> None:
    inside = f"{HEAD}<container>|</container></domain>"
    assert chosen(inside, "application") == inside.replace("|", "<application>|</application>")
    assert chosen(inside, "env") == inside.replace("|", "<env name='|'></env>")
    assert chosen(inside, "interface") == inside.replace("|", "<interface type='|'/>")
    mount = f"{HEAD}<container><filesystem>|</filesystem></container></domain>"
    assert chosen(mount, "readonly") == mount.replace("|", "<readonly/>|")


def test_a_word_that_is_begun_is_replaced() -> None:
    begun = f"{HEAD}\n  <na|\n</domain>"
    assert chosen(begun, "name") == f"{HEAD}\n  <name>|</name>\n</domain>"
    assert chosen(f"{HEAD}<cpu|>40</cpushare>", "cpushare") == f"{HEAD}<cpushare|>40</cpushare>"


def test_end_tags_close_what_is_open() -> None:
    text = f"{HEAD}<container><application>/bin/sh</|"
    assert chosen(text, "/application").endswith("/bin/sh</application>|")


def test_attributes_that_stand_there_are_not_offered_again() -> None:
    tag = f"{HEAD}<container><network><ip address='10.0.0.2' |/></network></container></domain>"
    assert words(tag) == ["netmask", "prefix", "family"]
    assert chosen(tag, "prefix") == tag.replace("|", "prefix='|'")


@pytest.mark.parametrize("quote", ["'", '"'])
def test_values_are_offered_between_the_quotes(quote: str) -> None:
    tag = f"{HEAD}<container><interface type={quote}br|{quote}/></container></domain>"
    assert "bridge" in words(tag)
    assert chosen(tag, "bridge") == tag.replace("br|", "bridge|")
    unit = f"{HEAD}<memory unit={quote}|{quote}>3</memory></domain>"
    assert words(unit)[:3] == ["KiB", "MiB", "GiB"]


@pytest.mark.parametrize("free", ["<!-- <| -->", "<![CDATA[ <| ]]>", "<?pi <|?>", "<!-- |"])
def test_nothing_is_offered_where_all_is_free(free: str) -> None:
    assert words(f"{HEAD}{free}") == []


def test_help_range_default_and_effect_are_told() -> None:
    found = offered(f"{HEAD}|</domain>", "cpushare")
    assert found.kind is Kind.ELEMENT
    assert (found.range, found.default, found.unit) == ("2 to 262144", "1024", "shares")
    assert "weight" in found.help
    assert found.effect is SCHEMA.rule("domain", "cpushare").effect  # type: ignore[union-attr]
    assert offered(f"{HEAD}|</domain>", "title").effect is Effect.NOW


URI = "http://libvirt.org/schemas/domain/lxc/1.0"
DECLARED = HEAD.replace(">", f" xmlns:l='{URI}'>")
SHARED = f"{DECLARED}<l:namespace>|</l:namespace></domain>"


def test_an_element_of_a_namespace_comes_with_its_declaration() -> None:
    text = f"{HEAD}|</domain>"
    whole = f"<lxc:namespace xmlns:lxc='{URI}'>|</lxc:namespace>"
    assert chosen(text, "lxc:namespace") == text.replace("|", whole)
    begun = f"{HEAD}<lxc:na|</domain>"
    assert chosen(begun, "lxc:namespace") == text.replace("|", whole)
    renamed = f"{HEAD}<name|space></lxc:namespace></domain>"
    assert chosen(renamed, "lxc:namespace") == renamed.replace(
        "name|space", f"lxc:namespace xmlns:lxc='{URI}'|"
    )


def test_an_element_of_a_namespace_has_the_prefix_of_the_document() -> None:
    text = f"{DECLARED}|</domain>"
    assert chosen(text, "l:namespace") == text.replace("|", "<l:namespace>|</l:namespace>")
    own = f"{HEAD}<|n xmlns:l='{URI}'></n></domain>"
    assert "l:namespace" in words(own)
    # Between the two the prefix means something else.
    other = f"{DECLARED}<x xmlns:l='urn:other'><sharenet/>|</x></domain>"
    assert "l:namespace" not in words(other)


def test_a_default_namespace_needs_no_prefix() -> None:
    text = f"{HEAD}<namespace xmlns='{URI}'>|</namespace></domain>"
    assert words(text) == ["sharenet", "shareipc", "shareuts", "/namespace"]
    assert chosen(text, "shareipc") == text.replace("|", "<shareipc type='|' value=''/>")


def test_what_is_shared_is_offered_at_every_place_in_it() -> None:
    assert words(SHARED) == ["l:sharenet", "l:shareipc", "l:shareuts", "/l:namespace"]
    assert chosen(SHARED, "l:sharenet") == SHARED.replace("|", "<l:sharenet type='|' value=''/>")
    assert words(SHARED.replace("|", "<l:sharenet/>|")) == words(SHARED)[1:]
    assert words(SHARED.replace("|", f"|<k:sharenet xmlns:k='{URI}'/>")) == words(SHARED)[1:]
    assert words(SHARED.replace("|", "<l:sharenet |/>")) == ["type", "value"]
    assert words(SHARED.replace("|", "<l:sharenet type='|'/>")) == ["netns", "name", "pid"]
    assert words(SHARED.replace("|", "<l:shareipc type='|'/>")) == ["name", "pid"]
    assert words(f"{DECLARED}<l:namespace></|") == ["/l:namespace"]
    assert "l:namespace" not in words(f"{DECLARED}<l:namespace/>|</domain>")


def test_what_is_shared_is_explained() -> None:
    found = offered(SHARED, "l:sharenet")
    assert "another's" in found.help
    assert (found.default, found.effect) == ("one of its own", Effect.NEXT_START)
    kind = offered(SHARED.replace("|", "<l:sharenet |/>"), "type")
    assert kind.required
    assert "ip-netns(8)" in kind.help
    text = SHARED.replace("|", "<l:sharenet type='pid' value='7'/>")
    hovered = describe(text, text.index("sharenet"))
    assert hovered is not None
    assert (hovered.word, hovered.help) == ("l:sharenet", found.help)
    assert describe(text, text.index("value=") + 1) is not None


def test_no_number_of_declarations_takes_long() -> None:
    many = "".join(f"<a xmlns:p{at}='{URI}'>" for at in range(2000))
    for text in (many, HEAD + many.replace(">", "/>"), many.replace("<a ", "<p1:a ")):
        assert effort(partial(complete, text, len(text) // 2)) < FAR_TOO_LONG
        assert effort(partial(complete, text, len(text))) < FAR_TOO_LONG


BARE = "<application>/a</application>"
PLAIN = (
    f"{HEAD}<name>a</name><container>{BARE}"
    "<interface type='bridge'><source bridge='br0'/><ip address='10.0.0.2' prefix='24'/>"
    "</interface></container><memtune></memtune><cputune></cputune><blkiotune></blkiotune></domain>"
)
ADDED = [
    ("domain", "<title>t</title>"),
    ("domain", "<description>t</description>"),
    ("domain", "<cpushare>40</cpushare>"),
    ("domain", "<memory unit='MiB'>64</memory>"),
    ("domain", "<processes>64</processes>"),
    ("domain", "<vcpu cpuset='0'/>"),
    ("domain", "<autostart/>"),
    ("domain", "<on_crash>restart</on_crash>"),
    ("domain", "<features><system/></features>"),
    ("memtune", "<soft_limit>65536</soft_limit>"),
    ("cputune", "<quota>5000</quota>"),
    ("blkiotune", "<weight>300</weight>"),
    ("container", "<arg>x</arg>"),
    ("container", "<env name='A'>x</env>"),
    ("container", "<user>1000</user>"),
    ("container", "<stop grace='3'/>"),
    ("container", "<rlimit name='nofile' hard='64'/>"),
    ("container", "<filesystem type='ram'><source usage='9'/><target dir='/r'/></filesystem>"),
    ("interface", "<ip address='10.0.0.3' prefix='24'/>"),
    ("interface", "<gateway address='10.0.0.1'/>"),
    ("interface", "<route address='10.9.0.0' prefix='16' gateway='10.0.0.1'/>"),
    ("interface", "<link state='down'/>"),
    ("interface", "<mac address='52:54:00:00:00:01'/>"),
    ("interface", "<guest dev='lan0'/>"),
]


@pytest.mark.parametrize(("parent", "element"), ADDED)
def test_what_is_said_to_be_felt_is_what_a_plan_says(parent: str, element: str) -> None:
    place = PLAIN.index(f"</{parent}>")
    new = Document.parse((PLAIN[:place] + element + PLAIN[place:]).encode())
    found = make_plan(Document.parse(PLAIN.encode()), new, running=True)
    name = element[1:].partition(">")[0].partition(" ")[0].rstrip("/")
    said = next(each for each in complete(PLAIN, place).completions if each.word == name)
    assert {step.effect for step in found.steps} == {said.effect}


def test_an_attribute_is_felt_as_its_element_is() -> None:
    assert offered(f"{HEAD}<memory |>3</memory></domain>", "unit").effect is Effect.NOW
    assert offered(f"{HEAD}<memory unit='|'>3</memory></domain>", "MiB").effect is Effect.NOW
    mount = f"{HEAD}<container>|</container></domain>"
    assert offered(mount, "filesystem").effect is Effect.NOW
    tag = mount.replace("|", "<filesystem |/>")
    assert offered(tag, "accessmode").effect is Effect.NEXT_START


def test_every_offer_has_a_help() -> None:
    for rule in SCHEMA.elements:
        assert rule.help, rule
        for attribute in rule.attributes:
            assert attribute.help, (rule.name, attribute)


def test_hovering_explains_elements_and_attributes() -> None:
    text = f"{HEAD}<container><network hostname='h'/></container><cpushare>40</cpushare></domain>"
    element = describe(text, text.index("cpushare") + 3)
    attribute = describe(text, text.index("hostname") + 2)
    value = describe(text, text.index("'h'") + 1)
    assert element is not None
    assert element.word == "cpushare"
    assert attribute == value
    assert attribute is not None
    assert attribute.word == "hostname"
    assert describe(text, text.index("40")) is None
    assert describe("<domain><nonsense/></domain>", 12) is None


def test_what_is_offered_for_a_name_is_accepted_by_validation() -> None:
    text = f"{HEAD}<name>a</name><container><application>/bin/sh</application></container></domain>"
    place = text.index("</domain>")
    offers = [each for each in complete(text, place).completions if each.kind is Kind.ELEMENT]
    assert offers
    for found in offers:
        document = Document.parse((text[:place] + found.insert + text[place:]).encode())
        assert "unknown-element" not in {problem.code for problem in document.problems}, found


@given(st.sampled_from(sorted(EXAMPLES.glob("*.xml"))), st.data())
def test_no_half_written_text_is_too_strange(path: object, data: st.DataObject) -> None:
    text = path.read_text()  # type: ignore[attr-defined]
    cut = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(cut, len(text)))
    mangled = text[:cut] + data.draw(st.text("<>/='\" !-a[", max_size=8)) + text[end:]
    offset = data.draw(st.integers(0, len(mangled)))
    found = complete(mangled, offset)
    assert 0 <= found.start <= offset <= found.end <= len(mangled)
    describe(mangled, offset)


@pytest.mark.parametrize("start", ["<", "<a ", "<a b='", "<!--", "</", "<a b=\"'", "<a b c d "])
def test_a_text_of_nothing_but_beginnings_is_quickly_read(start: str) -> None:
    text = start * (128 * 1024 // len(start))
    for place in (len(text), len(text) // 2):
        assert effort(partial(complete, text, place)) < FAR_TOO_LONG
