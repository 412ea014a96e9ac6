"""Before anything is applied, the user reads what would change, when it is felt, and the lines."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from cloche_engine.definition.create import new_definition
from cloche_engine.definition.document import Document
from cloche_engine.definition.planning.differences import differences
from cloche_engine.definition.planning.plan import Plan, make_plan
from cloche_engine.definition.problem import DefinitionError
from cloche_engine.definition.schema.model import Effect
from cloche_engine.definition.spec import (
    Access,
    Capabilities,
    CapabilityPolicy,
    ContainerSpec,
    Cpu,
    Filesystem,
    FilesystemKind,
    IdMap,
    IdRange,
    Interface,
    InterfaceKind,
    IoDevice,
    Memory,
    Opaque,
    Rlimit,
    Route,
    SharedNamespace,
)

PLAIN = ContainerSpec(
    name="box",
    uuid="0" * 32,
    program=("/bin/sh",),
    filesystems=(Filesystem(FilesystemKind.MOUNT, "/srv/root", "/"),),
)
DATA = Filesystem(FilesystemKind.MOUNT, "/srv/data", "/data", readonly=True)
WITHOUT_ROOT = (
    "The root directory is no longer a tree of its own; the host's own files are shared, read-only."
)
OWNERS = "nobody's, but for those of the container's own host ids"
LINK = Interface(InterfaceKind.BRIDGE, "br0", addresses=("10.0.0.2/24",))


def document(spec: ContainerSpec) -> Document:
    return Document.parse(new_definition(spec))


def plan(old: ContainerSpec, new: ContainerSpec, *, running: bool = True) -> Plan:
    return make_plan(document(old), document(new), running=running)


def sentences(new: ContainerSpec, old: ContainerSpec = PLAIN) -> list[str]:
    return [each.sentence for each in differences(old, new)]


@pytest.mark.parametrize(
    ("change", "path", "sentence"),
    [
        ({"name": "jar"}, "name", "Name: jar instead of box."),
        ({"title": "A box"}, "title", "Title: A box."),
        ({"hostname": "h"}, "hostname", "Host name: h."),
        ({"program": ("/bin/sh", "-l")}, "program", "Program: /bin/sh -l instead of /bin/sh."),
        ({"cpu": Cpu(shares=40)}, "cpu.shares", "Processor shares: 40."),
        (
            {"cpu": Cpu(quota_us=50_000)},
            "cpu.quota_us",
            "Processor time in each period: 50 ms.",
        ),
        ({"memory": Memory(65536)}, "memory.max_kib", "Memory, at most: 64 MiB."),
        ({"memory": Memory(65537)}, "memory.max_kib", "Memory, at most: 65537 KiB."),
        ({"environment": (("A", "b c"),)}, "environment.A", "Environment variable A: 'b c'."),
        ({"nameservers": ("10.0.0.1",)}, "nameservers", "Name servers: 10.0.0.1."),
        (
            {"filesystems": (*PLAIN.filesystems, DATA)},
            "filesystems./data",
            "The mount on /data is /srv/data of the host, read-only.",
        ),
        ({"filesystems": ()}, "filesystems./", WITHOUT_ROOT),
        (
            {"interfaces": (LINK,)},
            "interfaces[0]",
            "The network interface eth0 is added: the bridge br0 with 10.0.0.2/24.",
        ),
        ({"network_isolated": True}, "network_isolated", "Only a loopback network: yes."),
        ({"console_kib": 1024}, "console_kib", "Output of the console that is kept: 1 MiB."),
        ({"processes": 64}, "processes", "Processes, at most: 64."),
        (
            {"io_devices": (IoDevice("/dev/sda", read_bytes_sec=4096),)},
            "io_devices./dev/sda",
            "Bytes read in a second of /dev/sda: 4096.",
        ),
        (
            {"rlimits": (Rlimit("nofile", 1024, None),)},
            "rlimits.nofile",
            "Limit nofile of each process: 1024, at most no limit.",
        ),
        ({"system": True}, "system", "A whole system with an init: yes."),
        ({"stop_signal": "SIGINT"}, "stop_signal", "Signal that asks it to end: SIGINT."),
        ({"stop_grace": 3}, "stop_grace", "Seconds until it is killed: 3."),
        ({"privileged": True}, "privileged", "Privileged, with the host's own user ids: yes."),
        (
            {"idmap": IdMap((IdRange(0, 100000, 10),), (IdRange(0, 100000, 10),))},
            "idmap",
            "User and group ids are mapped as the document says.",
        ),
        (
            {"capabilities": Capabilities(CapabilityPolicy.DENY, ("chown",))},
            "capabilities.policy",
            "Capabilities, policy: deny instead of default.",
        ),
        (
            {"namespaces": (SharedNamespace("net", "name", "web"),)},
            "namespaces",
            "Namespaces shared with others: net of name web.",
        ),
        (
            {"opaque": (Opaque("domain/clock", "<clock/>"),)},
            "opaque.domain/clock",
            "domain/clock changes; Cloche keeps it but ignores it.",
        ),
    ],
)
def test_each_change_is_one_sentence(change: dict[str, object], path: str, sentence: str) -> None:
    found = differences(PLAIN, replace(PLAIN, **change))  # type: ignore[arg-type]
    assert (found[0].path, found[0].sentence) == (path, sentence)


def test_taking_a_value_away_says_what_it_was() -> None:
    limited = replace(PLAIN, cpu=Cpu(shares=40), memory=Memory(65536))
    assert sentences(PLAIN, limited) == [
        "Processor shares: no longer 40.",
        "Memory, at most: no longer 64 MiB.",
    ]


def test_a_mount_that_changes_says_how() -> None:
    mounted = replace(PLAIN, filesystems=(*PLAIN.filesystems, DATA))
    elsewhere = replace(DATA, source="/srv/other")
    writable = replace(DATA, readonly=False)
    root = PLAIN.filesystems
    assert sentences(replace(PLAIN, filesystems=(*root, elsewhere)), mounted) == [
        "The mount on /data is /srv/other of the host instead of /srv/data of the host, read-only."
    ]
    assert sentences(replace(PLAIN, filesystems=(*root, writable)), mounted) == [
        "The mount on /data can be written to."
    ]
    assert sentences(PLAIN, mounted) == ["The mount on /data is removed."]
    assert sentences(replace(PLAIN, filesystems=(DATA, *root)), mounted) == [
        "The mounts are made in another order."
    ]


def test_a_mount_that_changes_in_many_ways_tells_them_all() -> None:
    small = replace(DATA, size_kib=1024, options=("nosuid",))
    large = replace(DATA, readonly=False, size_kib=2048, soft_kib=1024, access=Access.MAPPED)
    one, other = (replace(PLAIN, filesystems=(each,)) for each in (small, large))
    assert sentences(other, one) == [
        "The mount on /data can be written to.",
        f"The mount on /data shows its files as {OWNERS}.",
        "The mount on /data has room for 2 MiB instead of 1 MiB.",
        "The mount on /data warns beyond 1 MiB instead of no limit.",
        "The mount on /data has no options instead of the options nosuid.",
    ]


def test_an_interface_that_changes_says_what_of_it() -> None:
    linked = replace(PLAIN, interfaces=(LINK,))
    other = replace(
        LINK, source="br1", addresses=("10.0.0.3/24",), routes=(Route("10.1.0.0/16", "10.0.0.9"),)
    )
    assert sentences(replace(PLAIN, interfaces=(other,)), linked) == [
        "Network interface eth0: the bridge br1 instead of the bridge br0.",
        "Network interface eth0, addresses: 10.0.0.3/24 instead of 10.0.0.2/24.",
        "Network interface eth0, routes: 10.1.0.0/16 by 10.0.0.9.",
    ]
    assert sentences(PLAIN, linked) == ["The network interface eth0 is removed."]


def test_every_field_of_a_specification_has_words() -> None:
    """A field that nobody thought of here would be told by its bare path."""
    full = {
        "uuid": "1" * 32,
        "description": "d",
        "directory": "/d",
        "user": "u",
        "group": "g",
        "consoles": 2,
        "console_ttys": ("/dev/pts/4",),
        "io_weight": 100,
        "on_poweroff": "destroy",
        "on_reboot": "restart",
        "on_crash": "destroy",
        "autostart": True,
        "arch": "x86_64",
        "machine": "m",
        "profile": "p",
        "stop_signal": "SIGINT",
        "stop_grace": 3,
        "processes": 64,
        "console_kib": 64,
        "io_devices": (IoDevice("/dev/sda", 200),),
        "rlimits": (Rlimit("core", 0, 0),),
        "system": True,
        "privileged": True,
        "cpu": Cpu(1, 2, 3, "4", "5", 6),
        "memory": Memory(1, 2, 3, 4),
    }
    for found in differences(PLAIN, replace(PLAIN, **full)):  # type: ignore[arg-type]
        assert not found.sentence.startswith(found.path), found
    tested = set(full) | {
        "name", "title", "hostname", "program", "environment", "nameservers", "filesystems",
        "interfaces", "network_isolated", "idmap", "capabilities", "namespaces", "opaque",
    }  # fmt: skip
    assert tested == {entry.name for entry in fields(ContainerSpec)}


def test_what_is_felt_now_is_told_apart_from_what_waits() -> None:
    found = plan(PLAIN, replace(PLAIN, title="A box", program=("/bin/ash",)))
    assert [(step.path, step.effect) for step in found.steps] == [
        ("title", Effect.NOW),
        ("program", Effect.NEXT_START),
    ]
    assert [step.path for step in found.now] == ["title"]
    assert [step.path for step in found.later] == ["program"]
    assert found.summary == "Some of it takes effect now, the rest at the next start."


def test_the_whole_is_summed_up() -> None:
    later = replace(PLAIN, program=("/bin/ash",))
    assert plan(PLAIN, PLAIN).summary == "Nothing changes."
    assert plan(PLAIN, replace(PLAIN, title="t")).summary == "It takes effect now."
    assert plan(PLAIN, later).summary == "It takes effect at the next start."


def test_the_diff_shows_the_lines() -> None:
    found = plan(PLAIN, replace(PLAIN, program=("/bin/ash",)))
    assert "-    <application>/bin/sh</application>\n" in found.diff
    assert "+    <application>/bin/ash</application>\n" in found.diff
    assert found.diff.startswith("--- stored\n+++ new\n@@ ")


def test_a_comment_changes_the_text_alone() -> None:
    before = document(PLAIN)
    after = before.with_text(before.text.replace("<domain", "<!-- mine -->\n<domain"))
    found = make_plan(before, after, running=True)
    assert found.steps == ()
    assert "+<!-- mine -->\n" in found.diff
    assert found.summary == "Only the text changes; the container stays as it is."


def test_a_mark_at_the_beginning_is_no_silent_change() -> None:
    before = document(PLAIN)
    found = make_plan(before, Document.parse(b"\xef\xbb\xbf" + before.data), running=True)
    assert not found.is_empty
    assert found.diff == "only the encoding or its mark differs\n"


def test_a_line_ends_where_xml_says_so() -> None:
    odd = replace(PLAIN, description="one\x85two\u2028three\u2029four")
    found = plan(PLAIN, replace(odd, title="t"))
    (line,) = [each for each in found.diff.split("\n") if "three" in each]
    assert line.startswith("+  <description>one")
    assert line.endswith("</description>")


def test_a_missing_last_line_end_is_shown() -> None:
    before = document(PLAIN)
    found = make_plan(before, Document.parse(before.data.rstrip()), running=True)
    assert "\\ No newline at end of file" in found.diff


def test_a_document_with_errors_has_no_plan() -> None:
    with pytest.raises(DefinitionError):
        make_plan(document(PLAIN), Document.parse(b"<domain"), running=True)


def test_from_a_damaged_document_everything_is_new() -> None:
    found = make_plan(Document.parse(b"<domain"), document(PLAIN), running=False)
    assert {"name", "program", "filesystems./"} <= {step.path for step in found.steps}
