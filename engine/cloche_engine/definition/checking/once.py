"""What one container has once: an address, a name inside, a way to everywhere."""

from __future__ import annotations

from typing import Generic, TypeVar

from cloche_engine.definition.checking.listing import Listing
from cloche_engine.definition.names import short
from cloche_engine.definition.spec import Interface

_Where = TypeVar("_Where")
_MAC = "hardware address"


class Once(Generic[_Where]):
    """What its interfaces have taken so far, and where."""

    def __init__(self, listing: Listing[_Where]) -> None:
        self._listing = listing
        self._seen: dict[tuple[str, str], _Where] = {}

    def take(self, where: _Where, what: str, value: str | None) -> None:
        """Report what another place has already; no value is nothing to take."""
        if (line := self._line_of_first(where, what, value or "")) is not None:
            reason = f"the {what} {short(value or '')} stands a second time, the first is in line"
            self._listing.error("duplicate", where, f"{reason} {line}", "remove one of them")

    def take_mac(self, where: _Where, mac: str | None) -> None:
        """Links of different networks may have one hardware address, which is seldom meant."""
        mac = (mac or "").lower()
        if (line := self._line_of_first(where, _MAC, mac)) is not None:
            reason = f"the {_MAC} {short(mac)} stands a second time, the first is in line {line}"
            hint = "give each a hardware address of its own"
            self._listing.warning("duplicate", where, reason, hint)

    def take_interface(self, where: _Where, interface: Interface) -> None:
        """Its addresses, its name inside and its hardware address."""
        for address in interface.addresses:
            self.take(where, "address", address.partition("/")[0])
        self.take(where, "name", interface.name)
        self.take_mac(where, interface.mac)

    def _line_of_first(self, where: _Where, what: str, value: str) -> int | None:
        if value and (what, value) in self._seen:
            return self._listing.place(self._seen[what, value])[0]
        self._seen[what, value] = where
        return None
