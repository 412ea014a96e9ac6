"""Which addresses an interface reaches on its own, quick also where it has thousands."""

from __future__ import annotations

from cloche_engine.definition.container.network import subnet
from cloche_engine.definition.names import Address
from cloche_engine.definition.text.tree import Element


class Reach:
    """The subnets of some `<ip>` elements; what a bare one reaches is not known."""

    def __init__(self, ips: list[Element]) -> None:
        found = [entry for entry in map(subnet, ips) if entry is not None]
        self.is_unreadable = len(found) < len(ips)
        self.shown = ", ".join(dict.fromkeys(str(entry.network) for entry in found[:3]))
        self._own = {(entry.version, int(entry.ip)) for entry in found}
        self._networks: dict[tuple[int, int], set[int]] = {}
        for entry in found:
            shift = entry.max_prefixlen - entry.network.prefixlen
            self._networks.setdefault((entry.version, shift), set()).add(int(entry.ip) >> shift)

    def holds(self, address: Address) -> bool:
        """Whether an address lies in one of the subnets."""
        number = int(address)
        return any(
            version == address.version and number >> shift in networks
            for (version, shift), networks in self._networks.items()
        )

    def is_own(self, address: Address) -> bool:
        """Whether it is an address of the interface itself."""
        return (address.version, int(address)) in self._own
