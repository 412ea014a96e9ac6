"""Which container has which port of the managed network: stable until it is deleted."""

from __future__ import annotations

import ipaddress
import json
from pathlib import Path

from cloche_engine.monitor.record import write_whole


class Leases:
    """The pool once it is chosen, and numbers of ports by `uuid/place`, kept in one file.

    network6 is None until a host with IPv6 chose one.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self.network: ipaddress.IPv4Network | None = None
        self.network6: ipaddress.IPv6Network | None = None
        self.numbers: dict[str, int] = {}
        try:
            kept = json.loads(file.read_text())
        except FileNotFoundError:
            return
        self.network = ipaddress.IPv4Network(kept["pool"])
        if kept.get("pool6"):
            self.network6 = ipaddress.IPv6Network(kept["pool6"])
        self.numbers = {str(key): int(number) for key, number in kept["ports"].items()}

    def settle(self, network: ipaddress.IPv4Network) -> None:
        """Take this pool, from now on."""
        self.network = network
        self._save()

    def settle6(self, network6: ipaddress.IPv6Network) -> None:
        """Take this one for IPv6, from now on."""
        self.network6 = network6
        self._save()

    def take(self, key: str, number: int) -> None:
        """Give a port, in place of the one that it has."""
        self.numbers[key] = number
        self._save()

    def holder(self, number: int) -> str | None:
        """The key of whoever has a port."""
        return next((key for key, taken in self.numbers.items() if taken == number), None)

    def free(self, size: int) -> int | None:
        """The first free number below a size."""
        taken = set(self.numbers.values())
        return next((number for number in range(size) if number not in taken), None)

    def give_back(self, uuid: str) -> bool:
        """Free the ports of a container; whether it had some."""
        own = [key for key in self.numbers if key.startswith(f"{uuid}/")]
        for key in own:
            del self.numbers[key]
        if own:
            self._save()
        return bool(own)

    def _save(self) -> None:
        six = str(self.network6 or "")
        kept = {"pool": str(self.network), "pool6": six, "ports": self.numbers}
        write_whole(self._file, json.dumps(kept, indent=1).encode())
