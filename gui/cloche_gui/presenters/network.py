"""The network as its form shows it: four ways to be connected, or one that only XML can say."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from cloche_engine.definition.spec import ContainerSpec, Interface, InterfaceKind

MANAGED = "default"
"""The network that the engine manages, by the name that definitions call it."""


class Mode(StrEnum):
    """What the form offers; OTHER is shown but changed in the XML only."""

    MANAGED = "managed"
    ISOLATED = "isolated"
    PRIVATE = "private"
    BRIDGE = "bridge"
    OTHER = "other"


MODE_WORDS = {
    Mode.MANAGED: "Connected: the internet and other containers",
    Mode.ISOLATED: "Isolated: no network but loopback",
    Mode.PRIVATE: "An address on a private bridge",
    Mode.BRIDGE: "An existing bridge of this host",
    Mode.OTHER: "As written in the XML",
}


@dataclass(frozen=True, slots=True)
class Network:
    """The texts of the form's fields."""

    mode: Mode = Mode.ISOLATED
    bridge: str = ""
    address: str = ""
    netmask: str = ""
    gateway: str = ""
    nameservers: str = ""
    unknown: str = ""

    @property
    def words(self) -> str:
        """What the form says of the way of connecting; a network that is not there is named."""
        if self.unknown:
            return f"There is no network “{self.unknown}”: change it in the XML"
        return MODE_WORDS[self.mode]


def suggested(network: Network, taken: Iterable[str] = ()) -> Network:
    """The same with an address, mask and gateway where a private bridge needs them first.

    taken are the addresses of other containers, with or without a prefix.
    """
    if network.mode is not Mode.PRIVATE or network.address.strip():
        return network
    address, gateway = _free(taken)
    return replace(network, address=address, netmask="255.255.255.0", gateway=gateway)


def _free(taken: Iterable[str]) -> tuple[str, str]:
    """An address that no container has, and its gateway; neighbours share a bridge."""
    used = {text.partition("/")[0] for text in taken}
    for net in range(256):
        for host in range(2, 255):
            address = f"10.90.{net}.{host}"
            if address not in used:
                return address, f"10.90.{net}.1"
    return "", ""


def from_spec(spec: ContainerSpec) -> Network:
    """What the form shows of a definition: its first interface and the nameservers."""
    nameservers = ", ".join(spec.nameservers)
    if not spec.interfaces:
        return Network(nameservers=nameservers)
    first = spec.interfaces[0]
    address, netmask = _split(first.addresses[0]) if first.addresses else ("", "")
    return Network(
        mode=_mode(first, len(spec.interfaces)),
        bridge=first.source or "",
        address=address,
        netmask=netmask,
        gateway=first.gateway or first.gateway6 or "",
        nameservers=nameservers,
        unknown=_unknown(first),
    )


def _unknown(interface: Interface) -> str:
    """The network that an interface names where that is none of ours."""
    is_other = interface.kind is InterfaceKind.NETWORK and interface.source != MANAGED
    return (interface.source or "") if is_other else ""


def _mode(interface: Interface, count: int) -> Mode:
    if count > 1 or _unknown(interface):
        return Mode.OTHER
    if interface.kind in {InterfaceKind.NETWORK, InterfaceKind.NAT} and not interface.addresses:
        return Mode.MANAGED
    return {InterfaceKind.NAT: Mode.PRIVATE, InterfaceKind.BRIDGE: Mode.BRIDGE}.get(
        interface.kind, Mode.OTHER
    )


def _split(address: str) -> tuple[str, str]:
    interface = ipaddress.ip_interface(address)
    mask = str(interface.network.prefixlen) if interface.version == 6 else str(interface.netmask)
    return str(interface.ip), mask


def interface(network: Network, base: Interface | None) -> Interface | None:
    """The interface that the fields mean, on top of `base`; ValueError with a sentence."""
    if network.mode is Mode.ISOLATED:
        return None
    if network.mode is Mode.MANAGED:
        return _managed(base or Interface())
    kind = InterfaceKind.BRIDGE if network.mode is Mode.BRIDGE else InterfaceKind.NAT
    if kind is InterfaceKind.BRIDGE and not network.bridge.strip():
        raise ValueError("Name the bridge, for example br0; `ip link show type bridge` lists them.")
    address = _address(network, required=kind is InterfaceKind.NAT)
    gateway = _gateway(network.gateway)
    base = base or Interface()
    return replace(
        base,
        kind=kind,
        source=network.bridge.strip() if kind is InterfaceKind.BRIDGE else None,
        mode=None,
        addresses=(*([address] if address else []), *base.addresses[1:]),
        gateway=gateway if ":" not in gateway and gateway else None,
        gateway6=gateway if ":" in gateway else None,
    )


def _managed(base: Interface) -> Interface:
    """A port of the engine's own network, which gives it address, gateway and name server."""
    return replace(
        base,
        kind=InterfaceKind.NETWORK,
        source=MANAGED,
        mode=None,
        addresses=(),
        gateway=None,
        gateway6=None,
    )


def _address(network: Network, *, required: bool) -> str:
    address, mask = network.address.strip(), network.netmask.strip()
    if not address:
        if required:
            raise ValueError("Give the container an address, for example 10.90.0.2.")
        return ""
    if "/" in address:
        address, _, mask = address.partition("/")
    if not mask:
        mask = "64" if ":" in address else "255.255.255.0"
    try:
        return ipaddress.ip_interface(f"{address}/{mask}").with_prefixlen
    except ValueError as error:
        raise ValueError(_address_reason(address, mask)) from error


def _address_reason(address: str, mask: str) -> str:
    try:
        ipaddress.ip_address(address)
    except ValueError:
        return f"“{address}” is no IP address; write it like 10.90.0.2."
    return f"“{mask}” is no netmask; write it like 255.255.255.0 or as a prefix like 24."


def _gateway(text: str) -> str:
    text = text.strip()
    if not text:
        return ""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError as error:
        raise ValueError(f"The gateway “{text}” is no IP address.") from error


def nameservers(text: str) -> tuple[str, ...]:
    """Addresses separated by commas or blanks; ValueError with a sentence."""
    words = tuple(text.replace(",", " ").split())
    for word in words:
        try:
            ipaddress.ip_address(word)
        except ValueError as error:
            raise ValueError(f"The nameserver “{word}” is no IP address.") from error
    return words
