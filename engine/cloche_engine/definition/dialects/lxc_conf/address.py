"""Addresses of an interface: with a prefix always, as LXC would else guess one by its class."""

from __future__ import annotations

import ipaddress

from cloche_engine.definition import names
from cloche_engine.definition.conf.lines import Entry
from cloche_engine.definition.dialects.lxc_conf.lookup import Lookup
from cloche_engine.definition.problem import Fix, TextEdit

PREFIX = "prefix"
_CLASSES = ((128, 8), (192, 16), (224, 24))


def read_address(lookup: Lookup, entry: Entry, version: int) -> str | None:
    """An address with its prefix; a broadcast address may follow and is left to the kernel."""
    text = entry.value.split()[0]
    plain, slash, prefix = text.partition("/")
    address = names.parse_address(plain)
    if address is None:
        reason = names.valid_address(plain) or ""
        lookup.findings.error("address", entry, reason, "write it as 192.168.1.2/24")
        return None
    if address.version != version:
        reason = f"{address} is no address of IPv{version}, which {entry.key} is for"
        lookup.findings.error("family", entry, reason)
        return None
    if not slash:
        _missing_prefix(lookup, entry, address)
        return None
    if wrong := names.valid_integer(prefix, 0, address.max_prefixlen):
        lookup.findings.error("prefix", entry, f"the prefix of {address}: {wrong}")
        return None
    if address.is_multicast or address.is_unspecified:
        lookup.findings.error("address", entry, f"{address} cannot be an interface's address")
        return None
    return str(ipaddress.ip_interface((address, int(prefix))))


def read_gateway(lookup: Lookup, entry: Entry, version: int) -> str | None:
    """An address without a prefix."""
    address = names.parse_address(entry.value)
    if address is None:
        lookup.findings.error("address", entry, names.valid_address(entry.value) or "")
        return None
    if address.version != version:
        reason = f"{address} is no address of IPv{version}, which {entry.key} is for"
        lookup.findings.error("family", entry, reason)
        return None
    return str(address)


def _missing_prefix(lookup: Lookup, entry: Entry, address: names.Address) -> None:
    guessed = 64
    if isinstance(address, ipaddress.IPv4Address):
        first = address.packed[0]
        guessed = next((prefix for below, prefix in _CLASSES if first < below), 32)
    end = entry.start + len(entry.value.split()[0].encode())
    lookup.findings.error(
        "address",
        entry,
        f"{address} has no prefix; LXC would take /{guessed}, which is seldom meant",
        f"write {address}/24" if address.version == 4 else f"write {address}/64",
        Fix(PREFIX, f"write /{guessed}, as LXC takes it", (TextEdit(end, end, f"/{guessed}"),)),
    )
