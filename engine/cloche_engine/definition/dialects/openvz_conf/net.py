"""Interfaces: IP_ADDRESS of venet, NETIF of veth, NETDEV of devices that the host gives away."""

from __future__ import annotations

from dataclasses import replace

from cloche_engine.definition import names
from cloche_engine.definition.checking.once import Once
from cloche_engine.definition.conf.checks import MAX_ADDRESSES
from cloche_engine.definition.dialects.openvz_conf.lookup import Lookup
from cloche_engine.definition.problem import Fix, TextEdit
from cloche_engine.definition.spec import Interface, InterfaceKind, Location

_NO_ADDRESS = frozenset({"0.0.0.0", "::", "::0"})  # noqa: S104
_OURS = frozenset({"ifname", "mac", "host_ifname", "bridge", "network"})
_Word = tuple[str, int]


def read_interfaces(lookup: Lookup) -> tuple[Interface, ...]:
    """One for each address, as libvirt takes them, then one for each veth and device."""
    found: list[Interface] = []
    seen: set[str] = set()
    for word, start in words(lookup, "IP_ADDRESS"):
        address = None if word in _NO_ADDRESS else _address(lookup, word, start)
        if address in seen:
            reason = f"the address {word} stands a second time"
            lookup.findings.warning("duplicate", start, reason, "remove one of them")
        elif address is not None:
            seen.add(address)
            place = Location(*lookup.findings.place(start))
            found.append(Interface(InterfaceKind.ETHERNET, addresses=(address,), location=place))
    return (*found, *_veths(lookup), *_devices(lookup))


def read_nameservers(lookup: Lookup) -> tuple[str, ...]:
    """The addresses in their order; those of the host are left to OpenVZ."""
    entry = lookup.get("NAMESERVER")
    if entry is not None and entry.value == "inherit":
        lookup.keep(entry, "it takes the host's name servers", "name them")
        return ()
    found: list[str] = []
    for word, start in words(lookup, "NAMESERVER"):
        address = names.parse_address(word)
        if address is None:
            lookup.findings.error("address", start, names.valid_address(word) or "")
        else:
            found.append(str(address))
    return tuple(found)


def words(lookup: Lookup, key: str) -> list[_Word]:
    """The words of a list, each with the byte where it stands."""
    entry = lookup.get(key)
    if entry is None:
        return []
    found: list[_Word] = []
    at = 0
    for word in entry.value.split():
        at = entry.value.index(word, at)
        found.append((word, entry.start + at if entry.value.isascii() else entry.at(at)))
        at += len(word)
        if len(found) > MAX_ADDRESSES:
            reason = f"{key} names more than {MAX_ADDRESSES}"
            lookup.findings.error("too-many", entry, reason, "a container has a few of them")
            return []
    return found


def _address(lookup: Lookup, word: str, start: int) -> str | None:
    plain, slash, mask = word.partition("/")
    address = names.parse_address(plain)
    if address is None:
        lookup.findings.error("address", start, names.valid_address(plain) or "")
        return None
    if not slash:
        whole = address.max_prefixlen
        end = start + len(word.encode())
        lookup.findings.warning(
            "netmask",
            start,
            f"{address} has no mask, and none is guessed",
            f"OpenVZ takes it alone: write {address}/{whole}",
            Fix("prefix", f"write /{whole}, as OpenVZ takes it", (_insert(end, f"/{whole}"),)),
        )
        return str(address)
    length = names.parse_integer(mask)
    if length is None and address.version == 4:
        length = names.netmask_prefix(mask)
    if length is None or length > address.max_prefixlen:
        reason = f"the mask '{names.short(mask)}' of {address} cannot be read"
        lookup.findings.error("netmask", start, reason, f"write {address}/24")
        return None
    return f"{address}/{length}"


def _insert(at: int, text: str) -> TextEdit:
    return TextEdit(at, at, text)


def _veths(lookup: Lookup) -> list[Interface]:
    entry = lookup.get("NETIF")
    found: list[tuple[int, Interface]] = []
    at = 0
    for text in entry.value.split(";") if entry is not None else ():
        if entry is not None and text.strip():
            start = entry.start + at if entry.value.isascii() else entry.at(at)
            found.append((start, _veth(lookup, text, start)))
        at += len(text) + 1
        if len(found) > MAX_ADDRESSES and entry is not None:
            reason = f"NETIF names more than {MAX_ADDRESSES}"
            lookup.findings.error("too-many", entry, reason, "a container has a few of them")
            return []
    once = Once(lookup.findings)
    for start, interface in found:
        once.take_interface(start, interface)
    return [interface for _, interface in found]


def _veth(lookup: Lookup, text: str, start: int) -> Interface:
    values = dict(part.partition("=")[::2] for part in text.strip().split(",") if part)
    others = {name: value for name, value in values.items() if name not in _OURS}
    if others:
        shown = ", ".join(map(names.short, [*others][:5]))
        lookup.findings.warning("no-effect", start, f"{shown} of NETIF is kept, not followed")
    for name, value in others.items():
        path = netif_path(values.get("ifname", ""), name)
        lookup.keep_part(path, f"{name}={value}" if value else name)
    _check_veth(lookup, start, values)
    interface = Interface(
        InterfaceKind.ETHERNET,
        mac=values.get("mac") or None,
        name=values.get("ifname") or None,
        host_name=values.get("host_ifname") or None,
        location=Location(*lookup.findings.place(start)),
    )
    if values.get("bridge"):
        return replace(interface, kind=InterfaceKind.BRIDGE, source=values["bridge"])
    if values.get("network"):
        return replace(interface, kind=InterfaceKind.NETWORK, source=values["network"])
    return interface


def netif_path(device: str, name: str) -> str:
    """Where what is not read of an interface is kept."""
    return f"NETIF/{names.short(device)}/{names.short(name)}"


def _check_veth(lookup: Lookup, start: int, values: dict[str, str]) -> None:
    mac = values.get("mac")
    if mac and (reason := names.valid_mac(mac)):
        lookup.findings.error("mac", start, reason)
    for name in ("ifname", "host_ifname", "bridge"):
        device = values.get(name)
        if device and (reason := names.valid_device(device)):
            lookup.findings.error("device", start, f"{name}: {reason}")


def _devices(lookup: Lookup) -> list[Interface]:
    found: list[Interface] = []
    for word, start in words(lookup, "NETDEV"):
        if reason := names.valid_device(word):
            lookup.findings.error("device", start, reason)
        place = Location(*lookup.findings.place(start))
        found.append(Interface(InterfaceKind.PHYSICAL, word, location=place))
    return found
