"""What may be written at a position, from the schema that validation uses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from cloche_engine.definition.completion.position import Position, Where, locate
from cloche_engine.definition.schema.linuxcontainer import ROOT, SCHEMA
from cloche_engine.definition.schema.model import Attribute, Effect, ElementRule, Schema, Value

_MARKS = ("readonly", "autostart", "privnet", "system", "privileged")  # there or not, empty
_UNITS = ("KiB", "MiB", "GiB", "TiB", "KB", "MB", "GB", "b")


class Kind(StrEnum):
    """What a completion is."""

    ELEMENT = "element"
    ATTRIBUTE = "attribute"
    VALUE = "value"
    END_TAG = "end tag"


@dataclass(frozen=True, slots=True)
class Completion:
    """One thing that may stand there: its word, what to insert for it, and what to know of it.

    caret is how far from the end of `insert` one goes on to write. range is in words, empty where
    there is none; effect is when a change of it is felt.
    """

    kind: Kind
    word: str
    insert: str
    help: str = ""
    caret: int = 0
    unit: str = ""
    range: str = ""
    default: str = ""
    required: bool = False
    effect: Effect = Effect.NEXT_START


@dataclass(frozen=True, slots=True)
class Proposal:
    """Completions for the word that has the characters from start up to end."""

    start: int
    end: int
    completions: tuple[Completion, ...] = ()


def complete(text: str, offset: int, schema: Schema = SCHEMA) -> Proposal:
    """What may stand at a character offset; what is missing but required comes first."""
    position = locate(text, offset)
    match position.where:
        case Where.CONTENT | Where.ELEMENT:
            found = _elements(position, schema)
        case Where.END_TAG:
            found = _end_tag(position)
        case Where.ATTRIBUTE:
            found = _attributes(position, schema)
        case Where.VALUE:
            found = _values(position, schema)
        case _:
            found = []
    found.sort(key=lambda each: not each.required)
    return Proposal(position.start, position.end, tuple(found))


def describe(text: str, offset: int, schema: Schema = SCHEMA) -> Completion | None:
    """What is known of the element or attribute at a character offset, for hovering."""
    position = locate(text, offset)
    if position.where is Where.ELEMENT:
        word = text[position.start : position.end]
        rule = schema.rule(position.parent, position.element)
        return _element(rule, word, word, 0) if rule else None
    if position.where in {Where.ATTRIBUTE, Where.VALUE}:
        rule = schema.rule(position.parent, position.element)
        word = position.attribute or text[position.start : position.end]
        known = rule.attribute(word) if rule else None
        return _attribute(rule, known) if rule and known else None
    return None


def _elements(position: Position, schema: Schema) -> list[Completion]:
    """Elements that are not there yet; between tags also what the text may be, and the end tag."""
    write = _writer(position)
    if not position.stack:
        root = schema.rule("", ROOT)
        return [write(root)] if root and not position.siblings else []
    offered = [
        write(rule)
        for rule in schema.children(position.parent)
        if rule.repeats or rule.name not in position.siblings
    ]
    if position.where is Where.ELEMENT:
        return offered
    holder = schema.rule(_above(position), position.parent)
    return [*(_choices(holder) if holder else []), *offered, *_end_tag(position, "</")]


def _writer(position: Position) -> Callable[[ElementRule], Completion]:
    """How an element is inserted: whole, behind a `<`, or only as another name of a whole tag."""
    bracket = "" if position.where is Where.ELEMENT else "<"

    def write(rule: ElementRule) -> Completion:
        tag, declared = rule.written(position.bindings)
        if position.where is Where.ELEMENT and position.is_whole:
            return _element(rule, tag, tag + declared, 0)
        insert, caret = _written(rule, tag, declared)
        return _element(rule, tag, bracket + insert, caret)

    return write


def _above(position: Position) -> str:
    return position.stack[-2].name if len(position.stack) > 1 else ""


def _choices(rule: ElementRule) -> list[Completion]:
    return [
        Completion(Kind.VALUE, word, word, rule.help, effect=rule.effect) for word in rule.choices
    ]


def _end_tag(position: Position, before: str = "") -> list[Completion]:
    if not position.stack:
        return []
    name = position.stack[-1].tag
    return [Completion(Kind.END_TAG, f"/{name}", f"{before}{name}>", f"end of <{name}>")]


def _element(rule: ElementRule, word: str, insert: str, caret: int) -> Completion:
    return Completion(
        Kind.ELEMENT,
        word,
        insert,
        rule.help,
        caret,
        rule.unit,
        _range(rule.minimum, rule.maximum),
        rule.default,
        rule.required,
        rule.effect,
    )


def _written(rule: ElementRule, tag: str, declared: str) -> tuple[str, int]:
    """An element with its required attributes, and the caret in the first value or inside."""
    attributes = "".join(f" {each.name}=''" for each in rule.attributes if each.required)
    is_empty = (
        rule.value is Value.NONE and rule.name != ROOT and (attributes or rule.name in _MARKS)
    )
    end = "/>" if is_empty else f"></{tag}>"
    if attributes:
        caret = len(attributes) - attributes.index("''") - 1 + len(end)
    else:
        caret = 0 if is_empty else len(end) - 1
    return f"{tag}{declared}{attributes}{end}", caret


def _attributes(position: Position, schema: Schema) -> list[Completion]:
    rule = schema.rule(position.parent, position.element)
    if rule is None:
        return []
    left = (each for each in rule.attributes if each.name not in position.attributes)
    found = [_attribute(rule, each) for each in left]
    if position.is_whole:
        return [replace(each, insert=each.word, caret=0) for each in found]
    return found


def _attribute(rule: ElementRule, known: Attribute) -> Completion:
    return Completion(
        Kind.ATTRIBUTE,
        known.name,
        f"{known.name}=''",
        known.help,
        1,
        known.unit,
        _range(known.minimum, known.maximum),
        known.default,
        known.required,
        known.effect or rule.effect,
    )


def _values(position: Position, schema: Schema) -> list[Completion]:
    rule = schema.rule(position.parent, position.element)
    known = rule.attribute(position.attribute) if rule else None
    if rule is None or known is None:
        return []
    words = known.choices or (_UNITS if known.value is Value.UNIT else ())
    effect = known.effect or rule.effect
    return [
        Completion(Kind.VALUE, word, word, known.help, default=known.default, effect=effect)
        for word in words
    ]


def _range(minimum: int | None, maximum: int | None) -> str:
    if minimum is None and maximum is None:
        return ""
    if maximum is None:
        return f"{minimum} or more"
    return f"{minimum or 0} to {maximum}"
