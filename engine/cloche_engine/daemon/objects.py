"""The objects on the bus: one per container, mirrored, and the signals that tell of changes.

A signal goes to each caller who was given the list, and to nobody else: a broadcast would tell the
names of containers to users who may not see them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from dbus_fast import Message, Variant

from cloche_engine.api.bus_values import properties_of
from cloche_engine.api.model import Change, Container, Removed
from cloche_engine.api.names import CONTAINER, CONTAINERS_PATH, ROOT_PATH, container_path

Properties = dict[str, Variant]


class ObjectTree:
    """What is shown on the bus, and to whom its changes are told; `emit` sends the signals."""

    def __init__(self, emit: Callable[[Message], None]) -> None:
        self._emit = emit
        self._objects: dict[str, Properties] = {}
        self._listeners: set[str] = set()

    def load(self, containers: Iterable[Container]) -> None:
        """Begin with these containers, without signals."""
        self._objects = {container_path(one.uuid): properties_of(one) for one in containers}

    def apply(self, change: Change) -> None:
        """Follow a change; tells of it only where something is different from what is shown."""
        path = container_path(change.uuid)
        if isinstance(change, Removed):
            if self._objects.pop(path, None) is not None:
                self._signal_removed(path)
            return
        now, before = properties_of(change), self._objects.get(path)
        self._objects[path] = now
        if before is None:
            self._signal_added(path, now)
        else:
            self._signal_changed(path, {k: v for k, v in now.items() if before[k] != v})

    def managed(self, caller: str) -> dict[str, dict[str, Properties]]:
        """All container objects, as GetManagedObjects gives them; its caller hears of changes."""
        self._listeners.add(caller)
        return {path: {CONTAINER: properties} for path, properties in self._objects.items()}

    @property
    def listeners(self) -> set[str]:
        """Who hears of changes."""
        return set(self._listeners)

    def withdraw(self, caller: str) -> None:
        """Tell a caller who may not see them any more that they are gone, and then nothing."""
        if caller in self._listeners:
            for path in self._objects:
                self._tell(caller, ROOT_PATH, "InterfacesRemoved", "oas", [path, [CONTAINER]])
            self.forget(caller)

    def forget(self, caller: str) -> None:
        """Tell nothing more to a caller that left."""
        self._listeners.discard(caller)

    def properties(self, path: str) -> Properties:
        """The properties of a container object; KeyError where there is none."""
        return self._objects[path]

    def __contains__(self, path: str) -> bool:
        return path in self._objects

    def children(self, path: str) -> list[str]:
        """Names of the nodes right below a path; empty where there are none."""
        prefix = path.rstrip("/") + "/"
        every = (CONTAINERS_PATH, *self._objects)
        below = (one[len(prefix) :] for one in every if one.startswith(prefix))
        return sorted({rest.partition("/")[0] for rest in below})

    def is_node(self, path: str) -> bool:
        """Whether there is anything at or below a path."""
        return path in {ROOT_PATH, CONTAINERS_PATH} or path in self or bool(self.children(path))

    def _signal_added(self, path: str, properties: Properties) -> None:
        self._send(ROOT_PATH, "InterfacesAdded", "oa{sa{sv}}", [path, {CONTAINER: properties}])

    def _signal_removed(self, path: str) -> None:
        self._send(ROOT_PATH, "InterfacesRemoved", "oas", [path, [CONTAINER]])

    def _signal_changed(self, path: str, changed: Properties) -> None:
        if changed:
            self._send(path, "PropertiesChanged", "sa{sv}as", [CONTAINER, changed, []])

    def _send(self, path: str, member: str, signature: str, body: list[Any]) -> None:
        for listener in self._listeners:
            self._tell(listener, path, member, signature, body)

    def _tell(self, listener: str, path: str, member: str, signature: str, body: list[Any]) -> None:
        interface = "Properties" if member == "PropertiesChanged" else "ObjectManager"
        message = Message.new_signal(
            path, f"org.freedesktop.DBus.{interface}", member, signature, body
        )
        message.destination = listener
        self._emit(message)
