"""Id maps, features, endings, programs and shared namespaces, in libvirt's elements."""

from __future__ import annotations

import pytest
from tests.unit.definition.domain.parts import codes, domain, written

from cloche_engine.definition.domain.features import features_markup, read_features
from cloche_engine.definition.domain.idmap import idmap_markup, read_idmap
from cloche_engine.definition.domain.lifecycle import Lifecycle, lifecycle_markup, read_lifecycle
from cloche_engine.definition.domain.namespaces import namespaces_markup, read_namespaces
from cloche_engine.definition.domain.program import program_markup, read_program
from cloche_engine.definition.spec import (
    Capabilities,
    CapabilityPolicy,
    ContainerSpec,
    IdMap,
    IdRange,
    SharedNamespace,
)


def test_t17_start_is_inside_and_target_on_the_host() -> None:
    report = domain(
        "<idmap><uid start='1000' target='1000' count='1'/>"
        "<uid start='0' target='100000' count='1000'/>"
        "<gid start='0' target='200000' count='65536'/></idmap>"
    )
    found = read_idmap(report, report.tree.root)
    assert found == IdMap(
        (IdRange(0, 100000, 1000), IdRange(1000, 1000, 1)), (IdRange(0, 200000, 65536),)
    )
    again = domain(written(idmap_markup(found)))
    assert read_idmap(again, again.tree.root) == found
    assert codes(report) == codes(again) == []


_GID = "<gid start='0' target='100000' count='10'/>"


@pytest.mark.parametrize(
    "inside",
    [
        "<uid start='0' target='100000' count='10'/>",
        _GID,
        "",
        f"{_GID}<uid start='1' target='100000' count='10'/>",
        f"{_GID}<uid start='0' target='1' count='10'/><uid start='9' target='50' count='10'/>",
        f"{_GID}<uid start='0' target='1' count='10'/><uid start='10' target='10' count='10'/>",
        f"{_GID}<uid start='0' target='4294967290' count='10'/>",
    ],
)
def test_t17_maps_that_leave_root_out_or_overlap(inside: str) -> None:
    report = domain(f"<idmap>{inside}</idmap>")
    read_idmap(report, report.tree.root)
    assert set(codes(report)) == {"idmap"}


def test_capabilities_keep_their_order_and_states() -> None:
    report = domain(
        "<features><privnet/><capabilities policy='deny'>"
        "<net_raw/><mknod state='off'/><chown state='on'/></capabilities></features>"
    )
    found = read_features(report, report.tree.root)
    assert found.network_isolated is True
    assert found.capabilities == Capabilities(
        CapabilityPolicy.DENY, ("net_raw", "chown"), ("mknod",)
    )
    again = domain(written(features_markup(found.capabilities, found.network_isolated)))
    assert read_features(again, again.tree.root) == found
    assert report.problems() == again.problems() == ()


def test_a_capability_that_is_not_known_is_kept_with_a_warning() -> None:
    report = domain("<features><capabilities><cap_mknod/></capabilities></features>")
    found = read_features(report, report.tree.root)
    assert found.capabilities == Capabilities(keep=("cap_mknod",))
    (problem,) = report.problems()
    assert (problem.code, problem.hint) == ("capability", "did you mean <mknod>?")
    assert "root-equivalent" in problem.reason


@pytest.mark.parametrize(
    ("inside", "code"),
    [
        ("<mknod state='maybe'/>", "state"),
        ("<mknod/><mknod state='off'/>", "duplicate"),
        ("<Mknod/>", "capability"),
    ],
)
def test_capabilities_that_cannot_be(inside: str, code: str) -> None:
    report = domain(f"<features><capabilities>{inside}</capabilities></features>")
    read_features(report, report.tree.root)
    assert codes(report) == [code]


def test_only_capabilities_that_the_dialect_knows_are_written() -> None:
    markup = features_markup(Capabilities(keep=("bpf", "chown", "a<b")), None, ("chown",))
    assert "bpf" not in written(markup)
    assert "<a" not in written(features_markup(Capabilities(drop=("a<b",)), None))


def test_what_follows_the_end() -> None:
    lifecycle = Lifecycle("destroy", "restart", "coredump-restart")
    report = domain(written(lifecycle_markup(lifecycle)))
    assert read_lifecycle(report, report.tree.root) == lifecycle
    wrong = domain("<on_reboot>coredump-restart</on_reboot>")
    assert read_lifecycle(wrong, wrong.tree.root) == Lifecycle()
    assert codes(wrong) == ["on_reboot"]


def test_a_program_is_read_with_every_space_of_its_arguments() -> None:
    spec = ContainerSpec(
        "one",
        program=("/bin/sh", "-c", "  echo <x> & "),
        environment=(("A", " b "), ("C", "")),
        directory="/srv",
        user="1000",
        group="tester",
        arch="x86_64",
    )
    report = domain(written(program_markup(spec)))
    found = read_program(report, report.tree.root)
    assert {name: getattr(spec, name) for name in found._fields} == found._asdict()
    assert codes(report) == []


def test_arguments_without_a_program_are_those_of_init() -> None:
    report = domain("<os><type>exe</type><initarg>--unit=x</initarg></os>")
    assert read_program(report, report.tree.root).program == ("/sbin/init", "--unit=x")
    report = domain("<os><type>exe</type></os>")
    assert read_program(report, report.tree.root).program == ()


@pytest.mark.parametrize(
    ("inside", "code"),
    [
        ("<type>hvm</type>", "type"),
        ("<type/>", "type"),
        ("<initenv name='A'>1</initenv><initenv name='A'>1</initenv>", "duplicate"),
    ],
)
def test_programs_that_cannot_be(inside: str, code: str) -> None:
    report = domain(f"<os>{inside}</os>")
    read_program(report, report.tree.root)
    assert codes(report) == [code]


def test_shared_namespaces() -> None:
    shared = (SharedNamespace("net", "netns", "red"), SharedNamespace("ipc", "pid", "12"))
    report = domain(written(namespaces_markup(shared)))
    assert read_namespaces(report, report.tree.root) == shared
    assert codes(report) == []
    (warning,) = report.problems()
    assert warning.code == "root-equivalent"
    assert "process 12 of the host" in warning.reason


@pytest.mark.parametrize(
    ("inside", "code"),
    [
        ("<l:sharenet type='netns' value='../1/ns/net'/>", "netns"),
        ("<l:sharenet type='netns' value='..'/>", "netns"),
        ("<l:shareipc type='pid' value='0'/>", "pid"),
        ("<l:shareipc type='pid' value='self'/>", "pid"),
    ],
)
def test_shared_namespaces_that_cannot_be(inside: str, code: str) -> None:
    uri = "http://libvirt.org/schemas/domain/lxc/1.0"
    report = domain(f"<l:namespace xmlns:l='{uri}'>{inside}</l:namespace>")
    read_namespaces(report, report.tree.root)
    assert codes(report) == [code]
