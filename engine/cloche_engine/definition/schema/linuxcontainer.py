"""The elements of `<domain type='linuxcontainer'>` as Cloche writes it."""

from __future__ import annotations

from dataclasses import replace

from cloche_engine.definition.container.filesystems import HARD_LIMIT, SOFT_LIMIT
from cloche_engine.definition.container.network import KINDS, MODES
from cloche_engine.definition.names import MAX_SHARES, MIN_SHARES
from cloche_engine.definition.schema.domain import METADATA_RULES, OS_RULES, SHARED_RULES
from cloche_engine.definition.schema.model import Attribute, Effect, ElementRule, Schema, Value
from cloche_engine.definition.units import MIN_MEMORY_KIB, UNLIMITED_KIB

ROOT = "domain"
DOMAIN_TYPE = "linuxcontainer"
DRIVER_TYPE = "lxc"
"""The type that the driver of March 2008 read."""
FILESYSTEM_TYPES = ("mount", "template", "block", "file", "ram", "bind")

_ADDRESS = Attribute("address", Value.ADDRESS, "IPv4 or IPv6 address")
_PREFIX = Attribute("prefix", Value.PREFIX, "length of the network's prefix, as 24")
_FAMILY = Attribute("family", Value.CHOICE, "ipv4 or ipv6", choices=("ipv4", "ipv6"))
_UNIT = Attribute("unit", Value.UNIT, "b, KiB, MiB, GiB or KB, MB, GB", default="KiB")


def _space(name: str, text: str) -> ElementRule:
    unit = replace(_UNIT, default="bytes")
    return ElementRule(name, ("filesystem", "mount"), text, Value.SIZE, attributes=(unit,))


def _switch(name: str, text: str) -> ElementRule:
    state = Attribute("state", Value.CHOICE, "on or off", choices=("on", "off"), default="on")
    return ElementRule(name, ("features",), text, attributes=(state,))


_ELEMENTS: tuple[ElementRule, ...] = (
    ElementRule(
        "domain",
        ("",),
        "a container",
        attributes=(
            Attribute(
                "type",
                Value.CHOICE,
                "kind of container",
                required=True,
                choices=(DOMAIN_TYPE, DRIVER_TYPE),
            ),
            Attribute("id", Value.FREE, "number while it ran; not read"),
        ),
        required=True,
    ),
    ElementRule(
        "name",
        ("domain",),
        "unique name, at most 63 of letters, digits, '_', '.', '-'",
        Value.NAME,
        required=True,
        effect=Effect.NOW,
    ),
    ElementRule(
        "uuid",
        ("domain",),
        "unique number, 32 hexadecimal digits; made where it is missing",
        Value.UUID,
    ),
    ElementRule("title", ("domain",), "short title for people", Value.LINE, effect=Effect.NOW),
    ElementRule("description", ("domain",), "notes", Value.TEXT, effect=Effect.NOW),
    ElementRule("container", ("domain",), "what is inside"),
    ElementRule("profile", ("container",), "name of the settings it was made with", Value.LINE),
    ElementRule(
        "filesystem",
        ("container", "devices"),
        "a mount, or the list of mounts of the older form",
        Value.FREE,
        attributes=(Attribute("type", Value.CHOICE, "kind of source", choices=FILESYSTEM_TYPES),),
        repeats=True,
    ),
    ElementRule("mount", ("filesystem",), "a mount of the older form", Value.FREE, repeats=True),
    ElementRule(
        "source",
        ("filesystem", "mount"),
        "what is mounted",
        attributes=(
            Attribute("dir", Value.SOURCE, "directory or file of the host"),
            Attribute("name", Value.TEMPLATE, "name of a template"),
            Attribute("dev", Value.SOURCE, "block device of the host"),
            Attribute("file", Value.SOURCE, "image file of the host"),
            Attribute("usage", Value.SIZE, "size of a filesystem in memory", unit="KiB"),
            _UNIT,
            Attribute("units", Value.UNIT, "the same as unit, libvirt's spelling", default="KiB"),
        ),
    ),
    ElementRule("template", ("filesystem",), "name of a template", Value.TEMPLATE),
    ElementRule(
        "target",
        ("filesystem", "mount"),
        "where it is seen in the container",
        attributes=(
            Attribute("dir", Value.TARGET, "absolute path in the container", required=True),
        ),
    ),
    ElementRule("readonly", ("filesystem", "mount"), "cannot be written from inside"),
    _space(HARD_LIMIT, "most space that may be used"),
    _space(SOFT_LIMIT, "space that may be used for some time only"),
    ElementRule(
        "option",
        ("filesystem", "mount"),
        "an option of the mount, as nosuid",
        Value.LINE,
        repeats=True,
    ),
    ElementRule(
        "application",
        ("container",),
        "the program that is process 1: absolute path, or bare name to be found in PATH",
        Value.PROGRAM,
    ),
    ElementRule("arg", ("container",), "one argument of the program", Value.FREE, repeats=True),
    ElementRule(
        "env",
        ("container",),
        "one variable of its environment",
        Value.FREE,
        attributes=(Attribute("name", Value.VARIABLE, "name of the variable", required=True),),
        repeats=True,
    ),
    ElementRule("dir", ("container",), "working directory", Value.PATH, default="/"),
    ElementRule(
        "user", ("container",), "user, name or number, with ':GROUP'", Value.USER, default="root"
    ),
    ElementRule("group", ("container",), "group, name or number", Value.GROUP),
    ElementRule(
        "network",
        ("container",),
        "host name and addresses; without it only loopback",
        attributes=(Attribute("hostname", Value.HOSTNAME, "host name inside, otherwise the name"),),
    ),
    ElementRule(
        "interface",
        ("container", "devices"),
        "a network interface and what it is connected to",
        attributes=(
            Attribute(
                "type", Value.CHOICE, "kind of connection", required=True, choices=tuple(KINDS)
            ),
        ),
        repeats=True,
    ),
    ElementRule(
        "mac",
        ("interface",),
        "hardware address inside",
        attributes=(Attribute("address", Value.MAC, "as 52:54:00:12:34:56", required=True),),
    ),
    ElementRule(
        "source",
        ("interface",),
        "the outer end",
        attributes=(
            Attribute("bridge", Value.DEVICE, "bridge of the host"),
            Attribute("dev", Value.DEVICE, "network device of the host"),
            Attribute("network", Value.LINE, "name of a network"),
            Attribute("mode", Value.CHOICE, "who sees whom on that device", choices=MODES),
        ),
    ),
    ElementRule(
        "guest",
        ("interface",),
        "the inner end",
        attributes=(Attribute("dev", Value.DEVICE, "name inside", required=True, default="eth0"),),
    ),
    ElementRule(
        "target",
        ("interface",),
        "the outer end of the pair that the host keeps",
        attributes=(Attribute("dev", Value.DEVICE, "name on the host", required=True),),
    ),
    ElementRule(
        "link",
        ("interface",),
        "whether it is switched on",
        attributes=(
            Attribute(
                "state",
                Value.CHOICE,
                "up or down",
                required=True,
                choices=("up", "down"),
                default="up",
            ),
        ),
    ),
    ElementRule(
        "ip",
        ("network", "interface"),
        "an address inside",
        attributes=(
            Attribute("address", Value.ADDRESS, "IPv4 or IPv6 address", required=True),
            Attribute("netmask", Value.NETMASK, "as 255.255.255.0; IPv4 only"),
            _PREFIX,
            _FAMILY,
        ),
        repeats=True,
    ),
    ElementRule(
        "gateway",
        ("ip", "network", "interface"),
        "next hop for everything else",
        Value.ADDRESS,
        attributes=(_ADDRESS,),
        repeats=True,
    ),
    ElementRule(
        "nameserver",
        ("ip", "network"),
        "name server, in the order in which they are asked",
        Value.ADDRESS,
        attributes=(_ADDRESS,),
        repeats=True,
    ),
    ElementRule(
        "route",
        ("interface",),
        "the way to one network",
        attributes=(
            _FAMILY,
            Attribute("address", Value.ADDRESS, "the network, as 10.0.0.0", required=True),
            Attribute("netmask", Value.NETMASK, "as 255.0.0.0; IPv4 only"),
            _PREFIX,
            Attribute("gateway", Value.ADDRESS, "next hop", required=True),
            Attribute("metric", Value.INTEGER, "lower is preferred", minimum=0, maximum=2**32 - 1),
        ),
        repeats=True,
    ),
    ElementRule(
        "cpushare",
        ("domain", "container"),
        "weight against other containers; 1024 is one ordinary share, not a percentage",
        Value.INTEGER,
        minimum=MIN_SHARES,
        maximum=MAX_SHARES,
        unit="shares",
        default="1024",
        effect=Effect.NOW,
    ),
    ElementRule(
        "memory",
        ("domain", "container"),
        "most memory that it may use",
        Value.SIZE,
        attributes=(_UNIT,),
        minimum=MIN_MEMORY_KIB,
        maximum=UNLIMITED_KIB,
        unit="KiB",
        default="no limit",
        effect=Effect.NOW,
    ),
    *(rule for rule in (*SHARED_RULES, *OS_RULES) if rule.name != "privnet"),
    _switch("privnet", "a network of its own, also without an interface"),
    _switch("system", "a whole system with an init such as systemd, not one application"),
    _switch("privileged", "its root is the host's root: no user ids of its own, no safety"),
    ElementRule(
        "autostart",
        ("domain",),
        "started with the host",
        attributes=(
            Attribute("enabled", Value.CHOICE, "yes or no", choices=("yes", "no"), default="yes"),
        ),
        effect=Effect.NOW,
    ),
    ElementRule("devices", ("domain",), "devices"),
    ElementRule(
        "console",
        ("devices",),
        "a console; the engine makes its terminal",
        attributes=(
            Attribute("tty", Value.FREE, "written by others; never opened"),
            Attribute("type", Value.FREE, "pty", default="pty"),
        ),
        repeats=True,
    ),
    *METADATA_RULES,
)

SCHEMA = Schema(_ELEMENTS)
