"""Plans of a start, compiled from what a test says of the container."""

from __future__ import annotations

import dataclasses
import ipaddress
from pathlib import Path

from cloche_engine.core.compiling.plan import compile_plan
from cloche_engine.core.networks.ports import Pool, Port
from cloche_engine.core.places import Places
from cloche_engine.definition.spec import ContainerSpec, Filesystem, FilesystemKind, Location
from cloche_engine.sandbox.plan.launch import LaunchPlan
from cloche_engine.sandbox.plan.mounts import HostRoot, Surroundings

SCRATCH = "/var/tmp"  # noqa: S108 (a path inside the container)
UUID = "8dfd44b31e76d8d335150a2d98211ea0"
PLACES = Places(Path("/state"), Path("/run/cloche"), "test")
SHARED = Surroundings(
    directories=(True,), creatable=(True,),
    host_root=HostRoot(("etc", "usr"), (("bin", "usr/bin"),), (("tmp", 0o1777),), (SCRATCH,)),
)  # fmt: skip


def mount(target: str, source: str = "/given") -> Filesystem:
    return Filesystem(FilesystemKind.MOUNT, source, target, location=Location(4, 7))


POOL = Pool.of(ipaddress.IPv4Network("10.64.16.0/20"), "test")


class Plugs:
    """Gives everybody the same port, but for those who name an address."""

    def port(self, _key: str, address: ipaddress.IPv4Interface | None, _mac: str | None) -> Port:
        return POOL.port((POOL.number_of(address.ip) or 0) if address else 5)


def plan_of(**parts: object) -> LaunchPlan:
    spec = dataclasses.replace(ContainerSpec("box", program=("/bin/sh",)), **parts)  # type: ignore[arg-type]
    return compile_plan(spec, UUID, 1_200_000_000, PLACES, Plugs())
