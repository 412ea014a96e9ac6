"""Links of the host that a container gets, or has one of its own on."""

from __future__ import annotations

import contextlib
import errno
import os

from cloche_engine.host.network.refusal import NetworkRefusedError
from cloche_engine.kernel.netlink import Link, Netlink
from cloche_engine.sandbox.plan.links import OUR_PREFIXES, LinkPlan


def of_macvlan(netlink: Netlink, plan: LinkPlan) -> Link:
    """The parent of a macvlan; NetworkRefusedError where it cannot be one."""
    found = _found(netlink, plan)
    if not found.up:
        raise NetworkRefusedError(
            f"{plan.parent} of this host is switched off",
            f"switch it on with: ip link set {plan.parent} up",
            plan,
        )
    return found


def give(netlink: Netlink, plan: LinkPlan, netns: int) -> None:
    """Move a link of the host into the namespace; a name of ours goes with it, to find it by."""
    found = _found(netlink, plan)
    _refuse_needed(netlink, plan, found)
    with contextlib.suppress(FileExistsError):  # a start that was cut off had come this far
        netlink.add_other_name(found.index, plan.outer)
    try:
        netlink.move(found.index, netns, plan.inner)
    except OSError as error:
        netlink.delete_other_name(found.index, plan.outer)
        raise refused(plan, error) from error


def take_back(netlink: Netlink, plan: LinkPlan, netns: int) -> None:
    """Give the host its link back under its old name; without one in the namespace, nothing."""
    if netns >= 0:
        with Netlink.inside(netns) as inside:
            away = inside.link(plan.outer)
            if away is not None:
                _return(inside, away, plan.parent)
    found = netlink.link(plan.outer)
    if found is None:
        return
    if found.name != plan.parent:  # the kernel brought it back, under the name that it had inside
        netlink.switch(found.index, on=False)
        netlink.rename(found.index, plan.parent)
    netlink.delete_other_name(found.index, plan.outer)


def _return(inside: Netlink, away: Link, name: str) -> None:
    own = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        inside.move(away.index, own, name)
    finally:
        os.close(own)


def _found(netlink: Netlink, plan: LinkPlan) -> Link:
    found = netlink.link(plan.parent)
    if found is None:
        raise NetworkRefusedError(
            f"there is no link {plan.parent} on this host",
            "choose one of those that `ip -br link` lists",
            plan,
        )
    if found.loopback or found.name.startswith(OUR_PREFIXES):
        raise NetworkRefusedError(
            f"{plan.parent} is no link that a container can have", "choose another one", plan
        )
    # Its own name is there after a start that was cut off.
    if any(each.startswith(OUR_PREFIXES) and each != plan.outer for each in found.other_names):
        raise NetworkRefusedError(
            f"{plan.parent} belongs to another container", "choose another link", plan
        )
    return found


def _refuse_needed(netlink: Netlink, plan: LinkPlan, found: Link) -> None:
    if found.master or found.kind == "bridge":
        raise NetworkRefusedError(
            f"{plan.parent} is {'on' if found.master else 'itself'} a bridge of this host",
            "use type 'bridge' with that bridge, or choose another link",
            plan,
        )
    if found.index in netlink.default_links():
        raise NetworkRefusedError(
            f"this host reaches all others through {plan.parent} and would be cut off",
            "use type 'direct' to have a link of its own on it, or choose another link",
            plan,
        )


def refused(plan: LinkPlan, error: OSError) -> NetworkRefusedError:
    """What the kernel means by refusing a link on, or of, the parent."""
    match error.errno:
        case errno.EBUSY:
            message = f"{plan.parent} of this host is in use by something that wants it alone"
            hint = "see `ip -d link show`; a link on a bridge or in mode 'passthru' is not shared"
        case errno.EINVAL | errno.EOPNOTSUPP:
            message = f"{plan.parent} of this host cannot be used for it, which its driver decides"
            hint = "wireless links usually cannot; use a network of Cloche's own"
        case errno.EADDRINUSE:
            message = f"the hardware address {plan.mac} is in use on {plan.parent}"
            hint = "choose another one in <mac>, or remove it"
        case _:
            message = f"{plan.parent} of this host cannot be used: {error.strerror}"
            hint = "see `ip -d link show` of it"
    return NetworkRefusedError(message, hint, plan)
