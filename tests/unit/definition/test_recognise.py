"""Every form in which a definition arrives is known by its shape; others are refused by name."""

from __future__ import annotations

import pytest
from tests.unit.definition.samples import RFC_LITERAL

from cloche_engine.definition.checking.fixing import mend
from cloche_engine.definition.dialects import recognise
from cloche_engine.definition.dialects.dialect import Dialect
from cloche_engine.definition.document import Document
from cloche_engine.definition.problem import Problem
from cloche_engine.definition.reading import read
from cloche_engine.definition.text.source import MAX_BYTES, read_source
from cloche_engine.definition.text.tree import parse_tree

NESTED = "<container><filesystem><mount><source dir='/a'/></mount></filesystem></container>"
FIRST = "<container><filesystem><mount>/etc = /a/etc</mount></filesystem></container>"
MARCH = "<os><init>/sbin/init</init></os><devices><filesystem type='mount'/></devices>"


def recognised(text: str) -> Dialect | Problem:
    source = read_source(text.encode())
    if recognise.is_markup(source):
        return recognise.of_tree(parse_tree(source))
    return recognise.of_lines(source)


@pytest.mark.parametrize(
    ("kind", "inside", "dialect"),
    [
        ("linuxcontainer", NESTED, Dialect.LINUXCONTAINER),
        ("linuxcontainer", "", Dialect.LINUXCONTAINER),
        ("linuxcontainer", FIRST, Dialect.LINUXCONTAINER_V1),
        ("linuxcontainer", "<container><memory>1</memory></container>", Dialect.LINUXCONTAINER_V1),
        ("lxc", MARCH, Dialect.LIBVIRT_LXC),
        ("openvz", "<container><profile>x</profile></container>", Dialect.OPENVZ),
        ("openvz", "<devices/>", Dialect.OPENVZ),
        ("vserver", "<container><uts hostname='a'/></container>", Dialect.VSERVER),
    ],
)
def test_a_domain_is_known(kind: str, inside: str, dialect: Dialect) -> None:
    assert recognised(f"<domain type='{kind}'><name>a</name>{inside}</domain>") is dialect


def test_t26_what_the_driver_of_march_2008_wrote_is_of_the_first_family() -> None:
    text = f"<domain type='linuxcontainer'>{MARCH}</domain>"
    assert recognised(text) is Dialect.LINUXCONTAINER


def test_t26_lxc_with_a_container_inside_is_of_the_first_family() -> None:
    assert recognised(f"<domain type='lxc'>{NESTED}</domain>") is Dialect.LINUXCONTAINER


@pytest.mark.parametrize(
    ("text", "dialect"),
    [
        ("# mine\nlxc.uts.name = a\n", Dialect.LXC_CONF),
        ("lxc.utsname=a", Dialect.LXC_CONF),
        ("\nlxc.rootfs = /x\nnonsense\n", Dialect.LXC_CONF),
        ("\ufefflxc.uts.name = a", Dialect.LXC_CONF),
        ('ONBOOT="yes"\n', Dialect.OPENVZ_CONF),
        ('# x\nPRIVVMPAGES="1:2"\nwhat is this\n', Dialect.OPENVZ_CONF),
        ('SOMETHING="x"\nOTHER="y"\n', Dialect.OPENVZ_CONF),
    ],
)
def test_lines_are_known_by_their_keys(text: str, dialect: Dialect) -> None:
    assert recognised(text) is dialect


@pytest.mark.parametrize("kind", ["kvm", "qemu", "xen", "vmware", "KVM"])
def test_t24_a_virtual_machine_is_refused_by_name(kind: str) -> None:
    reading = read(f"<domain type='{kind}'><name>a</name>{NESTED}</domain>".encode())
    (problem,) = reading.problems
    assert (reading.dialect, reading.spec) == (None, None)
    assert (problem.code, problem.line, problem.column) == ("domain-type", 1, 15)
    assert f"type '{kind}' is a virtual machine of" in problem.reason
    assert "linuxcontainer" in problem.hint


@pytest.mark.parametrize("text", ["<network/>", "<x:domain xmlns:x='urn:x' type='lxc'/>"])
def test_t24_another_root_is_refused_by_name(text: str) -> None:
    (problem,) = read(text.encode()).problems
    assert problem.code == "foreign-root"
    assert "not a <domain>" in problem.reason


def test_t24_a_domain_without_type_is_told_which_it_would_be() -> None:
    text = f"<domain>\n<name>a</name>{MARCH}</domain>".encode()
    (problem,) = read(text).problems
    assert (problem.code, problem.hint) == ("domain-type", "write <domain type='lxc'>")
    assert mend(text, ["add-type"]).data.startswith(b"<domain type='lxc'>\n<name>")


def test_a_type_with_a_slip_of_the_pen_is_mended_by_name() -> None:
    text = b'<domain type="linux-container"><name>a</name></domain>'
    (problem,) = read(text).problems
    assert problem.hint == "did you mean 'linuxcontainer'?"
    assert b'type="linuxcontainer"' in mend(text, ["did-you-mean"]).data


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b'{"ociVersion": "1.0.2"}', "JSON"),
        (b"[\n  1\n]", "JSON"),
        (b"# unit\n\n[Exec]\nBoot=yes\n", "systemd"),
        (b"FROM debian:12\n", "Dockerfile"),
        (b"architecture: amd64\nconfig:\n", "YAML"),
        (b"name = 'vm'\nkernel = '/x'\n", "Xen"),
        (b'config.version = "8"\n', "VMware"),
        (b"#!/bin/sh\nexit\n", "a script"),
        (b"\x7fELF\x02\xff\xff", "a program"),
        (b"\x1f\x8b\x08\xff", "gzip"),
        (b"etc/\0" + b"\0" * 252 + b"ustar", "tar archive"),
        (b"hello\nworld\n", "neither the form of XML"),
        (b"# only a comment\n", "neither the form of XML"),
    ],
)
def test_what_is_none_of_ours_is_refused_with_what_it_looks_like(data: bytes, what: str) -> None:
    reading = read(data)
    (problem,) = reading.problems
    assert (reading.dialect, reading.spec, problem.code) == (None, None, "foreign-form")
    assert what in problem.reason


def test_an_empty_document_is_told_how_one_begins() -> None:
    (problem,) = read(b" \n").problems
    assert "begins with <domain type='linuxcontainer'>" in problem.hint


def test_the_dialect_that_is_named_is_not_recognised_again() -> None:
    text = f"<domain type='linuxcontainer'><name>a</name>{NESTED}</domain>".encode()
    assert read(text, Dialect.LINUXCONTAINER_V1).dialect is Dialect.LINUXCONTAINER_V1


def test_a_broken_document_is_of_the_dialect_that_it_began_in() -> None:
    reading = read(b"<domain type='vserver'><name>a</nam")
    assert (reading.dialect, reading.spec) == (Dialect.VSERVER, None)
    assert reading.problems[0].code == "not-well-formed"


def test_both_mistakes_of_the_rfc_are_told_in_one_pass_at_their_places() -> None:
    reading = read(RFC_LITERAL)
    assert reading.dialect is Dialect.LINUXCONTAINER
    assert reading.spec is None
    assert [(problem.line, problem.column) for problem in reading.problems] == [(19, 48), (20, 11)]


def test_what_stands_behind_a_mistake_is_told_at_its_place_and_with_its_fix() -> None:
    text = RFC_LITERAL.replace(b"<cpushare>", b"<initt/><cpushare>").replace(b'"/ns', b'"/ns')
    reading = read(text)
    last = reading.problems[-1]
    line = text.decode().splitlines()[last.line - 1]
    assert line[last.column - 1 :].startswith("<initt/>")
    (fix,) = last.fixes
    (edit,) = fix.edits
    assert text[edit.start : edit.end] == b"<initt/>"


@pytest.mark.parametrize(
    "data",
    [
        b"\n" * MAX_BYTES,
        b"# x\n" * (MAX_BYTES // 4),
        b" " * (MAX_BYTES - 1) + b"x",
        b"a" * MAX_BYTES,
        b"<ip a='1'/ip>" * (MAX_BYTES // 13),
        b"<domain type='linuxcontainer'>" + b"<ip a='1'/ip>" * 9000,
    ],
)
def test_long_texts_of_nothing_are_answered(data: bytes) -> None:
    assert read(data).errors


def test_a_document_in_lines_is_refused_with_the_command_that_converts_it() -> None:
    (problem,) = Document.parse(b"lxc.uts.name = a\n").problems
    assert problem.code == "foreign-form"
    assert problem.reason == "this is a definition of lxc-conf, not XML"
    assert "clochectl convert --from lxc-conf --to linuxcontainer" in problem.hint


@pytest.mark.parametrize("kind", ["", " type='linuxcontainer'", " type='openvz'"])
def test_a_dialect_that_overrides_reads_containers_of_other_types(kind: str) -> None:
    text = f"<domain{kind}><name>a</name><os><init>/sbin/init</init></os></domain>"
    told = read(text.encode(), Dialect.LIBVIRT_LXC)
    assert [problem.code for problem in told.errors] == ["domain-type"]
    reading = read(text.encode(), Dialect.LIBVIRT_LXC, overrides=True)
    assert reading.errors == ()
    assert reading.problems[0].code == "domain-type"
    assert reading.spec is not None
    assert reading.spec.program == ("/sbin/init",)


def test_no_dialect_makes_a_container_of_a_machine() -> None:
    text = b"<domain type='kvm'><name>a</name><os><init>/sbin/init</init></os></domain>"
    reading = read(text, Dialect.LIBVIRT_LXC, overrides=True)
    assert [problem.code for problem in reading.errors] == ["domain-type"]
