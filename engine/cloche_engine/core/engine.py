"""The real engine: definitions on disk, containers through monitors, everything else rebuilt."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path

from cloche_engine.api.client import DEFAULT_INTERVAL, wrong_state
from cloche_engine.api.errors import EngineError
from cloche_engine.api.model import (
    About,
    Change,
    Container,
    Copied,
    ExecRequest,
    Process,
    Samples,
    StartReport,
    Stats,
    StoredDefinition,
)
from cloche_engine.api.networks import Network
from cloche_engine.api.version import VERSION
from cloche_engine.core.autostart import Autostart
from cloche_engine.core.confining import compile_profiles
from cloche_engine.core.copies import Copies
from cloche_engine.core.defining import Defining
from cloche_engine.core.lifecycle import Lifecycle
from cloche_engine.core.networks.network import ManagedNetwork
from cloche_engine.core.places import Places
from cloche_engine.core.programs import Programs
from cloche_engine.core.registry import Registry
from cloche_engine.core.relinking import Relinking
from cloche_engine.core.spawner import Spawner
from cloche_engine.core.templates import copies
from cloche_engine.core.templates.store import TemplateStore
from cloche_engine.core.usage import Sampler


class LocalEngine:
    """Engine on this host's kernel; needs root. See api.client.Engine for the methods."""

    def __init__(self, places: Places, spares: int) -> None:
        self._places = places
        self._registry = Registry(places)
        self._spawner = Spawner(places.groups, places.runtime, spares)
        self._network = ManagedNetwork(places, self._registry.names, self._registry.links)
        self._lifecycle = Lifecycle(self._registry, self._spawner, self._network)
        self.templates = TemplateStore(places, self._registry.ids, self._registry.made_from)
        self._autostart = Autostart(self._registry, self._lifecycle.start)
        self._copies = Copies(self._lifecycle)
        self._programs = Programs(self._lifecycle, places)
        self._defining = Defining(
            self._registry,
            self._lifecycle,
            Relinking(self._registry, self._lifecycle, self._network),
        )
        self._sampler = Sampler(self._registry)
        self.find = self._registry.find

    @classmethod
    async def open(
        cls, directory: Path, runtime: Path, instance: str, spares: int = 1
    ) -> LocalEngine:
        """The engine whose definitions lie in `directory`, its monitors' sockets in `runtime`.

        After a start it has `spares` monitors ready for the next ones. What runs since an earlier
        engine is found again. EngineError where a folder is unusable.
        """
        try:
            for folder in (directory, directory / "logs", runtime):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            engine = cls(Places(directory, runtime, instance), spares)
        except OSError as error:
            raise EngineError(
                f"the engine cannot use {error.filename}: {error.strerror}",
                "give root a folder that it may write to",
            ) from error
        await compile_profiles(engine.places.profiles)
        await engine._lifecycle.find_again()
        await asyncio.to_thread(engine._registry.sweep)
        known = {entry.uuid for entry in engine._registry.all()}
        await asyncio.to_thread(copies.sweep, engine.places, known)
        await asyncio.to_thread(engine.templates.sweep)
        engine._autostart.begin()
        return engine

    @property
    def places(self) -> Places:
        """Where it keeps things."""
        return self._places

    async def about(self) -> About:
        """Version and kind of this engine."""
        return About(VERSION, private=False, directory=str(self._places.directory))

    async def networks(self) -> list[Network]:
        """The managed network, also before it is made."""
        return [self._network.view()]

    async def containers(self) -> list[Container]:
        """All containers, sorted by name."""
        return [entry.view() for entry in self._registry.all()]

    async def container(self, ref: str) -> Container:
        """One container."""
        return self.find(ref).view()

    async def define(self, text: bytes, etag: str = "") -> Container:
        """Store a definition, new or in place of another; a running container feels its limits."""
        container = await self._defining.define(text, etag)
        self._network.rename(container.uuid)
        return container

    async def undefine(self, ref: str) -> None:
        """Remove the definition of a container that does not run."""
        entry = self.find(ref)
        async with entry.turn:
            if not entry.state.can_delete:
                raise wrong_state(entry.name, entry.state, "deleted")
            await self._lifecycle.forget(entry)
            self._registry.remove(entry)
            self._network.forget(entry.uuid)
            await asyncio.to_thread(copies.remove, self._places, entry.uuid)

    async def definition(self, ref: str) -> StoredDefinition:
        """The stored bytes and their etag."""
        stored = self.find(ref).stored
        return StoredDefinition(stored.text, stored.etag)

    async def start(self, ref: str) -> Container:
        """Start it; returns when its program runs."""
        return await self._lifecycle.start(self.find(ref))

    async def stop(self, ref: str, grace: float | None = None) -> Container:
        """Ask its init to end, kill it after the grace."""
        return await self._lifecycle.stop(self.find(ref), grace)

    async def kill(self, ref: str, signal: int = 9) -> Container:
        """Send a signal to its init."""
        return await self._lifecycle.kill(self.find(ref), signal)

    async def pause(self, ref: str) -> Container:
        """Freeze its processes."""
        return await self._lifecycle.freeze(self.find(ref), frozen=True)

    async def resume(self, ref: str) -> Container:
        """Thaw its processes."""
        return await self._lifecycle.freeze(self.find(ref), frozen=False)

    async def restart(self, ref: str, grace: float | None = None) -> Container:
        """Stop it where it runs, then start it."""
        return await self._lifecycle.restart(self.find(ref), grace)

    async def open_console(self, ref: str, rows: int, columns: int) -> socket.socket:
        """A socket with the frames of api.console."""
        return await self._programs.open_console(self.find(ref), rows, columns)

    async def exec(self, ref: str, request: ExecRequest) -> socket.socket:
        """Run a program inside."""
        return await self._programs.exec(self.find(ref), request)

    async def copy_out(self, ref: str, path: str, sink: int) -> Copied:
        """Write what lies at a path inside to a pipe, as a tar stream."""
        return await self._copies.copy(self.find(ref), "out", path, sink)

    async def copy_in(self, ref: str, path: str, source: int) -> Copied:
        """Unpack a tar stream from a pipe into a folder inside."""
        return await self._copies.copy(self.find(ref), "in", path, source)

    async def logs(self, ref: str) -> bytes:
        """What the console said last, also after the end."""
        return await self._programs.logs(self.find(ref))

    async def processes(self, ref: str) -> list[Process]:
        """What runs in it, by pid on the host."""
        return await self._programs.processes(self.find(ref))

    async def explain(self, ref: str) -> StartReport:
        """The last start, step by step, failed or not."""
        return await self._programs.explain(self.find(ref))

    async def stats(self, ref: str) -> Stats:
        """Usage now."""
        return await self._programs.stats(self.find(ref))

    async def watch(
        self, listener: Callable[[Samples], None], interval: float = DEFAULT_INTERVAL
    ) -> Callable[[], None]:
        """Samples of everything that runs."""
        return self._sampler.watch(listener, interval)

    def subscribe(self, listener: Callable[[Change], None]) -> Callable[[], None]:
        """Call `listener` at every change; the function returned ends that."""
        return self._registry.subscribe(listener)

    def on_lost(self, listener: Callable[[], None]) -> None:
        """Never called: this engine lives in the caller's own process."""

    async def warm_up(self) -> None:
        """Make the first start as fast as the later ones: return when one is ready."""
        await self._spawner.warm_up()

    def warm_up_soon(self) -> None:
        """The same for several starts at once, as soon as nothing else is to be done."""
        self._spawner.warm_up_soon()

    async def close(self) -> None:
        """Hang up on the monitors; containers go on."""
        self._sampler.close()
        self._autostart.close()
        await self._lifecycle.release()
        runs = any(entry.running for entry in self._registry.all())
        await self._spawner.close(is_last=not runs)
