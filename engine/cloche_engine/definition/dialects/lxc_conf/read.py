"""Reads the native configuration of LXC, old keys and new ones in one file as they come."""

from __future__ import annotations

from cloche_engine.definition import names
from cloche_engine.definition.checking import fixes
from cloche_engine.definition.conf.findings import Findings
from cloche_engine.definition.dialects.dialect import Dialect, Reading
from cloche_engine.definition.dialects.lxc_conf.capabilities import read_capabilities
from cloche_engine.definition.dialects.lxc_conf.cgroups import read_limits
from cloche_engine.definition.dialects.lxc_conf.console import read_console_kib
from cloche_engine.definition.dialects.lxc_conf.idmap import read_idmap
from cloche_engine.definition.dialects.lxc_conf.lookup import Lookup
from cloche_engine.definition.dialects.lxc_conf.mounts import read_filesystems
from cloche_engine.definition.dialects.lxc_conf.net import read_network
from cloche_engine.definition.dialects.lxc_conf.program import read_environment, read_program
from cloche_engine.definition.dialects.lxc_conf.rlimits import read_rlimits
from cloche_engine.definition.dialects.lxc_conf.shared import read_namespaces
from cloche_engine.definition.problem import Fix
from cloche_engine.definition.spec import ContainerSpec
from cloche_engine.definition.text.source import Source

MAX_CONSOLES = 1024

_ARCHITECTURES = {"x86": "i686", "linux32": "i686", "amd64": "x86_64", "linux64": "x86_64"}


def read(source: Source) -> Reading:
    """What the text means and all that is wrong with it; no specification without any LXC key."""
    findings = Findings(source)
    lookup = Lookup(source, findings)
    if not lookup.has_keys:
        reason = "no line is one of LXC: its keys begin with lxc."
        findings.error("foreign-root", 0, reason, "lxc.uts.name = NAME is the first of them")
        return Reading(Dialect.LXC_CONF, None, findings.problems())
    spec = _read(lookup)
    return Reading(Dialect.LXC_CONF, spec, findings.problems())


def _read(lookup: Lookup) -> ContainerSpec:
    network = read_network(lookup)
    limits = read_limits(lookup)
    for entry in lookup.all("lxc.include"):
        reason = f"what {names.short(entry.value)} says is not read here"
        lookup.findings.warning("include", entry, reason, "write its lines into this file")
        lookup.keep(entry)
    arch = _text(lookup, "lxc.arch")
    return ContainerSpec(
        name=_name(lookup),
        filesystems=read_filesystems(lookup),
        interfaces=network.interfaces,
        program=read_program(lookup),
        environment=read_environment(lookup),
        directory=_directory(lookup),
        user=_number(lookup, "lxc.init.uid"),
        group=_number(lookup, "lxc.init.gid"),
        cpu=limits.cpu,
        memory=limits.memory,
        consoles=_consoles(lookup),
        console_kib=read_console_kib(lookup),
        io_weight=limits.io_weight,
        processes=limits.processes,
        rlimits=read_rlimits(lookup),
        idmap=read_idmap(lookup),
        capabilities=read_capabilities(lookup),
        network_isolated=network.isolated,
        namespaces=read_namespaces(lookup),
        autostart=_autostart(lookup),
        arch=_ARCHITECTURES.get(arch or "", arch),
        opaque=lookup.opaque,
    )


def _name(lookup: Lookup) -> str:
    entry = lookup.last("lxc.uts.name")
    if entry is None:
        hint = "add lxc.uts.name = NAME"
        lookup.findings.error("missing", 0, "the container has no name", hint)
        return ""
    if reason := names.valid_name(entry.value):
        legal = fixes.legal_name(entry.value)
        edits = (Fix(fixes.RENAME, f"name it {legal}", (entry.rewritten(legal),)),) if legal else ()
        hint = f"{legal} would do" if legal else ""
        lookup.findings.error("name", entry, reason, hint, *edits)
    return entry.value


def _text(lookup: Lookup, key: str) -> str | None:
    entry = lookup.last(key)
    return entry.value if entry is not None else None


def _directory(lookup: Lookup) -> str | None:
    entry = lookup.last("lxc.init.cwd")
    if entry is not None and (reason := names.valid_path(entry.value)):
        lookup.findings.error("path", entry, reason)
    return entry.value if entry is not None else None


def _number(lookup: Lookup, key: str) -> str | None:
    entry = lookup.last(key)
    if entry is None:
        return None
    if reason := names.valid_integer(entry.value, 0, 2**32 - 2):
        code = "user" if key.endswith("uid") else "group"
        lookup.findings.error(code, entry, f"{key}: {reason}", "LXC takes numbers alone")
        return None
    return entry.value


def _consoles(lookup: Lookup) -> int | None:
    entry = lookup.last("lxc.tty.max")
    if entry is None:
        return None
    if reason := names.valid_integer(entry.value, 0, MAX_CONSOLES):
        lookup.findings.error("consoles", entry, f"{entry.key}: {reason}")
        return None
    return int(entry.value)


def _autostart(lookup: Lookup) -> bool | None:
    entry = lookup.last("lxc.start.auto")
    if entry is None:
        return None
    if entry.value not in {"0", "1"}:
        reason = f"{entry.key} is '{names.short(entry.value)}', not 0 or 1"
        lookup.findings.error("autostart", entry, reason, "1 starts it with the system")
        return None
    return entry.value == "1"
