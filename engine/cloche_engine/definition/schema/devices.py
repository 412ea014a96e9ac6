"""Parts of mounts and links that dialects have in common; more is what one of them has besides."""

from __future__ import annotations

from cloche_engine.definition.schema.model import Attribute, Effect, ElementRule, Value

UNIT = Attribute("unit", Value.UNIT, "b, KiB, MiB, GiB or KB, MB, GB", default="KiB")
BYTES = Attribute("unit", Value.UNIT, "b, KiB, MiB, GiB or KB, MB, GB", default="bytes")
UNITS = Attribute("units", Value.UNIT, "the same as unit, libvirt's spelling", default="KiB")
USAGE = Attribute("usage", Value.SIZE, "size of a filesystem in memory", unit="KiB")
TEMPLATE_NAME = Attribute("name", Value.TEMPLATE, "name of a template")

FAMILY = Attribute("family", Value.CHOICE, "ipv4 or ipv6", choices=("ipv4", "ipv6"))
PREFIX = Attribute("prefix", Value.PREFIX, "length of the network's prefix, as 24")
NETMASK = Attribute("netmask", Value.NETMASK, "as 255.255.255.0; IPv4 only")

OUTER_ENDS = (
    Attribute("bridge", Value.DEVICE, "bridge of the host"),
    Attribute("dev", Value.DEVICE, "network device of the host"),
    Attribute("network", Value.LINE, "name of a network"),
)
"""What an interface can be connected to."""


def mount_target(*parents: str) -> ElementRule:
    """`<target dir='...'/>`."""
    text = "absolute path in the container"
    return ElementRule(
        "target",
        parents,
        "where it is seen in the container",
        attributes=(Attribute("dir", Value.TARGET, text, required=True),),
    )


def readonly(*parents: str) -> ElementRule:
    """`<readonly/>`."""
    return ElementRule("readonly", parents, "cannot be written from inside")


def space_limits(*parents: str) -> tuple[ElementRule, ...]:
    """`<space_hard_limit>` and its soft twin, in bytes where no unit is named."""
    return tuple(
        ElementRule(name, parents, text, Value.SIZE, attributes=(BYTES,))
        for name, text in (
            ("space_hard_limit", "most space that may be used"),
            ("space_soft_limit", "space that may be used for some time only"),
        )
    )


def mac(*more: Attribute) -> ElementRule:
    """`<mac address='...'/>`."""
    address = Attribute("address", Value.MAC, "as 52:54:00:12:34:56", required=True)
    return ElementRule(
        "mac", ("interface",), "hardware address inside", attributes=(address, *more)
    )


def guest(*more: Attribute, required: bool = True) -> ElementRule:
    """`<guest dev='...'/>`."""
    name = Attribute("dev", Value.DEVICE, "name inside", required=required, default="eth0")
    return ElementRule("guest", ("interface",), "the inner end", attributes=(name, *more))


def host_end(*more: Attribute) -> ElementRule:
    """`<target dev='...'/>`."""
    name = Attribute("dev", Value.DEVICE, "name on the host", required=True)
    text = "the outer end of the pair that the host keeps"
    return ElementRule("target", ("interface",), text, attributes=(name, *more))


def link() -> ElementRule:
    """`<link state='...'/>`."""
    states = ("up", "down")
    state = Attribute(
        "state", Value.CHOICE, "up or down", required=True, choices=states, default="up"
    )
    text = "whether it is switched on"
    return ElementRule("link", ("interface",), text, attributes=(state,), effect=Effect.NOW)


def route(*parents: str) -> ElementRule:
    """`<route/>`, the way to one network or, of prefix 0, to everywhere."""
    return ElementRule(
        "route",
        parents,
        "the way to one network; 0.0.0.0 or :: is the way to everywhere",
        attributes=(
            FAMILY,
            Attribute("address", Value.ADDRESS, "the network, as 10.0.0.0", required=True),
            NETMASK,
            PREFIX,
            Attribute("gateway", Value.ADDRESS, "next hop", required=True),
            Attribute("metric", Value.INTEGER, "lower is preferred", minimum=0, maximum=2**32 - 1),
        ),
        repeats=True,
        effect=Effect.NOW,
    )
