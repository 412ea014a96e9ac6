"""How containers and numbers look in a terminal and in JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from cloche_engine.api import shown

if TYPE_CHECKING:  # a command that sees no container need not know what one is
    from cloche_engine.api.model import Container

_MIB = 1024 * 1024

printable, printable_lines = shown.line, shown.lines


def document(container: Container) -> dict[str, Any]:
    """A container as JSON."""
    return {
        "name": container.name,
        "uuid": container.uuid,
        "state": container.state.value,
        "title": container.title,
        "pid": container.pid,
        "exit_code": container.exit_code,
        "started": container.started,
        "addresses": list(container.addresses),
        "static_addresses": list(container.static_addresses),
        "error": container.error,
        "hint": container.hint,
        "shares_host_root": container.shares_host_root,
        "shares_host_network": container.shares_host_network,
        "network_of": container.network_of,
        "ended": container.ended.value if container.ended else None,
        "ended_at": container.ended_at,
        "system": container.system,
        "privileged": container.privileged,
        "etag": container.etag,
    }


def print_json(value: object) -> None:
    """One JSON document on one line of its own."""
    print(json.dumps(value, ensure_ascii=False))


def table(rows: Iterable[tuple[str, ...]]) -> str:
    """Columns that stand below each other."""
    every = [tuple(map(printable, row)) for row in rows]
    widths = [max(map(len, column)) for column in zip(*every, strict=True)]
    lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in every)
    return "\n".join(lines)


HEADINGS = ("NAME", "STATE", "KIND", "PID", "ADDRESSES")


def row(container: Container) -> tuple[str, ...]:
    """A container in the list."""
    addresses = ", ".join(container.addresses) or "-"
    pid = str(container.pid or "-")
    return container.name, state_words(container), kind_words(container), pid, addresses


def kind_words(container: Container) -> str:
    """What kind of container it is."""
    kind = "system" if container.system else "application"
    return f"privileged {kind}" if container.privileged else kind


def state_words(container: Container) -> str:
    """The state, and how it came there where its program ended badly."""
    if container.ended in {"crash", "out of memory", "lost"}:
        return f"{container.state} ({container.ended})"
    code = container.exit_code if container.ended != "stop" else 0
    return f"{container.state} ({code})" if code else container.state.value


def _ended(container: Container) -> str:
    if not container.ended or not container.ended_at:
        return ""
    return f"{_moment(container.ended_at)}: {container.ended}"


def _moment(seconds: float) -> str:
    from datetime import UTC, datetime  # noqa: PLC0415  # only where a container is shown

    return datetime.fromtimestamp(seconds, UTC).isoformat("T", "seconds")


def facts(container: Container) -> list[tuple[str, str]]:
    """What `show` prints, without what there is not."""
    started = container.started
    every = [
        ("name", container.name),
        ("uuid", container.uuid),
        ("title", container.title),
        ("state", container.state.value),
        ("kind", kind_words(container)),
        ("pid", str(container.pid or "")),
        ("exit code", "" if container.exit_code is None else str(container.exit_code)),
        ("started", _moment(started) if started else ""),
        ("ended", _ended(container)),
        ("addresses", ", ".join(container.addresses)),
        ("root", "the host's, read-only" if container.shares_host_root else "its own"),
        ("network", _network(container)),
        ("error", container.error),
        ("hint", container.hint),
    ]
    return [(name, value) for name, value in every if value]


def _network(container: Container) -> str:
    if container.network_of:
        return f"that of {container.network_of}"
    return "the host's own" if container.shares_host_network else "its own"


def counted(number: int, one: str, many: str) -> str:
    """A number with what it counts."""
    return f"{number} {one if number == 1 else many}"


def mebibytes(count: int | None) -> str:
    """Bytes as people read them."""
    return "no limit" if count is None else f"{count / _MIB:.1f} MiB"
