"""What the containers that are defined, and this computer, say to a definition."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from cloche_engine.api.network_addresses import refused
from cloche_engine.definition.checking.neighbours import (
    against,
    guarantees_memory,
    host_memory_kib,
)
from cloche_engine.definition.names import short
from cloche_engine.definition.problem import Problem, Severity
from cloche_engine.definition.reading import read
from cloche_engine.definition.spec import ContainerSpec, Interface, InterfaceKind
from cloche_engine.definition.text.tree import Tree

if TYPE_CHECKING:  # the contract brings asyncio, which takes longer than the work
    from cloche_engine.api.client import Engine
    from cloche_engine.api.networks import Network


def beside(
    spec: ContainerSpec, defined: Iterable[ContainerSpec], tree: Tree | None
) -> tuple[Problem, ...]:
    """Problems with what is defined and with the host; one of its own uuid is itself."""
    others = (other for other in defined if spec.uuid is None or other.uuid != spec.uuid)
    return against(spec, others, host_memory_kib(), tree, guarantees=guarantees_memory())


def in_networks(spec: ContainerSpec, networks: Iterable[Network]) -> tuple[Problem, ...]:
    """Warnings of interfaces on the engine's networks that a start would refuse."""
    known = {network.name: network for network in networks}
    wanted = (one for one in spec.interfaces if one.kind is InterfaceKind.NETWORK)
    unknown = (_unknown(one, known) for one in wanted if one.source not in known)
    return (*unknown, *refused(spec, known.values()))


async def here(engine: Engine, spec: ContainerSpec) -> tuple[Problem, ...]:
    """The same, asked of the engine where the definition names a network at all."""
    if all(one.kind is not InterfaceKind.NETWORK for one in spec.interfaces):
        return ()
    return in_networks(spec, await engine.networks())


def _unknown(interface: Interface, known: Collection[str]) -> Problem:
    location = interface.location
    place = (location.line, location.column) if location else (1, 1)
    reason = f"there is no network '{short(interface.source or '')}' here"
    hint = f"there is {', '.join(known)}; or use type 'bridge' with a bridge of the host"
    return Problem("network-unknown", Severity.WARNING, *place, reason, hint)


async def all_defined(engine: Engine) -> list[ContainerSpec]:
    """What is defined, as far as it can be read."""
    return await _specs(engine, [each.uuid for each in await engine.containers()])


async def of_one_address(engine: Engine, spec: ContainerSpec) -> list[ContainerSpec]:
    """Those of the containers that have an address which this one has too."""
    own = {*map(_host, spec.addresses)}
    if not own:
        return []
    every = await engine.containers()
    found = [each for each in every if own & {*map(_host, each.static_addresses)}]
    return await _specs(engine, [each.uuid for each in found])


async def _specs(engine: Engine, uuids: list[str]) -> list[ContainerSpec]:
    specs = [read((await engine.definition(uuid)).text).spec for uuid in uuids]
    return [spec for spec in specs if spec is not None]


def _host(address: str) -> str:
    return address.partition("/")[0]
