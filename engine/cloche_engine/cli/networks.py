"""The command for networks."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from cloche_engine.api.client import Engine
from cloche_engine.api.networks import Network
from cloche_engine.cli import words


async def network(engine: Engine, options: argparse.Namespace) -> int:
    """The networks that the engine manages itself, and who is in them."""
    found = await engine.networks()
    if options.json:
        words.print_json([asdict(each) for each in found])
    else:
        print("\n\n".join(words.table(_facts(each)) for each in found))
    return 0


def _facts(network: Network) -> list[tuple[str, str]]:
    inside = [f"{name} {address}".strip() for name, address in network.containers]
    every = [
        ("name", network.name),
        ("subnet", network.subnet or "chosen at the first start that needs it"),
        ("subnet", network.subnet6),
        ("bridges", ", ".join(network.bridges)),
        *(("container", each) for each in inside),
        *(("forward", each) for each in network.forwards),
        *(("trouble", each) for each in network.trouble),
    ]
    return [(name, value) for name, value in every if value]
