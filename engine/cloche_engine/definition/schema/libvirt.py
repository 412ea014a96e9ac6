"""The elements of `<domain type='lxc'>`, libvirt's own form of a container."""

from __future__ import annotations

from dataclasses import replace

from cloche_engine.definition.schema import devices
from cloche_engine.definition.schema.domain import METADATA_RULES, OS_RULES, SHARED_RULES
from cloche_engine.definition.schema.model import Attribute, Effect, ElementRule, Schema, Value
from cloche_engine.definition.schema.sharing import NAMESPACE_RULES
from cloche_engine.definition.units import MIN_MEMORY_KIB, UNLIMITED_KIB

ROOT = "domain"
DOMAIN_TYPE = "lxc"


def _kept(
    parent: str, words: str, *, repeats: bool = False, text: str = "kept as it is"
) -> tuple[ElementRule, ...]:
    """Elements that are no business of a container manager here."""
    return tuple(
        ElementRule(name, (parent,), text, repeats=repeats, opaque=True, effect=Effect.NONE)
        for name in words.split()
    )


def _kept_attribute(name: str) -> Attribute:
    return Attribute(name, Value.FREE, "kept as it is", opaque=True)


_HEAD: tuple[ElementRule, ...] = (
    ElementRule(
        ROOT,
        ("",),
        "a container",
        attributes=(
            Attribute("type", Value.CHOICE, "lxc", required=True, choices=(DOMAIN_TYPE,)),
            Attribute("id", Value.FREE, "number while it ran; not read"),
        ),
        required=True,
    ),
    ElementRule(
        "name",
        (ROOT,),
        "unique name, at most 63 of letters, digits, '_', '.', '-'",
        Value.NAME,
        required=True,
        effect=Effect.NOW,
    ),
    ElementRule("uuid", (ROOT,), "unique number, 32 hexadecimal digits", Value.UUID),
    ElementRule("title", (ROOT,), "short title for people", Value.LINE, effect=Effect.NOW),
    ElementRule("description", (ROOT,), "notes", Value.TEXT, effect=Effect.NOW),
    *METADATA_RULES,
    ElementRule(
        "memory",
        (ROOT,),
        "most memory that it may use",
        Value.SIZE,
        attributes=(devices.UNIT, _kept_attribute("dumpCore")),
        minimum=MIN_MEMORY_KIB,
        maximum=UNLIMITED_KIB,
        unit="KiB",
        default="no limit",
    ),
    ElementRule("currentMemory", (ROOT,), "memory at first; the same as <memory>", opaque=True),
    *SHARED_RULES,
    *OS_RULES,
    *_kept(
        ROOT,
        "genid maxMemory memoryBacking vcpus iothreads iothreadids defaultiothread resource clock"
        " pm perf cpu bootloader bootloader_args keywrap launchSecurity cpuid",
    ),
    *_kept(ROOT, "sysinfo seclabel", repeats=True),
    ElementRule("devices", (ROOT,), "mounts, networks and consoles"),
)

_FILESYSTEM: tuple[ElementRule, ...] = (
    ElementRule(
        "filesystem",
        ("devices",),
        "a mount",
        attributes=(
            Attribute(
                "type",
                Value.FREE,
                "mount, block, file, ram, bind, template or volume",
                default="mount",
            ),
            *map(_kept_attribute, ("accessmode", "fmode", "dmode", "model", "multidevs")),
        ),
        repeats=True,
    ),
    ElementRule(
        "source",
        ("filesystem",),
        "what is mounted",
        attributes=(
            Attribute("dir", Value.PATH, "directory or file of the host; of the guest for bind"),
            devices.TEMPLATE_NAME,
            Attribute("dev", Value.PATH, "block device of the host"),
            Attribute("file", Value.PATH, "image file of the host"),
            devices.USAGE,
            devices.UNITS,
            devices.UNIT,
            *map(_kept_attribute, ("pool", "volume", "socket")),
        ),
    ),
    replace(devices.mount_target("filesystem"), required=True),
    devices.readonly("filesystem"),
    *devices.space_limits("filesystem"),
    *_kept("filesystem", "driver binary boot alias acpi address idmap"),
)

_LINK: tuple[ElementRule, ...] = (
    ElementRule(
        "interface",
        ("devices",),
        "a network interface and what it is connected to",
        attributes=(
            Attribute("type", Value.FREE, "network, bridge, direct or ethernet", required=True),
            *map(_kept_attribute, ("managed", "trustGuestRxFilters")),
        ),
        repeats=True,
    ),
    devices.mac(*map(_kept_attribute, ("type", "check"))),
    ElementRule(
        "source",
        ("interface",),
        "the outer end",
        attributes=(
            *devices.OUTER_ENDS,
            Attribute(
                "mode",
                Value.CHOICE,
                "who sees whom on that device",
                choices=("vepa", "bridge", "private", "passthrough"),
                default="vepa",
            ),
            *map(_kept_attribute, ("portgroup", "portid")),
        ),
    ),
    *_kept("source", "ip route", repeats=True, text="of the host's end"),
    devices.host_end(_kept_attribute("managed")),
    devices.guest(_kept_attribute("actual"), required=False),
    devices.link(),
    *_kept(
        "interface",
        "mtu coalesce virtualport portForward script downscript backenddomain model backend driver"
        " alias acpi address filterref tune boot rom bandwidth vlan port teaming",
    ),
)

_ROUTES: tuple[ElementRule, ...] = (
    ElementRule(
        "ip",
        ("interface", "hostdev"),
        "an address inside",
        attributes=(
            Attribute("address", Value.ADDRESS, "IPv4 or IPv6 address", required=True),
            devices.FAMILY,
            devices.PREFIX,
            _kept_attribute("peer"),
        ),
        repeats=True,
    ),
    devices.route("interface", "hostdev"),
)

_REST: tuple[ElementRule, ...] = (
    ElementRule(
        "hostdev",
        ("devices",),
        "a device of the host",
        attributes=(
            Attribute("mode", Value.FREE, "capabilities", required=True),
            Attribute("type", Value.FREE, "net, storage or misc", required=True),
            *map(_kept_attribute, ("managed", "sgio", "rawio", "model", "display", "ramfb")),
        ),
        repeats=True,
    ),
    ElementRule("source", ("hostdev",), "the device"),
    ElementRule("interface", ("source",), "name of a network device of the host", Value.DEVICE),
    *_kept("source", "block char"),
    *_kept("hostdev", "alias acpi address boot rom readonly shareable"),
    ElementRule(
        "console",
        ("devices",),
        "a console; its terminal is made at the start",
        attributes=(
            Attribute("type", Value.FREE, "pty", default="pty"),
            Attribute("tty", Value.FREE, "written while it runs; never opened"),
        ),
        repeats=True,
    ),
    ElementRule(
        "target",
        ("console",),
        "which one it is",
        attributes=(
            Attribute("type", Value.FREE, "lxc"),
            Attribute("port", Value.FREE, "its number"),
        ),
    ),
    ElementRule(
        "source",
        ("console",),
        "written while it runs; never opened",
        attributes=(Attribute("path", Value.FREE, "never opened"),),
    ),
    *_kept("console", "protocol log alias acpi address"),
    *_kept("devices", "emulator watchdog nvram iommu vsock"),
    *_kept(
        "devices",
        "disk controller lease input sound audio graphics video parallel serial channel smartcard"
        " hub redirdev redirfilter rng tpm shmem memory memballoon panic crypto",
        repeats=True,
    ),
)

SCHEMA = Schema((*_HEAD, *_FILESYSTEM, *_LINK, *_ROUTES, *_REST, *NAMESPACE_RULES))
