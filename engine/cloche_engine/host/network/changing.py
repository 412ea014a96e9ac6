"""Other addresses, routes and switches for the interfaces of a container that runs."""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import os

from cloche_engine.host.network import bridges
from cloche_engine.host.network.links import reflect
from cloche_engine.host.network.refusal import NetworkRefusedError
from cloche_engine.kernel.netlink import Interface, Netlink
from cloche_engine.sandbox.plan.links import LinkKind, LinkPlan, RoutePlan

Links = tuple[LinkPlan, ...]


def change_links(old: Links, new: Links, netns: int) -> None:
    """Make interfaces say what their new plans do, all of them or none.

    OSError or NetworkRefusedError; all is as it was then.
    """
    done: list[tuple[LinkPlan, LinkPlan]] = []
    try:
        for before, after in zip(old, new, strict=True):
            if before != after:
                done.append((before, after))
                _change(before, after, netns)
    except (OSError, NetworkRefusedError):
        for before, after in reversed(done):
            with contextlib.suppress(OSError, NetworkRefusedError):
                _change(after, before, netns)
        raise


def _change(old: LinkPlan, new: LinkPlan, netns: int) -> None:
    with Netlink() as netlink, Netlink.inside(netns) as inside:
        if new.kind is LinkKind.VETH:
            _change_outer(netlink, old, new)
        _change_inner(inside, old, new)
        if old.bridge != new.bridge:
            bridges.remove_if_unused(netlink, old)


def _change_outer(netlink: Netlink, old: LinkPlan, new: LinkPlan) -> None:
    index = _index(netlink, new.outer)
    if old.bridge != new.bridge:
        netlink.set_master(index, bridges.index_of(netlink, new))
    if old.up != new.up:
        netlink.switch(index, on=new.up)
    if new.forwards and not old.forwards:
        reflect(netlink, new)


def _change_inner(inside: Netlink, old: LinkPlan, new: LinkPlan) -> None:
    index = _index(inside, new.inner)
    for route in set(old.routes) - set(new.routes):
        _route(inside, index, route, add=False)
    for address in (_interfaces(old) - _interfaces(new)) & _present(inside, index):
        inside.delete_address(index, address)
    # With the first address of a network the kernel takes the others: looked at again.
    missing = _interfaces(new) - _present(inside, index)
    for address in map(ipaddress.ip_interface, new.addresses):
        if address in missing:
            inside.add_address(index, address)
    if new.kind is not LinkKind.VETH and old.up != new.up:
        inside.switch(index, on=new.up)
    for route in new.routes if new.up or new.kind is LinkKind.VETH else ():
        with contextlib.suppress(FileExistsError):
            _route(inside, index, route, add=True)


def _present(inside: Netlink, index: int) -> set[Interface]:
    return {address for at, address in inside.addresses() if at == index}


def _interfaces(plan: LinkPlan) -> set[Interface]:
    return {ipaddress.ip_interface(text) for text in plan.addresses}


def _route(inside: Netlink, index: int, route: RoutePlan, *, add: bool) -> None:
    to, via = ipaddress.ip_network(route.to), ipaddress.ip_address(route.via)
    change = inside.add_route if add else inside.delete_route
    change(index, to, via, route.metric)


def _index(netlink: Netlink, name: str) -> int:
    found = netlink.link(name)
    if found is None:
        raise OSError(errno.ENODEV, os.strerror(errno.ENODEV), name)
    return found.index
