"""The program nft, spoken to in JSON: changes as one transaction, and what others' rules forbid."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

from cloche_engine.api.errors import EngineError


async def change(commands: list[dict[str, Any]]) -> int:
    """Do all of it or nothing; the pid under which the kernel tells others of it."""
    return (await _run(["-f", "-"], json.dumps({"nftables": commands})))[0]


async def policies() -> list[str]:
    """Which chains of others forbid what no rule allows, as sentences for people.

    What our tables accept goes through theirs as well.
    """
    _, said = await _run(["list", "chains"], "")
    return list(_forbidding(json.loads(said)["nftables"]))


def _forbidding(listed: list[dict[str, Any]]) -> Iterator[str]:
    for chain in (entry["chain"] for entry in listed if "chain" in entry):
        if chain.get("policy") != "drop" or chain["family"] not in {"ip", "ip6", "inet"}:
            continue
        name = f"{'ip6 ' * (chain['family'] == 'ip6')}{chain['table']} {chain['name']}"
        where = f"the firewall chain {name} drops what it does not know"
        if chain.get("hook") == "forward":
            yield f"{where}: containers may not reach others"
        if chain.get("hook") == "input":
            yield f"{where}: containers may get no answers to names"


async def _run(words: list[str], text: str) -> tuple[int, str]:
    pipe = asyncio.subprocess.PIPE
    try:
        process = await asyncio.create_subprocess_exec(
            "nft", "-j", *words, stdin=pipe, stdout=pipe, stderr=pipe
        )
    except FileNotFoundError:
        raise EngineError(
            "the managed network needs the program nft", "install the package nftables"
        ) from None
    said, complaint = await process.communicate(text.encode())
    if process.returncode:
        why = " ".join(complaint.decode(errors="replace").split())[:300]
        raise EngineError(f"the firewall took no rules: {why}", "see `nft list ruleset`")
    return process.pid, said.decode()
