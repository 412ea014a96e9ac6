"""The elements of `<domain type='openvz'>` in every shape from 2007 on.

The shapes are told apart by their children, so one schema holds all of them: `vpsid`, `profile`,
`onboot`, `os/@template` and `network` below the domain are of March 2007, `container` is of
January 2008, `devices` is of July 2008 and since. TODAY has what is written.
"""

from __future__ import annotations

from dataclasses import replace

from cloche_engine.definition.schema import devices
from cloche_engine.definition.schema.domain import (
    CPU_RULES,
    LIFECYCLE_RULES,
    MEMTUNE_RULES,
    METADATA_RULES,
    OS_RULES,
)
from cloche_engine.definition.schema.model import Attribute, Effect, ElementRule, Schema, Value

DOMAIN_TYPE = "openvz"
KINDS = ("mount", "template", "file", "block", "ram", "bind")
INTERFACES = ("ethernet", "bridge", "network", "direct")
MODES = ("private", "vepa", "bridge", "passthrough")


def _kept(name: str, parent: str, text: str, *, repeats: bool = False) -> ElementRule:
    return ElementRule(name, (parent,), text, repeats=repeats, opaque=True, effect=Effect.NONE)


def _os(rule: ElementRule) -> ElementRule:
    """`<os>` with the attribute that March 2007 had."""
    if rule.name != "os":
        return rule
    template = Attribute("template", Value.TEMPLATE, "what the root is made from; of 2007")
    return replace(rule, attributes=(*rule.attributes, template))


_HEAD: tuple[ElementRule, ...] = (
    ElementRule(
        "domain",
        ("",),
        "a container",
        attributes=(
            Attribute(
                "type", Value.CHOICE, "kind of container", required=True, choices=(DOMAIN_TYPE,)
            ),
            Attribute("id", Value.FREE, "number while it ran; not read"),
        ),
        required=True,
    ),
    ElementRule("name", ("domain",), "number of the container", Value.NAME, effect=Effect.NOW),
    ElementRule("uuid", ("domain",), "unique number, 32 hexadecimal digits", Value.UUID),
    ElementRule("title", ("domain",), "short title for people", Value.LINE),
    ElementRule("description", ("domain",), "notes", Value.TEXT),
    ElementRule(
        "memory", ("domain",), "most memory; 0 is unset", Value.SIZE, attributes=(devices.UNIT,)
    ),
    ElementRule(
        "currentMemory", ("domain",), "of a virtual machine", Value.SIZE, attributes=(devices.UNIT,)
    ),
    *MEMTUNE_RULES,
    *CPU_RULES,
    *LIFECYCLE_RULES,
    *(
        _kept(name, "domain", "not read; kept")
        for name in "maxMemory blkiotune resource idmap features clock pm seclabel".split()
    ),
)
_AS_ATTRIBUTE = Attribute("address", Value.FREE, "in place of the text, as the RFC has it")
_OLD: tuple[ElementRule, ...] = (
    ElementRule("vpsid", ("domain",), "its number; of 2007", Value.FREE),
    ElementRule("profile", ("domain", "container"), "file that its limits are from", Value.LINE),
    ElementRule("onboot", ("domain",), "whether it starts with the host; of 2007", Value.FREE),
    ElementRule("network", ("domain", "container"), "host name and addresses; of 2007 and 2008"),
    ElementRule(
        "ip",
        ("network",),
        "an address inside; of 2007",
        attributes=(
            Attribute("address", Value.FREE, "IPv4 or IPv6 address"),
            Attribute("netmask", Value.FREE, "as 255.255.255.0"),
            Attribute("defgw", Value.FREE, "next hop for everything else"),
        ),
        repeats=True,
    ),
    ElementRule("ipaddress", ("network",), "the address inside; of 2008", Value.FREE),
    ElementRule("netmask", ("network",), "as 255.255.255.0; of 2008", Value.FREE),
    ElementRule("hostname", ("network",), "host name inside", Value.FREE),
    ElementRule(
        "gateway",
        ("network",),
        "next hop for everything else; of 2008",
        Value.FREE,
        attributes=(_AS_ATTRIBUTE,),
    ),
    ElementRule(
        "nameserver",
        ("network",),
        "a name server",
        Value.FREE,
        attributes=(_AS_ATTRIBUTE,),
        repeats=True,
    ),
    ElementRule("container", ("domain",), "what is inside; of 2008"),
    ElementRule("filesystem", ("container",), "the root; of 2008"),
    ElementRule("template", ("filesystem",), "what the root is made from", Value.TEMPLATE),
)
_QUOTA = ElementRule(
    "quota",
    ("filesystem",),
    "most space, in blocks of 1 KiB, or most files",
    Value.FREE,
    attributes=(
        Attribute("level", Value.CHOICE, "whose space", choices=("vm", "user")),
        Attribute("username", Value.FREE, "whose space, of level user"),
        Attribute("type", Value.CHOICE, "space or files", choices=("size", "inodes")),
        Attribute("max", Value.FREE, "the most of it"),
    ),
    repeats=True,
)


_FILESYSTEM: tuple[ElementRule, ...] = (
    ElementRule(
        "filesystem",
        ("devices",),
        "a mount",
        attributes=(
            Attribute("type", Value.CHOICE, "kind of source", choices=KINDS),
            *(
                Attribute(name, Value.FREE, "not read; kept", opaque=True)
                for name in ("accessmode", "fmode", "dmode", "model", "multidevs")
            ),
        ),
        repeats=True,
    ),
    _kept("driver", "filesystem", "of a virtual machine, or of an image file"),
    ElementRule(
        "source",
        ("filesystem",),
        "what is mounted",
        attributes=(
            Attribute("dir", Value.SOURCE, "directory or file of the host"),
            devices.TEMPLATE_NAME,
            Attribute("file", Value.SOURCE, "image file of the host"),
            Attribute("dev", Value.SOURCE, "block device of the host"),
            devices.USAGE,
            devices.UNITS,
        ),
    ),
    devices.mount_target("filesystem"),
    devices.readonly("filesystem"),
    *devices.space_limits("filesystem"),
)
_INTERFACE: tuple[ElementRule, ...] = (
    ElementRule(
        "interface",
        ("devices",),
        "a network interface",
        attributes=(Attribute("type", Value.CHOICE, "kind", required=True, choices=INTERFACES),),
        repeats=True,
    ),
    devices.mac(),
    ElementRule(
        "source",
        ("interface",),
        "the outer end",
        attributes=(
            *devices.OUTER_ENDS,
            Attribute("mode", Value.CHOICE, "of a device shared", choices=MODES),
        ),
    ),
    devices.host_end(),
    devices.guest(),
    devices.link(),
    ElementRule(
        "ip",
        ("interface",),
        "an address inside",
        attributes=(
            Attribute("address", Value.FREE, "IPv4 or IPv6 address", required=True),
            devices.FAMILY,
            devices.PREFIX,
            devices.NETMASK,
            Attribute("peer", Value.ADDRESS, "the other end; kept", opaque=True),
        ),
        repeats=True,
    ),
    devices.route("interface"),
    _kept("script", "interface", "program that the host runs; kept, not run"),
    _kept("model", "interface", "of a virtual machine"),
)
_DEVICES: tuple[ElementRule, ...] = (
    *OS_RULES,
    ElementRule("devices", ("domain",), "devices"),
    *_FILESYSTEM,
    *_INTERFACE,
    *(
        _kept(name, "devices", "not read; kept", repeats=True)
        for name in "emulator disk console serial hostdev input graphics video".split()
    ),
    *METADATA_RULES,
)

SCHEMA = Schema((*_HEAD, *_OLD, _QUOTA, *map(_os, _DEVICES)))
"""Everything that is read."""

TODAY = Schema((*_HEAD, replace(_QUOTA, opaque=True), *_DEVICES))
"""What is written, and what is put back there."""
