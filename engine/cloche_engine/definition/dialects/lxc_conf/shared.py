"""Namespaces that a container takes from elsewhere: `lxc.namespace.share.KIND`."""

from __future__ import annotations

from cloche_engine.definition.conf.lines import Entry
from cloche_engine.definition.dialects.lxc_conf.lookup import Lookup
from cloche_engine.definition.spec import SharedNamespace

PREFIX = "lxc.namespace."
SHARE = "lxc.namespace.share."
NETNS = "/run/netns/"

_KINDS = frozenset({"net", "ipc", "uts"})


def read_namespaces(lookup: Lookup) -> tuple[SharedNamespace, ...]:
    """Those of network, IPC and host name; others, and what is cloned or kept, stay as written."""
    found: list[SharedNamespace] = []
    for key in lookup.matching(PREFIX):
        kind = key.removeprefix(SHARE)
        entry = lookup.last(key) if kind in _KINDS else None
        shared = _shared(kind, entry) if entry is not None else None
        if shared is not None:
            found.append(shared)
        else:
            for kept in lookup.entries(key):
                lookup.keep(kept)
    return tuple(found)


def _shared(kind: str, entry: Entry) -> SharedNamespace | None:
    value = entry.value
    if value.isdecimal():
        return SharedNamespace(kind, "pid", value)
    path = value.removeprefix("/var")
    if path.startswith(NETNS) and kind == "net" and "/" not in path.removeprefix(NETNS):
        return SharedNamespace(kind, "netns", path.removeprefix(NETNS))
    return None if "/" in value else SharedNamespace(kind, "name", value)
