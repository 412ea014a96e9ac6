"""The elements of `<domain type='linuxcontainer'>` as Cloche writes it."""

from __future__ import annotations

from cloche_engine.definition.container.network import KINDS, MODES
from cloche_engine.definition.names import MAX_PORT, MAX_SHARES, MIN_SHARES
from cloche_engine.definition.schema import devices
from cloche_engine.definition.schema.domain import (
    MAX_PROCESSES,
    METADATA_RULES,
    OS_RULES,
    SHARED_RULES,
)
from cloche_engine.definition.schema.model import Attribute, Effect, ElementRule, Schema, Value
from cloche_engine.definition.schema.sharing import NAMESPACE_RULES
from cloche_engine.definition.units import (
    CONSOLE_KIB,
    MAX_CONSOLE_KIB,
    MIN_CONSOLE_KIB,
    MIN_MEMORY_KIB,
    UNLIMITED_KIB,
)

ROOT = "domain"
DOMAIN_TYPE = "linuxcontainer"
DRIVER_TYPE = "lxc"
"""The type that the driver of March 2008 read."""
RLIMITS = (
    "as", "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc",
    "rss", "rtprio", "rttime", "sigpending", "stack",
)  # fmt: skip
FILESYSTEM_TYPES = ("mount", "template", "block", "file", "ram", "bind")

_ADDRESS = Attribute("address", Value.ADDRESS, "IPv4 or IPv6 address")

MAX_GRACE = 86_400
"""Most seconds between the polite signal of a stop and the kill: a day."""

MAX_ID = 2**32 - 2
"""The highest number of a user or group; the next one means nobody (credentials(7))."""


def _port(name: str, text: str, *, required: bool = False) -> Attribute:
    return Attribute(name, Value.INTEGER, text, required, minimum=1, maximum=MAX_PORT)


def _switch(name: str, text: str) -> ElementRule:
    state = Attribute("state", Value.CHOICE, "on or off", choices=("on", "off"), default="on")
    return ElementRule(name, ("features",), text, attributes=(state,))


def _id(name: str, text: str, *, required: bool) -> Attribute:
    return Attribute(name, Value.INTEGER, text, required=required, minimum=0, maximum=MAX_ID)


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
        attributes=(
            Attribute(
                "type",
                Value.CHOICE,
                "kind of source",
                choices=FILESYSTEM_TYPES,
                effect=Effect.NEXT_START,
            ),
            Attribute(
                "accessmode",
                Value.CHOICE,
                "passthrough: owners as on the host; mapped: the container's own host ids",
                choices=("mapped", "passthrough"),
                default="passthrough",
                effect=Effect.NEXT_START,
            ),
        ),
        repeats=True,
        effect=Effect.NOW,
    ),
    ElementRule("mount", ("filesystem",), "a mount of the older form", Value.FREE, repeats=True),
    ElementRule(
        "source",
        ("filesystem", "mount"),
        "what is mounted",
        attributes=(
            Attribute("dir", Value.SOURCE, "directory or file of the host"),
            devices.TEMPLATE_NAME,
            Attribute("dev", Value.SOURCE, "block device of the host"),
            Attribute("file", Value.SOURCE, "image file of the host"),
            devices.USAGE,
            devices.UNIT,
            devices.UNITS,
        ),
    ),
    ElementRule("template", ("filesystem",), "name of a template", Value.TEMPLATE),
    devices.mount_target("filesystem", "mount"),
    devices.readonly("filesystem", "mount"),
    *devices.space_limits("filesystem", "mount"),
    ElementRule(
        "owner",
        ("filesystem", "mount"),
        "whose files belong to a user inside; all others show as nobody's",
        attributes=(
            _id("uid", "number of a user of the host", required=True),
            _id("gid", "number of a group of the host", required=True),
            Attribute("inside", Value.LINE, "numbers inside, UID:GID", default="0:0"),
        ),
    ),
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
        "stop",
        ("container",),
        "how its first program is asked to end",
        attributes=(
            Attribute("signal", Value.LINE, "signal as SIGTERM or SIGRTMIN+3"),
            Attribute(
                "grace",
                Value.INTEGER,
                "seconds until it is killed",
                default="10",
                unit="s",
                minimum=0,
                maximum=MAX_GRACE,
            ),
        ),
    ),
    ElementRule(
        "rlimit",
        ("container",),
        "a limit of each of its processes, as setrlimit(2) has it",
        attributes=(
            Attribute("name", Value.CHOICE, "what is limited", required=True, choices=RLIMITS),
            Attribute("soft", Value.FREE, "what holds at first; without it the hard one"),
            Attribute("hard", Value.FREE, "what it may be raised to, or unlimited", required=True),
        ),
        repeats=True,
        effect=Effect.NOW,
    ),
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
    devices.mac(),
    ElementRule(
        "source",
        ("interface",),
        "the outer end",
        attributes=(
            *devices.OUTER_ENDS,
            Attribute("mode", Value.CHOICE, "who sees whom on that device", choices=MODES),
        ),
    ),
    devices.guest(),
    devices.host_end(),
    devices.link(),
    ElementRule(
        "ip",
        ("network", "interface"),
        "an address inside",
        attributes=(
            Attribute("address", Value.ADDRESS, "IPv4 or IPv6 address", required=True),
            devices.NETMASK,
            devices.PREFIX,
            devices.FAMILY,
        ),
        repeats=True,
        effect=Effect.NOW,
    ),
    ElementRule(
        "gateway",
        ("ip", "network", "interface"),
        "next hop for everything else",
        Value.ADDRESS,
        attributes=(_ADDRESS,),
        repeats=True,
        effect=Effect.NOW,
    ),
    ElementRule(
        "nameserver",
        ("ip", "network"),
        "name server, in the order in which they are asked",
        Value.ADDRESS,
        attributes=(_ADDRESS,),
        repeats=True,
    ),
    devices.route("interface"),
    ElementRule(
        "portForward",
        ("interface",),
        "ports of the host that lead into the container",
        attributes=(
            Attribute("proto", Value.CHOICE, "tcp or udp", required=True, choices=("tcp", "udp")),
            Attribute("address", Value.ADDRESS, "address of the host; without it all of them"),
        ),
        repeats=True,
        effect=Effect.NOW,
    ),
    ElementRule(
        "range",
        ("portForward",),
        "some ports",
        attributes=(
            _port("start", "first port of the host", required=True),
            _port("end", "last port of the host; without it the first alone"),
            _port("to", "first port inside; without it the same as outside"),
        ),
        required=True,
        repeats=True,
        effect=Effect.NOW,
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
        attributes=(devices.UNIT,),
        minimum=MIN_MEMORY_KIB,
        maximum=UNLIMITED_KIB,
        unit="KiB",
        default="no limit",
        effect=Effect.NOW,
    ),
    ElementRule(
        "processes",
        ("domain",),
        "most processes and threads at a time",
        Value.INTEGER,
        minimum=1,
        maximum=MAX_PROCESSES,
        default="2048, of a whole system 16384,",
        effect=Effect.NOW,
    ),
    ElementRule(
        "console_buffer",
        ("domain",),
        "how much of the console's output is kept, in memory and after the end",
        Value.SIZE,
        attributes=(devices.UNIT,),
        minimum=MIN_CONSOLE_KIB,
        maximum=MAX_CONSOLE_KIB,
        unit="KiB",
        default=str(CONSOLE_KIB),
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
    *NAMESPACE_RULES,
)

SCHEMA = Schema(_ELEMENTS)
