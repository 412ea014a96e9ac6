"""The elements of `<domain type='vserver'>`, as they were proposed in November 2007."""

from __future__ import annotations

from cloche_engine.definition.schema import devices
from cloche_engine.definition.schema.model import Attribute, Effect, ElementRule, Schema, Value
from cloche_engine.definition.units import MIN_MEMORY_KIB, UNLIMITED_KIB

DOMAIN_TYPE = "vserver"
MAX_CPUS = 1024
MAX_TICKS = 17_592_186_044


def _ticks(name: str, text: str, minimum: int = 0) -> Attribute:
    return Attribute(name, Value.INTEGER, text, minimum=minimum, maximum=MAX_TICKS)


_RATES = (
    _ticks("fill_rate1", "ticks of a CPU that come in each interval"),
    _ticks("interval1", "ticks until the next ones come", 1),
    _ticks("fill_rate2", "the same while the CPU is idle"),
    _ticks("interval2", "the same while the CPU is idle", 1),
    Attribute("idle_time", Value.FREE, "whether the second pair of rates is used"),
)

_ELEMENTS: tuple[ElementRule, ...] = (
    ElementRule(
        "domain",
        ("",),
        "a container",
        attributes=(
            Attribute(
                "type", Value.CHOICE, "kind of container", required=True, choices=(DOMAIN_TYPE,)
            ),
            Attribute("id", Value.FREE, "number of its context; not read"),
        ),
        required=True,
    ),
    ElementRule("name", ("domain",), "unique name", Value.NAME, required=True, effect=Effect.NOW),
    ElementRule("xid", ("domain",), "number of its context; kept", Value.FREE),
    ElementRule("uuid", ("domain",), "unique number, 32 hexadecimal digits", Value.UUID),
    ElementRule(
        "memory",
        ("domain",),
        "most memory that it may use",
        Value.SIZE,
        attributes=(devices.UNIT,),
        minimum=MIN_MEMORY_KIB,
        maximum=UNLIMITED_KIB,
        unit="KiB",
    ),
    ElementRule("scheduler", ("domain",), "part of a CPU that it may use", attributes=_RATES),
    ElementRule(
        "cpu",
        ("scheduler",),
        "a CPU that it may use",
        attributes=(
            Attribute(
                "id",
                Value.INTEGER,
                "number of the CPU, from 0",
                required=True,
                minimum=0,
                maximum=MAX_CPUS - 1,
            ),
            *_RATES,
        ),
        repeats=True,
    ),
    ElementRule("container", ("domain",), "what is inside"),
    ElementRule(
        "uts",
        ("container",),
        "what uname says inside",
        attributes=(
            Attribute("hostname", Value.HOSTNAME, "host name inside"),
            Attribute("machine", Value.LINE, "machine, as i686"),
        ),
    ),
    ElementRule(
        "distribution",
        ("container",),
        "how its root was made; kept",
        opaque=True,
        effect=Effect.NONE,
    ),
    ElementRule("devices", ("domain",), "devices"),
    ElementRule(
        "disk",
        ("devices",),
        "a mount",
        attributes=(
            Attribute(
                "type", Value.CHOICE, "kind of source", required=True, choices=("path", "block")
            ),
            Attribute("device", Value.FREE, "always 'path'"),
        ),
        repeats=True,
    ),
    ElementRule(
        "source",
        ("disk",),
        "what is mounted",
        attributes=(
            Attribute("path", Value.SOURCE, "directory or file of the host"),
            Attribute("dev", Value.SOURCE, "block device of the host"),
        ),
    ),
    ElementRule(
        "target",
        ("disk",),
        "where it is seen in the container",
        attributes=(
            Attribute("path", Value.TARGET, "absolute path in the container", required=True),
        ),
    ),
    ElementRule("readonly", ("disk",), "cannot be written from inside; not in the proposal"),
    ElementRule(
        "interface",
        ("devices",),
        "addresses of the host that it may use",
        attributes=(
            Attribute(
                "type", Value.CHOICE, "kind of network", required=True, choices=(DOMAIN_TYPE,)
            ),
        ),
        repeats=True,
    ),
    ElementRule(
        "ip",
        ("interface",),
        "an address",
        attributes=(
            devices.FAMILY,
            Attribute("address", Value.FREE, "IPv4 or IPv6 address", required=True),
            devices.PREFIX,
        ),
        repeats=True,
    ),
    ElementRule(
        "metadata", ("domain",), "notes of other programs; kept", opaque=True, effect=Effect.NONE
    ),
)

SCHEMA = Schema(_ELEMENTS)
