"""The namespaces of others that a container is to be in, opened before its processes are made.

They are handed over as descriptors: whatever a name or a pid means later, these are the ones.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from collections.abc import AsyncIterator
from dataclasses import replace

from cloche_engine.api.errors import EngineError, NotFoundError
from cloche_engine.core.monitor_link import MonitorGoneError
from cloche_engine.core.registry import Registry
from cloche_engine.definition.names import short
from cloche_engine.definition.spec import SharedNamespace
from cloche_engine.kernel import constants as k
from cloche_engine.monitor.protocol import Do
from cloche_engine.sandbox.plan.launch import LaunchPlan

NAMED = "/run/netns"
"""Where ip-netns(8) keeps the network namespaces that have a name."""

_WORDS = {"net": "network", "ipc": "System V objects", "uts": "host name"}
_NS_GET_NSTYPE = 0xB703


class Sharing:
    """Finds namespaces: by name below /run/netns, of a process, of another container of ours."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    @contextlib.asynccontextmanager
    async def opened(self, namespaces: tuple[SharedNamespace, ...]) -> AsyncIterator[list[int]]:
        """A descriptor for each, of a process or of the namespace itself; EngineError."""
        found: list[int] = []
        with contextlib.ExitStack() as held:
            for each in namespaces:
                descriptor = await self._open(each)
                held.callback(os.close, descriptor)
                found.append(descriptor)
            yield found

    def with_nameservers(
        self, plan: LaunchPlan, namespaces: tuple[SharedNamespace, ...]
    ) -> LaunchPlan:
        """In the network of another container the name servers are that one's."""
        for each in namespaces:
            if (each.kind, each.how) == ("net", "name") and not plan.nameservers:
                with contextlib.suppress(NotFoundError):
                    running = self._registry.find(each.value).running
                    servers = running.plan.nameservers if running else ()
                    return replace(plan, nameservers=servers)
        return plan

    async def _open(self, shared: SharedNamespace) -> int:
        match shared.how:
            case "netns":
                return _named(shared.value)
            case "pid":
                return _process(int(shared.value))
            case _:
                return await self._container(shared)

    async def _container(self, shared: SharedNamespace) -> int:
        what = f"the {_WORDS[shared.kind]} of {short(shared.value)} cannot be shared"
        try:
            running = self._registry.find(shared.value).running
        except NotFoundError:
            raise EngineError(
                f"{what}: there is no such container", "name one that is defined here"
            ) from None
        try:
            if running is not None:
                _, (init,) = await running.link.request({"do": Do.INIT})
                return init
        except MonitorGoneError:
            pass
        raise EngineError(f"{what}: it does not run", f"start {short(shared.value)} first")


def _named(name: str) -> int:
    try:
        descriptor = os.open(f"{NAMED}/{name}", os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        raise EngineError(
            f"there is no network namespace {short(name)}",
            "make it by ip netns add, or name one that ip netns list shows",
        ) from None
    except OSError as error:
        raise EngineError(f"{NAMED}/{short(name)}: {error.strerror}", "name another") from error
    if not _is_network(descriptor):
        os.close(descriptor)
        raise EngineError(
            f"{NAMED}/{short(name)} is no network namespace", "name one that ip netns list shows"
        )
    return descriptor


def _is_network(descriptor: int) -> bool:
    try:
        return fcntl.ioctl(descriptor, _NS_GET_NSTYPE) == k.CLONE_NEWNET
    except OSError:
        return False


def _process(pid: int) -> int:
    try:
        return os.pidfd_open(pid)
    except OSError as error:
        gone = error.errno in {errno.ESRCH, errno.EINVAL}
        reason = f"there is no process {pid}" if gone else f"process {pid}: {error.strerror}"
        raise EngineError(
            reason, "a pid is another's after its end: name a container, or a network namespace"
        ) from error
