"""Which container has which port of the managed network: stable until it is deleted."""

from __future__ import annotations

import ipaddress
import json
from pathlib import Path

from cloche_engine.monitor.record import write_whole


class Leases:
    """The pool once it is chosen, and numbers of ports by `uuid/place`, kept in one file."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.network: ipaddress.IPv4Network | None = None
        self.numbers: dict[str, int] = {}
        try:
            kept = json.loads(file.read_text())
        except FileNotFoundError:
            return
        self.network = ipaddress.IPv4Network(kept["pool"])
        self.numbers = {str(key): int(number) for key, number in kept["ports"].items()}

    def settle(self, network: ipaddress.IPv4Network) -> None:
        """Take this pool, from now on."""
        self.network = network
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
        kept = {"pool": str(self.network), "ports": self.numbers}
        write_whole(self._file, json.dumps(kept, indent=1).encode())
