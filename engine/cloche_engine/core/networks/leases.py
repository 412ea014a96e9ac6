"""Which container has which port of the managed network: stable until it is deleted."""

from __future__ import annotations

import contextlib
import ipaddress
import json
from pathlib import Path
from typing import Any

from cloche_engine.api.errors import EngineError
from cloche_engine.host.saving import saved_in
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
        self._is_damaged = False
        try:
            self._take_over(json.loads(file.read_text()))
        except FileNotFoundError:
            return
        except (ValueError, KeyError, TypeError, AttributeError):
            self._is_damaged = True

    def _take_over(self, kept: dict[str, Any]) -> None:
        """What the file says; all of it or nothing."""
        network = ipaddress.IPv4Network(kept["pool"])
        network6 = ipaddress.IPv6Network(kept["pool6"]) if kept.get("pool6") else None
        numbers = {str(key): int(number) for key, number in kept["ports"].items()}
        self.network, self.network6, self.numbers = network, network6, numbers

    def settle(self, network: ipaddress.IPv4Network) -> None:
        """Take this pool, from now on."""
        self._save(network, self.network6, self.numbers)

    def settle6(self, network6: ipaddress.IPv6Network) -> None:
        """Take this one for IPv6, from now on."""
        self._save(self.network, network6, self.numbers)

    def take(self, key: str, number: int) -> None:
        """Give a port, in place of the one that it has."""
        self._save(self.network, self.network6, {**self.numbers, key: number})

    def holder(self, number: int) -> str | None:
        """The key of whoever has a port."""
        return next((key for key, taken in self.numbers.items() if taken == number), None)

    def free(self, size: int) -> int | None:
        """The first free number below a size."""
        taken = set(self.numbers.values())
        return next((number for number in range(size) if number not in taken), None)

    def give_back(self, uuid: str) -> bool:
        """Free the ports of a container; whether it had some.

        On a full disk they are free as long as this helper lives.
        """
        others = {key: at for key, at in self.numbers.items() if not key.startswith(f"{uuid}/")}
        had = len(others) < len(self.numbers)
        if had:
            self.numbers = others
            with contextlib.suppress(EngineError):
                self._save(self.network, self.network6, others)
        return had

    def _save(
        self,
        network: ipaddress.IPv4Network | None,
        network6: ipaddress.IPv6Network | None,
        numbers: dict[str, int],
    ) -> None:
        """To the disk first: what could not be written is not taken; EngineError.

        A damaged file is not written over: containers that run have addresses that it knew.
        """
        if self._is_damaged:
            raise EngineError(
                f"{self._file} is damaged, so that nobody knows who has which address",
                "restore it from a backup; or stop all containers of the network, remove it, and "
                "start the helper anew",
            )
        kept = {"pool": str(network), "pool6": str(network6 or ""), "ports": numbers}
        with saved_in(self._file.parent, "the address"):
            write_whole(self._file, json.dumps(kept, indent=1).encode())
        self.network, self.network6, self.numbers = network, network6, numbers
