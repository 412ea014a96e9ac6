"""A loss report speaks plainly, whatever shape the value has that it names."""

from __future__ import annotations

from typing import Any

import pytest

from cloche_engine.definition.converting.spec_json import to_json
from cloche_engine.definition.converting.wording import in_words
from cloche_engine.definition.spec import (
    Access,
    Capabilities,
    CapabilityPolicy,
    ContainerSpec,
    Filesystem,
    FilesystemKind,
    IdMap,
    IdRange,
    Interface,
    InterfaceKind,
    Owner,
    PortForward,
    Rlimit,
    Route,
    SharedNamespace,
)

ROOT = Filesystem(FilesystemKind.MOUNT, "/srv/one", "/", readonly=True)
LINK = Interface(
    InterfaceKind.BRIDGE, "br0", name="eth0", addresses=("10.0.0.2/24", "fd00::2/64"),
    routes=(Route("10.1.0.0/16", "10.0.0.9", 5),), gateway="10.0.0.1", up=False,
    forwards=(PortForward("tcp", 80, 81, 8080, "192.0.2.1"),),
)  # fmt: skip


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ({"filesystems": (ROOT,)}, "mount /srv/one on /, read-only"),
        (
            {"filesystems": (Filesystem(FilesystemKind.RAM, "", "/run", size_kib=64),)},
            "memory on /run, at most 64 KiB",
        ),
        (
            {"filesystems": (Filesystem(FilesystemKind.MOUNT, "/a", "/b", options=("noexec",),
                                        access=Access.MAPPED),)},
            "mount /a on /b, options noexec, files of the container's own ids",
        ),
        (
            {"filesystems": (Filesystem(FilesystemKind.MOUNT, "/a", "/b", soft_kib=7,
                                        owner=Owner(1000, 100, 0, 0)),)},
            "mount /a on /b, a warning above 7 KiB, files of 1000:100 as 0:0",
        ),
        ({"interfaces": (Interface(InterfaceKind.HOST),)}, "the host's own network"),
        (
            {"interfaces": (LINK,)},
            ("an interface of type bridge to br0, name eth0, addresses 10.0.0.2/24, fd00::2/64, "
            "routes 10.1.0.0/16 by 10.0.0.9 with metric 5, gateway 10.0.0.1, "
            "forwards tcp 192.0.2.1:80-81 to 8080, switched off"),
        ),
        ({"program": ("/bin/sh", "-c", "echo a, b")}, "/bin/sh -c echo a, b"),
        ({"environment": (("A", "1"), ("B", ""))}, "A=1, B="),
        ({"nameservers": ("10.0.0.1", "fd00::1")}, "10.0.0.1, fd00::1"),
        (
            {"idmap": IdMap((IdRange(0, 100000, 65536),), (IdRange(0, 7, 1),))},
            "uid 0 to 65535 as 100000 to 165535, gid 0 as 7",
        ),
        (
            {"capabilities": Capabilities(CapabilityPolicy.DENY, keep=("kill", "chown"))},
            "policy deny, keep kill, chown",
        ),
        ({"rlimits": (Rlimit("nofile", 1024, None),)}, "nofile 1024, at most no limit"),
        ({"namespaces": (SharedNamespace("net", "name", "web"),)}, "net of name web"),
        ({"autostart": True}, "yes"),
        ({"io_weight": 300}, "300"),
    ],
)  # fmt: skip
def test_what_is_lost_is_named_in_words(part: dict[str, Any], said: str) -> None:
    (key,) = part
    assert in_words(key, to_json(ContainerSpec("one", **part))[key]) == said
