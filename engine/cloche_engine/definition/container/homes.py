"""Where each revision keeps a part: in `<container>`, or in `<os>` and `<devices>` (March 2008)."""

from __future__ import annotations

from dataclasses import dataclass

from cloche_engine.definition.text.tree import Element


@dataclass(frozen=True, slots=True)
class ProgramNames:
    """What the elements are called that say what runs."""

    program: str
    argument: str
    variable: str
    directory: str
    user: str
    group: str


IN_CONTAINER = ProgramNames("application", "arg", "env", "dir", "user", "group")
IN_OS = ProgramNames("init", "initarg", "initenv", "initdir", "inituser", "initgroup")


@dataclass(frozen=True, slots=True)
class ProgramHome:
    """The element that says what runs, None where there is none yet, and its children's names."""

    element: Element | None
    names: ProgramNames

    def first(self, name: str) -> Element | None:
        """Its first child of that name."""
        return self.element.first(name) if self.element is not None else None

    def all(self, name: str) -> list[Element]:
        """Its children of that name."""
        return self.element.all(name) if self.element is not None else []


def program_home(root: Element) -> ProgramHome:
    """`<container>` unless only `<os>` names a program."""
    container, system = root.first("container"), root.first("os")
    if container is not None and container.first(IN_CONTAINER.program) is not None:
        return ProgramHome(container, IN_CONTAINER)
    if system is not None and (container is None or system.first(IN_OS.program) is not None):
        return ProgramHome(system, IN_OS)
    return ProgramHome(container, IN_CONTAINER)


def network(root: Element) -> Element | None:
    """The `<network>` with host name and addresses."""
    container = root.first("container")
    return container.first("network") if container is not None else None


def filesystems(root: Element) -> list[Element]:
    """Every `<filesystem>` in document order."""
    return _both(root, "filesystem")


def interfaces(root: Element) -> list[Element]:
    """Every `<interface>` in document order."""
    return _both(root, "interface")


def limit(root: Element, name: str) -> Element | None:
    """`<cpushare>` or `<memory>`: below `<domain>`, in the first revision in `<container>`."""
    container = root.first("container")
    found = root.first(name)
    return found or (container.first(name) if container is not None else None)


def _both(root: Element, name: str) -> list[Element]:
    places = (root.first("container"), root.first("devices"))
    found = [child for place in places if place is not None for child in place.all(name)]
    return sorted(found, key=lambda element: element.start)
