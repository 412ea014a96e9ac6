"""How a dialect's elements are described: what may stand where, what it holds, when it is felt."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

from cloche_engine.definition.text.prefixes import Bindings, prefixed


class Value(StrEnum):
    """What a text or an attribute holds."""

    NONE = "nothing"
    TEXT = "text"
    LINE = "one line of text"
    NAME = "name"
    UUID = "uuid"
    HOSTNAME = "host name"
    SOURCE = "path on the host"
    TARGET = "path in the container"
    PATH = "path"
    TEMPLATE = "template name"
    PROGRAM = "program"
    VARIABLE = "variable name"
    USER = "user"
    GROUP = "group"
    ADDRESS = "address"
    NETMASK = "netmask"
    PREFIX = "prefix length"
    MAC = "hardware address"
    DEVICE = "device name"
    INTEGER = "whole number"
    SIZE = "size"
    UNIT = "unit"
    CHOICE = "choice"
    FREE = "anything"


class Effect(StrEnum):
    """When a change is felt."""

    NOW = "now"
    NEXT_START = "next start"
    NONE = "no effect"


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute: what it holds and one line of help. An opaque one is kept as it is.

    A change of it is felt as one of its element, where effect says nothing else.
    """

    name: str
    value: Value
    help: str
    required: bool = False
    choices: tuple[str, ...] = ()
    default: str = ""
    unit: str = ""
    minimum: int | None = None
    maximum: int | None = None
    opaque: bool = False
    effect: Effect | None = None


@dataclass(frozen=True, slots=True)
class ElementRule:
    """One element below the parents named; `value` is what its text holds.

    A name of another namespace is `URI NAME`, as the tree has it; prefix is the one that it has
    where a document has bound none. minimum and maximum are in `unit`, choices are what the text
    may be where it is a choice. An opaque element is kept and not looked into.
    """

    name: str
    parents: tuple[str, ...]
    help: str
    value: Value = Value.NONE
    attributes: tuple[Attribute, ...] = ()
    required: bool = False
    repeats: bool = False
    opaque: bool = False
    minimum: int | None = None
    maximum: int | None = None
    unit: str = ""
    default: str = ""
    effect: Effect = Effect.NEXT_START
    choices: tuple[str, ...] = ()
    prefix: str = ""

    @property
    def uri(self) -> str:
        """The namespace that it belongs to, empty where to none."""
        return self.name.rpartition(" ")[0]

    @property
    def local(self) -> str:
        """Its name without the namespace."""
        return self.name.rpartition(" ")[2]

    @property
    def tag(self) -> str:
        """Its name as people write it, with the usual prefix."""
        return f"{self.prefix}:{self.local}" if self.prefix else self.name

    def written(self, bindings: Bindings) -> tuple[str, str]:
        """Its name where these prefixes are bound, and what is to follow it to bind its own."""
        if not self.uri:
            return self.name, ""
        bound = prefixed(self.local, self.uri, bindings)
        return (bound, "") if bound else (self.tag, f" xmlns:{self.prefix}='{self.uri}'")

    def attribute(self, name: str) -> Attribute | None:
        """Its attribute of that name."""
        return next((entry for entry in self.attributes if entry.name == name), None)


class Schema:
    """The elements of one dialect in canonical order: a new one goes behind those before it."""

    def __init__(self, elements: tuple[ElementRule, ...]) -> None:
        self.elements = elements
        self._rules = {(parent, rule.name): rule for rule in elements for parent in rule.parents}
        self.tags = {rule.name: rule.tag for rule in elements}
        self.uris = frozenset(rule.uri for rule in elements) - {""}
        self._order = {key: place for place, key in enumerate(self._rules)}
        self._children: dict[str, tuple[ElementRule, ...]] = {}
        for (above, _), entry in self._rules.items():
            self._children[above] = (*self._children.get(above, ()), entry)

    def rule(self, parent: str, name: str) -> ElementRule | None:
        """The rule of an element below that parent ("" is the document)."""
        return self._rules.get((parent, name))

    def order(self, parent: str, name: str) -> int:
        """The place of an element among its siblings; unknown ones are last."""
        return self._order.get((parent, name), len(self._order))

    def children(self, parent: str) -> tuple[ElementRule, ...]:
        """The elements that may stand in that parent, in canonical order."""
        return self._children.get(parent, ())

    def parents(self, name: str) -> tuple[str, ...]:
        """Where an element of that name may stand."""
        return tuple(dict.fromkeys(above for above, known in self._rules if known == name))


def nearest(name: str, known: tuple[str, ...], likeness: float = 0.6) -> str | None:
    """The known name that this one was probably meant to be; likeness is 0 to 1, the same."""
    return next(iter(get_close_matches(name[:40], known, 1, likeness)), None)
