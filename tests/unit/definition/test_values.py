"""Sizes, shares, names, programs and consoles: what is taken and what is refused."""

from __future__ import annotations

import pytest
from tests.unit.definition.samples import PROGRAM, codes, domain, warnings

from cloche_engine.definition.dialects.linuxcontainer.write import write
from cloche_engine.definition.document import Document
from cloche_engine.definition.reading import read


@pytest.mark.parametrize(
    ("memory", "kib"),
    [
        ("<memory>65536</memory>", 65536),
        ("<memory> 65536\n</memory>", 65536),
        ("<memory unit='KiB'>1000</memory>", 1000),
        ("<memory unit='k'>1000</memory>", 1000),
        ("<memory unit='KB'>1024000</memory>", 1000000),
        ("<memory unit='KB'>1000</memory>", 977),
        ("<memory unit='bytes'>1048577</memory>", 1025),
        ("<memory unit='mib'>64</memory>", 65536),
        ("<memory unit='MB'>64</memory>", 62500),
        ("<memory unit='G'>1</memory>", 1048576),
        ("<memory>9007199254740991</memory>", None),
    ],
)
def test_memory_is_kib_unless_a_unit_says_otherwise(memory: str, kib: int | None) -> None:
    assert domain(rest=memory).compiled().memory.max_kib == kib


@pytest.mark.parametrize(
    "memory", ["-1", "64MiB", "1.5", "", "511", "0", "9007199254740992", "9" * 30, "0x10", "٣٣٣٣"]
)
def test_memory_that_is_no_usable_size_is_refused(memory: str) -> None:
    document = domain(rest=f"<memory>{memory}</memory>")
    assert codes(document) == ["memory"]
    assert "64 MiB" in document.errors[0].hint


@pytest.mark.parametrize(("memory", "why"), [("-1", "less than"), ("9" * 30, "more than")])
def test_a_size_below_nothing_or_beyond_all_is_told_as_that(memory: str, why: str) -> None:
    assert why in domain(rest=f"<memory>{memory}</memory>").errors[0].reason


def test_an_unknown_unit_is_refused() -> None:
    assert codes(domain(rest="<memory unit='pages'>65536</memory>")) == ["unit"]


@pytest.mark.parametrize("shares", ["1", "262145", "-5", "40%", ""])
def test_shares_outside_their_range_are_refused(shares: str) -> None:
    assert codes(domain(rest=f"<cpushare>{shares}</cpushare>")) == ["cpushare"]


@pytest.mark.parametrize("shares", ["-5", "9" * 30])
def test_shares_far_outside_are_told_as_that(shares: str) -> None:
    reason = domain(rest=f"<cpushare>{shares}</cpushare>").errors[0].reason
    assert f"{shares} is outside 2 to 262144" in reason


@pytest.mark.parametrize("count", ["0", "many"])
def test_the_range_of_a_number_is_told_once(count: str) -> None:
    (problem,) = domain(rest=f"<processes>{count}</processes>").errors
    assert f"{problem.reason}; {problem.hint}".count("1 to 4194304") == 1
    assert "2048" in problem.hint


@pytest.mark.parametrize("shares", ["2", "262144", " 40 "])
def test_shares_are_taken_as_written(shares: str) -> None:
    spec = domain(rest=f"<cpushare>{shares}</cpushare>").compiled()
    assert spec.cpu.shares == int(shares)


@pytest.mark.parametrize(
    "uuid",
    [
        "8dfd44b31e76d8d335150a2d98211ea0",
        "8DFD44B3-1E76-D8D3-3515-0A2D98211EA0",
        "\n 8dfd44b31e76d8d335150a2d98211ea0 ",
    ],
)
def test_a_uuid_is_128_bits_however_it_is_written(uuid: str) -> None:
    spec = domain(rest=f"<uuid>{uuid}</uuid>").compiled()
    assert spec.uuid == "8dfd44b31e76d8d335150a2d98211ea0"


def test_the_nil_uuid_is_a_uuid() -> None:
    assert domain(rest=f"<uuid>{'0' * 32}</uuid>").compiled().uuid == "0" * 32


@pytest.mark.parametrize(
    "uuid", ["", "{%s}", "urn:uuid:%s", "%s0", "8dfd44b31e76d8d3-35150a2d98211ea0", "x" * 32]
)
def test_what_python_would_take_as_a_uuid_is_not_enough(uuid: str) -> None:
    text = uuid.replace("%s", "8dfd44b31e76d8d335150a2d98211ea0")
    assert codes(domain(rest=f"<uuid>{text}</uuid>")) == ["uuid"]


@pytest.mark.parametrize("name", ["", ".", "..", "-a", "a/b", "a b", "a\nb", "ä", "a" * 64, "_a"])
def test_names_that_are_no_file_or_cgroup_name_are_refused(name: str) -> None:
    assert codes(domain(name=f"<name>{name}</name>")) == ["name"]


def test_a_name_is_trimmed() -> None:
    assert domain(name="<name>\n  one\n</name>").compiled().name == "one"


def test_the_id_of_a_running_domain_is_ignored() -> None:
    document = Document.parse(domain().data.replace(b"<domain", b"<domain id='7'"))
    assert document.problems == ()


def test_the_application_is_one_path_and_never_split() -> None:
    document = domain("<application> /bin/sh -c ls </application>")
    assert document.compiled().program == ("/bin/sh -c ls",)
    assert warnings(document) == ["application"]


def test_a_bare_name_is_a_program() -> None:
    assert domain("<application>dbserver</application>").compiled().program == ("dbserver",)


@pytest.mark.parametrize("path", ["", "./a", "a/b", "..", "/bin/", "/a\nb"])
def test_a_program_is_an_absolute_path_or_a_bare_name(path: str) -> None:
    assert codes(domain(f"<application>{path}</application>")) == ["application"]


def test_no_program_and_two_programs_are_refused() -> None:
    assert codes(domain("")) == ["missing"]
    assert codes(domain(PROGRAM * 2)) == ["duplicate"]


def test_arguments_and_values_keep_every_space() -> None:
    spec = domain(
        f"{PROGRAM}<arg> a\nb </arg><arg/><arg><![CDATA[<&]]></arg>"
        "<env name='A'> x </env><env name='B'/><dir> /srv </dir><user>web:www</user>"
    ).compiled()
    assert spec.program == ("/bin/sh", " a\nb ", "", "<&")
    assert spec.environment == (("A", " x "), ("B", ""))
    assert (spec.directory, spec.user, spec.group) == ("/srv", "web", "www")


@pytest.mark.parametrize("name", ["", "A=B", "A&#10;B"])
def test_names_of_variables_have_no_equals_sign(name: str) -> None:
    assert codes(domain(f"{PROGRAM}<env name='{name}'>x</env>")) == ["name"]


def test_a_variable_twice_is_refused() -> None:
    assert codes(domain(PROGRAM + "<env name='A'>x</env>" * 2)) == ["duplicate"]


def test_a_group_stands_alone_or_beside_a_user_but_not_twice() -> None:
    assert domain(f"{PROGRAM}<group>g</group>").compiled().group == "g"
    assert codes(domain(f"{PROGRAM}<user>u:g</user><group>g</group>")) == ["group"]
    spec = domain(f"{PROGRAM}<user>u</user><group>g</group>").compiled()
    assert (spec.user, spec.group) == ("u", "g")


def test_a_console_is_counted_and_its_host_device_is_not_read() -> None:
    devices = "<devices><console tty='/dev/pts/4'/><console tty='/etc/passwd'/></devices>"
    assert domain(rest=devices).compiled().consoles == 2
    assert domain(rest="<devices/>").compiled().consoles is None


def test_a_console_that_is_no_terminal_is_kept() -> None:
    spec = domain(rest="<devices><console type='file'/><console/></devices>").compiled()
    assert (spec.consoles, [entry.path for entry in spec.opaque]) == (1, ["domain/devices/console"])
    assert read(write(spec)).spec == spec
