"""Reads `CTID.conf`. The number of a container is the name of its file and stands nowhere in it."""

from __future__ import annotations

import re

from cloche_engine.definition import names
from cloche_engine.definition.checking import fixes
from cloche_engine.definition.conf.capabilities import plain, warn_unknown
from cloche_engine.definition.conf.findings import Findings
from cloche_engine.definition.conf.lines import Entry
from cloche_engine.definition.dialects.dialect import Dialect, Reading
from cloche_engine.definition.dialects.openvz.number import reserved
from cloche_engine.definition.dialects.openvz_conf.limits import (
    BLOCK,
    read_cpu,
    read_memory,
    read_pair,
    read_processes,
)
from cloche_engine.definition.dialects.openvz_conf.lookup import Lookup
from cloche_engine.definition.dialects.openvz_conf.net import (
    read_interfaces,
    read_nameservers,
    words,
)
from cloche_engine.definition.problem import Fix
from cloche_engine.definition.schema.domain import CAPABILITIES
from cloche_engine.definition.spec import (
    Capabilities,
    ContainerSpec,
    Filesystem,
    FilesystemKind,
    Location,
)
from cloche_engine.definition.text.source import Source

VEID = "$VEID"
_NUMBER = re.compile(r"\$(?:VEID\b|\{VEID\})")

_AT_END = re.compile(r"/([0-9]{1,9})/*")


def read(source: Source, number: str | None = None) -> Reading:
    """What the text means and all that is wrong with it; number is that of the file's name.

    Without NAME and number the name is what VE_PRIVATE ends with, or the host name.
    """
    findings = Findings(source)
    lookup = Lookup(source, findings)
    if not lookup.has_keys:
        reason = "no line is one of OpenVZ's parameters"
        findings.error("foreign-root", 0, reason, 'as VE_PRIVATE="/vz/private/101"')
        return Reading(Dialect.OPENVZ_CONF, None, findings.problems())
    spec = _read(lookup, number)
    return Reading(Dialect.OPENVZ_CONF, spec, findings.problems())


def _read(lookup: Lookup, number: str | None) -> ContainerSpec:
    number = number or _own_number(lookup)
    hostname = _hostname(lookup)
    return ContainerSpec(
        name=_name(lookup, number, hostname),
        uuid=_uuid(lookup),
        description=_text(lookup, "DESCRIPTION"),
        hostname=hostname,
        filesystems=_filesystems(lookup, number),
        interfaces=read_interfaces(lookup),
        nameservers=read_nameservers(lookup),
        cpu=read_cpu(lookup),
        memory=read_memory(lookup),
        processes=read_processes(lookup),
        capabilities=_capabilities(lookup),
        autostart=_autostart(lookup),
        profile=_text(lookup, "ORIGIN_SAMPLE"),
        opaque=lookup.opaque,
    )


def _own_number(lookup: Lookup) -> str | None:
    """The number that the text itself gives: as later versions write it, or in a path."""
    for key in ("VEID", "CTID"):
        entry = lookup.get(key)
        if entry is not None:
            return entry.value
    entry = lookup.get("VE_PRIVATE")
    found = _AT_END.search(entry.value) if entry is not None else None
    return found[1] if found and entry and found.end() == len(entry.value) else None


def _name(lookup: Lookup, number: str | None, hostname: str | None) -> str:
    entry = lookup.get("NAME")
    if entry is not None:
        _check_name(lookup, entry)
        for own in filter(None, map(lookup.get, ("VEID", "CTID"))):
            lookup.keep(own)
        return entry.value
    if number is not None:
        _check_number(lookup, number)
        return number
    if hostname is not None:
        reason = "neither name nor number stands here; the host name is taken for both"
        lookup.findings.warning("name", 0, reason, f'add NAME="{names.short(hostname)}"')
        return hostname
    reason = "the container has no name: its number is the name of its file, 101.conf"
    lookup.findings.warning("missing", 0, reason, 'add NAME="...", or give the number')
    return ""


def _check_number(lookup: Lookup, number: str) -> None:
    if wrong := names.valid_name(number):
        lookup.findings.error("name", 0, wrong)
    elif number.isdecimal() and not number.strip("0"):
        reason = f"{number} is no container's number in OpenVZ but the host's own"
        lookup.findings.error("name", 0, reason, "give the number of the container, 101 or more")
    elif number.isdecimal() and (own := reserved(number)):
        lookup.findings.warning("name", 0, own, "take a number above for OpenVZ")


def _check_name(lookup: Lookup, entry: Entry) -> None:
    if reason := names.valid_name(entry.value):
        legal = fixes.legal_name(entry.value) or ""
        fix = Fix(fixes.RENAME, f"name it {legal}", (entry.rewritten(legal),))
        hint = f"{legal} would do" if legal else ""
        lookup.findings.error("name", entry, reason, hint, *((fix,) if legal else ()))


def _uuid(lookup: Lookup) -> str | None:
    entry = lookup.get("UUID") or lookup.uuid
    if entry is None:
        return None
    if reason := names.valid_uuid(entry.value):
        lookup.findings.error("uuid", entry, reason)
        return None
    return names.parse_uuid(entry.value)


def _text(lookup: Lookup, key: str) -> str | None:
    entry = lookup.get(key)
    return entry.value if entry is not None else None


def _hostname(lookup: Lookup) -> str | None:
    entry = lookup.get("HOSTNAME")
    if entry is not None and (reason := names.valid_hostname(entry.value)):
        lookup.findings.error("hostname", entry, reason)
    return entry.value if entry is not None else None


def _filesystems(lookup: Lookup, number: str | None) -> tuple[Filesystem, ...]:
    """The root: the directory of the container's files, otherwise the template to make them of.

    Where both stand, as vzctl writes them, the template is only what those files were made from.
    """
    soft, most = read_pair(lookup, "DISKSPACE", BLOCK)
    template, private = lookup.get("OSTEMPLATE"), lookup.get("VE_PRIVATE")
    entry = private or template
    if entry is None:
        space = lookup.get("DISKSPACE")
        if space is not None:
            lookup.keep(space, "no root stands here that it could limit")
        _layout(lookup, None)
        return ()
    kind = FilesystemKind.TEMPLATE if private is None else FilesystemKind.MOUNT
    source = _template(lookup, entry) if private is None else _private(lookup, entry, number)
    if template is not None and private is not None:
        lookup.keep(template)
    place = Location(*lookup.findings.place(entry))
    root = Filesystem(kind, source, "/", size_kib=most, soft_kib=soft, location=place)
    _layout(lookup, root)
    return (root,)


def _layout(lookup: Lookup, root: Filesystem | None) -> None:
    """How the files lie in VE_PRIVATE: as such, or in an image that only OpenVZ's kernel reads."""
    entry = lookup.get("VE_LAYOUT")
    if entry is None:
        return
    lookup.keep(entry)
    if root is None or root.kind is FilesystemKind.TEMPLATE:
        return
    if entry.value.partition(":")[0] == "ploop":
        image = f"{root.source}/root.hdd/DiskDescriptor.xml"
        lookup.findings.warning(
            "ploop",
            entry,
            "the files lie in a ploop image, which Cloche cannot mount: it takes OpenVZ's kernel",
            f"there, `ploop mount -r -m DIR {image}`; copy DIR and name the copy in VE_PRIVATE",
        )


def _template(lookup: Lookup, entry: Entry) -> str:
    """The name of a template; the dot before names that OpenVZ 7 writes is no part of it."""
    if reason := names.valid_template(entry.value):
        lookup.findings.error("template", entry, reason, "name it as debian-12-x86_64")
    return entry.value


def _private(lookup: Lookup, entry: Entry, number: str | None) -> str:
    path = entry.value if number is None else _NUMBER.sub(lambda _: number, entry.value)
    if _NUMBER.search(path):
        reason = f"{VEID} is the container's number, which stands only in the name of its file"
        hint = "write the number in its place"
        lookup.findings.warning("path", entry, reason, hint)
    if wrong := names.valid_mount_source(path):
        lookup.findings.error("path", entry, wrong)
    return path


def _capabilities(lookup: Lookup) -> Capabilities | None:
    keep: list[str] = []
    drop: list[str] = []
    for word, start in words(lookup, "CAPABILITY"):
        name, _, state = word.partition(":")
        if state not in {"on", "off"}:
            reason = f"'{names.short(word)}' says neither on nor off"
            lookup.findings.error("capability", start, reason, "write NAME:on or NAME:off")
            continue
        if plain(name) not in CAPABILITIES:
            reason = f"'{names.short(name)}' is no capability of Linux"
            warn_unknown(lookup.findings, start, name, reason)
        (keep if state == "on" else drop).append(plain(name))
    if not keep and not drop:
        return None
    return Capabilities(keep=tuple(keep), drop=tuple(drop))


def _autostart(lookup: Lookup) -> bool | None:
    entry = lookup.get("ONBOOT")
    if entry is None:
        return None
    if entry.value == "auto":
        lookup.keep(entry, "it starts what ran before, which is not known here")
        return None
    if entry.value.lower() not in {"yes", "no"}:
        reason = f"ONBOOT is '{names.short(entry.value)}', not yes or no"
        lookup.findings.error("onboot", entry, reason, 'write ONBOOT="yes"')
        return None
    return entry.value.lower() == "yes"
