"""The contract's objects as D-Bus values, and back; the helper and its clients share this."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dbus_fast import Message, MessageType, Variant

from cloche_engine.api.client import checked_grace
from cloche_engine.api.errors import (
    BY_WIRE_NAME,
    EngineError,
    InvalidArgumentError,
    NotFoundError,
    RefusedError,
    TimedOutError,
    UnavailableError,
    UnsupportedError,
)
from cloche_engine.api.model import Container, End, State, Stats

ERROR_SIGNATURE = "ssa{ss}"
_DBUS = "org.freedesktop.DBus.Error."
_NO_EXIT_CODE = -1

PROPERTIES: dict[str, str] = {
    "Name": "s",
    "Uuid": "s",
    "State": "s",
    "Title": "s",
    "Pid": "u",
    "ExitCode": "i",
    "Started": "d",
    "Addresses": "as",
    "StaticAddresses": "as",
    "Error": "s",
    "Hint": "s",
    "SharesHostRoot": "b",
    "SharesHostNetwork": "b",
    "NetworkOf": "s",
    "Ended": "s",
    "EndedAt": "d",
    "System": "b",
    "Privileged": "b",
    "Etag": "s",
}
"""Properties of a container object with their signatures; 0, -1 and "" stand for none."""

_STATS: dict[str, tuple[str, str]] = {
    "CpuUsec": ("cpu_usec", "t"),
    "MemoryBytes": ("memory_bytes", "t"),
    "MemoryPeakBytes": ("memory_peak_bytes", "t"),
    "MemoryLimitBytes": ("memory_limit_bytes", "t"),
    "Processes": ("processes", "u"),
    "CpuShares": ("cpu_shares", "u"),
    "CpuQuotaUsec": ("cpu_quota_usec", "t"),
    "CpuPeriodUsec": ("cpu_period_usec", "t"),
    "Cpus": ("cpus", "s"),
    "Mems": ("mems", "s"),
    "ThrottledUsec": ("throttled_usec", "t"),
    "ThrottledPeriods": ("throttled_periods", "t"),
    "MemorySoftBytes": ("memory_soft_bytes", "t"),
    "MemorySwapLimitBytes": ("memory_swap_limit_bytes", "t"),
    "ProcessesLimit": ("processes_limit", "u"),
    "IoWeight": ("io_weight", "u"),
    "ReadBytes": ("read_bytes", "t"),
    "WrittenBytes": ("written_bytes", "t"),
    "OomKills": ("oom_kills", "t"),
    "CpuPressure": ("cpu_pressure", "d"),
    "MemoryPressure": ("memory_pressure", "d"),
    "IoPressure": ("io_pressure", "d"),
    "Notices": ("notices", "as"),
}

HELPER_GONE = "the helper went away"
HELPER_GONE_HINT = "containers go on; try again, the helper starts anew"

_FOREIGN: dict[str, type[EngineError]] = {
    _DBUS + "ServiceUnknown": UnavailableError,
    _DBUS + "NameHasNoOwner": UnavailableError,
    _DBUS + "Disconnected": UnavailableError,
    _DBUS + "AccessDenied": RefusedError,
    _DBUS + "Timeout": TimedOutError,
    _DBUS + "UnknownObject": NotFoundError,
    _DBUS + "UnknownMethod": UnsupportedError,
    _DBUS + "InvalidArgs": InvalidArgumentError,
}

# The bus could not activate it: in time, by itself, or through systemd.
_NOT_STARTED = (_DBUS + "TimedOut", _DBUS + "Spawn.", "org.freedesktop.systemd1.")

_HINTS: dict[type[EngineError], str] = {
    UnavailableError: "try again; the helper starts anew",
    RefusedError: "ask the administrator of this machine, or run this as root",
    UnsupportedError: "the helper is older than this program; restart it",
}


AS_DEFINED = -1.0
"""A grace on the bus that the definition gives."""


def grace_value(grace: float | None) -> float:
    """The seconds of a stop on the bus; InvalidArgumentError where they are none."""
    grace = checked_grace(grace)
    return AS_DEFINED if grace is None else float(grace)


def wire_text(text: str) -> str:
    """Text that the bus accepts: a NUL or a lone surrogate would cost the connection."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def properties_of(container: Container) -> dict[str, Variant]:
    """All properties of a container object."""
    values: dict[str, Any] = {
        "Name": wire_text(container.name),
        "Uuid": container.uuid,
        "State": container.state.value,
        "Title": wire_text(container.title),
        "Pid": container.pid or 0,
        "ExitCode": _NO_EXIT_CODE if container.exit_code is None else container.exit_code,
        "Started": container.started or 0.0,
        "Addresses": [*map(wire_text, container.addresses)],
        "StaticAddresses": [*map(wire_text, container.static_addresses)],
        "Error": wire_text(container.error),
        "Hint": wire_text(container.hint),
        "SharesHostRoot": container.shares_host_root,
        "SharesHostNetwork": container.shares_host_network,
        "NetworkOf": wire_text(container.network_of),
        "Ended": container.ended.value if container.ended else "",
        "EndedAt": container.ended_at or 0.0,
        "System": container.system,
        "Privileged": container.privileged,
        "Etag": wire_text(container.etag),
    }
    return {name: Variant(PROPERTIES[name], value) for name, value in values.items()}


def container_from(properties: Mapping[str, Variant]) -> Container:
    """The container that these properties show; UnavailableError where they are not ours."""
    try:
        plain = {name: properties[name].value for name in PROPERTIES}
        code = plain["ExitCode"]
        return Container(
            uuid=plain["Uuid"],
            name=plain["Name"],
            state=State(plain["State"]),
            title=plain["Title"],
            pid=plain["Pid"] or None,
            exit_code=None if code == _NO_EXIT_CODE else code,
            started=plain["Started"] or None,
            addresses=tuple(plain["Addresses"]),
            static_addresses=tuple(plain["StaticAddresses"]),
            error=plain["Error"],
            hint=plain["Hint"],
            shares_host_root=plain["SharesHostRoot"],
            shares_host_network=plain["SharesHostNetwork"],
            network_of=plain["NetworkOf"],
            ended=End(plain["Ended"]) if plain["Ended"] else None,
            ended_at=plain["EndedAt"] or None,
            system=plain["System"],
            privileged=plain["Privileged"],
            etag=plain["Etag"],
        )
    except (KeyError, ValueError) as error:
        raise UnavailableError(
            f"the helper shows a container in a form that is not known here ({error})",
            "the helper and this program differ in version; restart both",
        ) from error


def stats_values(stats: Stats) -> dict[str, Variant]:
    """Usage as a dictionary; a limit that is not set is left out."""
    values = {key: (getattr(stats, name), kind) for key, (name, kind) in _STATS.items()}
    return {
        key: Variant(kind, [*map(wire_text, value)] if kind == "as" else value)
        for key, (value, kind) in values.items() if value is not None
    }  # fmt: skip


def stats_from(values: Mapping[str, Variant]) -> Stats:
    """Usage from a dictionary."""
    plain = {name: values[key].value for key, (name, _) in _STATS.items() if key in values}
    plain["notices"] = tuple(plain.get("notices", ()))
    return Stats(**{"memory_limit_bytes": None, **plain})


def error_body(error: EngineError) -> list[Any]:
    """The body of an error reply."""
    details = {wire_text(key): wire_text(value) for key, value in error.details.items()}
    return [wire_text(error.message), wire_text(error.hint), details]


def error_reply(call: Message, error: EngineError) -> Message:
    """The error as the answer to a call."""
    return Message(
        message_type=MessageType.ERROR,
        reply_serial=call.serial,
        destination=call.sender,
        error_name=error.wire_name,
        signature=ERROR_SIGNATURE,
        body=error_body(error),
    )


def error_from(reply: Message) -> EngineError:
    """The error that a reply carries, ours or one of the bus."""
    name = reply.error_name or ""
    if name in BY_WIRE_NAME and reply.signature == ERROR_SIGNATURE:
        return BY_WIRE_NAME[name](*reply.body)
    if name == _DBUS + "ServiceUnknown":
        return UnavailableError(
            "the helper of Cloche is not installed on this machine's system bus",
            "install it, or use a helper of your own: `--connect private:DIR`",
        )
    if name.startswith(_NOT_STARTED):
        return UnavailableError(
            "the system's helper did not start",
            "`systemctl status cloched` and `journalctl -u cloched` say why",
            {"name": name},
        )
    if name == _DBUS + "NoReply":
        return UnavailableError(HELPER_GONE, HELPER_GONE_HINT)
    text = str(reply.body[0]) if reply.body and isinstance(reply.body[0], str) else name
    kind = _FOREIGN.get(name, EngineError)
    return kind(text, _HINTS.get(kind, ""), {"name": name})
