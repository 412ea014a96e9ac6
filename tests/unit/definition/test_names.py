"""The rules of single values, as forms ask them, and the schema that names them."""

from __future__ import annotations

import subprocess
import sys

import pytest

from cloche_engine.definition import names, units
from cloche_engine.definition.problem import DefinitionError, Problem, Severity
from cloche_engine.definition.schema.linuxcontainer import SCHEMA


@pytest.mark.parametrize("name", ["a", "Container123", "0.x_y-z", "a" * 63])
def test_usual_names_are_fine(name: str) -> None:
    assert names.valid_name(name) is None


@pytest.mark.parametrize(
    ("check", "bad"),
    [
        (names.valid_name, "a b"),
        (names.valid_uuid, "12"),
        (names.valid_hostname, "a_b"),
        (names.valid_path, "a"),
        (names.valid_mount_source, "/"),
        (names.valid_template, "a/b"),
        (names.valid_program, "a/b"),
        (names.valid_environment_name, "A=B"),
        (names.valid_user, "a b"),
        (names.valid_group, ":"),
        (names.valid_device, "a" * 16),
        (names.valid_device, "a/b"),
        (names.valid_mac, "52:54:00:12:34"),
        (names.valid_mac, "01:00:5e:00:00:01"),
        (names.valid_address, "1.2.3"),
        (names.valid_netmask, "255.0.255.0"),
        (names.valid_prefix, "129"),
        (names.valid_shares, "1"),
        (units.valid_unit, "pages"),
    ],
)
def test_a_refused_value_has_a_reason_on_one_line(check: object, bad: str) -> None:
    assert callable(check)
    reason = check(bad)
    assert isinstance(reason, str)
    assert reason
    assert "\n" not in reason


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("10.0.0.300", "each part is 0 to 255"),
        ("10.0.0.1000", "each part is 0 to 255"),
        ("10.0.0", "it has 3 parts, not four"),
        ("10.0.0.1.2", "it has 5 parts, not four"),
    ],
)
def test_numbers_and_dots_that_are_no_address_are_told_why(text: str, why: str) -> None:
    assert names.valid_address(text) == f"'{text}' is no IP address: {why}"
    assert (names.valid_netmask(text) or "").endswith(why)


def test_other_words_are_no_addresses_at_all() -> None:
    assert names.valid_address("host.example") == "'host.example' is no IP address"
    assert names.valid_address("fd00::x") == "'fd00::x' is no IP address"


def test_a_uuid_is_given_in_lower_case_without_dashes() -> None:
    assert names.parse_uuid("0123ABCD-0000-0000-0000-000000000001") == "0123abcd" + "0" * 23 + "1"
    with pytest.raises(ValueError, match="32 hexadecimal digits"):
        names.parse_uuid("{0123abcd00000000000000000000001}")


def test_paths_are_compared_without_what_means_nothing() -> None:
    assert names.normal_path("//a/./b//") == "/a/b"
    assert names.normal_path("/") == "/"


def test_control_characters_are_not_repeated_in_messages() -> None:
    assert "\x1b" not in (names.valid_path("/a\x1b[2J") or "")
    assert len(names.valid_path("b" * 5000) or "") < 200


def test_sizes_go_to_kib_and_back() -> None:
    assert units.to_kib("1", "GiB") == 1048576
    assert units.to_kib("1", "b") == 1
    assert units.to_kib("x") is None
    assert units.from_kib(1048576, "GiB") == "1"
    assert units.from_kib(1000, "MiB") is None


def test_every_element_of_the_schema_can_be_explained() -> None:
    known = {rule.name for rule in SCHEMA.elements}
    for rule in SCHEMA.elements:
        assert rule.help
        assert all(attribute.help for attribute in rule.attributes)
        assert all(parent in known or parent == "" for parent in rule.parents)


def test_the_schema_answers_what_may_stand_where() -> None:
    assert [rule.name for rule in SCHEMA.children("ip")] == ["gateway", "nameserver"]
    assert SCHEMA.children("name") == ()
    assert SCHEMA.parents("nameserver") == ("ip", "network")
    cpushare = SCHEMA.rule("domain", "cpushare")
    assert cpushare is not None
    assert (cpushare.minimum, cpushare.maximum, cpushare.unit) == (2, 262144, "shares")


def test_a_problem_is_written_as_compilers_do() -> None:
    problem = Problem("memory", Severity.ERROR, 3, 5, "it is wrong", "mend it")
    assert problem.render("a.xml") == "a.xml:3:5: error: memory: it is wrong; mend it"
    warning = Problem("x", Severity.WARNING, 1, 1, "so")
    assert warning.render("-") == "-:1:1: warning: x: so"
    assert str(DefinitionError([warning, problem])) == "line 3, column 5: it is wrong"


def test_the_specification_needs_no_xml() -> None:
    code = (
        "import sys, cloche_engine.definition.spec;"
        "print([name for name in sys.modules if 'xml' in name or 'expat' in name])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert found.stdout.strip() == "[]"
