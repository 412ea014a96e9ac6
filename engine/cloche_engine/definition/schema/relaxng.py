"""A schema as RELAX NG, for editors and validators of others; written from the same data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cloche_engine.definition.names import NAME_PATTERN, UUID_PATTERN
from cloche_engine.definition.schema.model import Attribute, ElementRule, Schema, Value
from cloche_engine.definition.text.markup import Layout, Markup

_STRUCTURE = "http://relaxng.org/ns/structure/1.0"
_TYPES = "http://www.w3.org/2001/XMLSchema-datatypes"
_PATTERNS = {Value.NAME: NAME_PATTERN, Value.UUID: UUID_PATTERN}
_NUMBERS = {Value.INTEGER, Value.PREFIX}


def relax_ng(schema: Schema) -> str:
    """The grammar: known elements in any order, elements of foreign namespaces anywhere."""
    roots = [Markup("ref", (("name", _name(rule)),)) for rule in schema.children("")]
    grammar = Markup(
        "grammar",
        (("xmlns", _STRUCTURE), ("datatypeLibrary", _TYPES)),
        children=(
            Markup("start", children=(_one_of(roots),)),
            *(_define(schema, rule) for rule in _distinct(schema)),
            _foreign(schema),
            _ANYTHING,
        ),
    )
    return f"<?xml version='1.0' encoding='UTF-8'?>\n{grammar.render(Layout())}\n"


def _distinct(schema: Schema) -> Iterator[ElementRule]:
    return iter({_name(rule): rule for rule in schema.elements}.values())


def _name(rule: ElementRule) -> str:
    above = (parent.rpartition(" ")[2] for parent in rule.parents)
    return ".".join([*(parent or "start" for parent in above), rule.local])


def _define(schema: Schema, rule: ElementRule) -> Markup:
    space = (("ns", rule.uri),) if rule.uri else ()
    element = Markup("element", (("name", rule.local), *space), children=_content(schema, rule))
    return Markup("define", (("name", _name(rule)),), children=(element,))


def _content(schema: Schema, rule: ElementRule) -> tuple[Markup, ...]:
    if rule.opaque:
        return (_ref("anything"),)
    attributes = tuple(_attribute(each) for each in rule.attributes)
    foreign = _several("foreign-attribute")
    children = schema.children(rule.name)
    if not children:
        return (*attributes, foreign, _text(rule))
    inside = (*(_child(each) for each in children), _several("foreign"))
    text = () if rule.value is Value.NONE else (Markup("text"),)
    return (*attributes, foreign, Markup("interleave", children=(*inside, *text)))


def _text(rule: ElementRule) -> Markup:
    """The text of an element without children; of another namespace something may stand there."""
    if rule.value is Value.NONE:
        return _several("foreign")
    held = _value(rule.value, rule.choices, rule.minimum, rule.maximum)
    return _one_of((held, Markup("empty"))) if rule.attributes else held


def _child(rule: ElementRule) -> Markup:
    reference = _ref(_name(rule))
    if rule.repeats:
        return Markup("oneOrMore" if rule.required else "zeroOrMore", children=(reference,))
    return reference if rule.required else Markup("optional", children=(reference,))


def _attribute(known: Attribute) -> Markup:
    held = _value(known.value, known.choices, known.minimum, known.maximum)
    written = Markup("attribute", (("name", known.name),), children=(held,))
    return written if known.required else Markup("optional", children=(written,))


def _value(
    kind: Value, choices: tuple[str, ...], minimum: int | None, maximum: int | None
) -> Markup:
    if choices:
        return _one_of([Markup("value", text=word) for word in choices])
    if kind in _PATTERNS:
        return _data("token", ("pattern", _PATTERNS[kind]))
    if kind is Value.SIZE:  # its range depends on the unit that stands beside it
        return _data("nonNegativeInteger")
    if kind in _NUMBERS:
        bounds = (("minInclusive", minimum), ("maxInclusive", maximum))
        return _data("integer", *((name, str(each)) for name, each in bounds if each is not None))
    return Markup("text")


def _data(kind: str, *parameters: tuple[str, str]) -> Markup:
    inside = tuple(Markup("param", (("name", name),), text) for name, text in parameters)
    return Markup("data", (("type", kind),), children=inside)


def _one_of(options: Sequence[Markup]) -> Markup:
    return options[0] if len(options) == 1 else Markup("choice", children=tuple(options))


def _ref(name: str) -> Markup:
    return Markup("ref", (("name", name),))


def _several(name: str) -> Markup:
    return Markup("zeroOrMore", children=(_ref(name),))


def _define_any(name: str, kind: str, exception: tuple[Markup, ...], inside: Markup) -> Markup:
    names = Markup("anyName", children=exception)
    return Markup("define", (("name", name),), children=(Markup(kind, children=(names, inside)),))


def _foreign(schema: Schema) -> Markup:
    """Elements of the namespaces that the schema knows nothing of, attributes of all others."""
    elements, attributes = _except("", *sorted(schema.uris)), _except("")
    return Markup("div", children=(
        _define_any("foreign", "element", elements, _ref("anything")),
        _define_any("foreign-attribute", "attribute", attributes, Markup("text")),
    ))  # fmt: skip


def _except(*uris: str) -> tuple[Markup, ...]:
    spaces = tuple(Markup("nsName", (("ns", uri),)) for uri in uris)
    return (Markup("except", children=(_one_of(spaces),)),)


_ANYTHING = Markup("define", (("name", "anything"),), children=(
    Markup("zeroOrMore", children=(
        _one_of((
            Markup("attribute", children=(Markup("anyName"), Markup("text"))),
            Markup("text"),
            Markup("element", children=(Markup("anyName"), _ref("anything"))),
        )),
    )),
))  # fmt: skip
