"""Small values of elements: texts, numbers and sizes, with their problems."""

from __future__ import annotations

from dataclasses import replace

from cloche_engine.definition import names, units
from cloche_engine.definition.checking import fixes
from cloche_engine.definition.checking.listing import Place
from cloche_engine.definition.checking.report import Report
from cloche_engine.definition.checking.targets import Either
from cloche_engine.definition.problem import Fix
from cloche_engine.definition.text.markup import Markup
from cloche_engine.definition.text.tree import Element


def child_text(parent: Element | None, name: str) -> str | None:
    """The trimmed text of the first child of that name, None where it is empty or not there."""
    element = parent.first(name) if parent is not None else None
    return (element.text.strip() or None) if element is not None else None


def number(parent: Element | None, name: str) -> int | None:
    """The first child's text as a number; None where it is not there or none."""
    return names.parse_integer(child_text(parent, name) or "")


def attribute_text(parent: Element | None, name: str, attribute: str) -> str | None:
    """An attribute of the first child of that name, trimmed; None where there is none."""
    element = parent.first(name) if parent is not None else None
    value = element.attributes.get(attribute, "") if element is not None else ""
    return value.strip() or None


def read_uuid(root: Element) -> str | None:
    """The uuid below root, None where there is none or, as the schema tells, it is wrong."""
    text = child_text(root, "uuid") or ""
    return None if names.valid_uuid(text) else names.parse_uuid(text)


def uuid_markup(uuid: str | None) -> tuple[Markup, ...]:
    """`<uuid>` as libvirt writes it, nothing where there is none or it is wrong."""
    return leaf("uuid", names.dashed_uuid(uuid)) if uuid and len(uuid) == 32 else ()


def leaf(name: str, text: str | int | None) -> tuple[Markup, ...]:
    """An element with that text, nothing for None."""
    return () if text is None else (Markup(name, text=str(text)),)


def branch(name: str, *children: tuple[Markup, ...]) -> tuple[Markup, ...]:
    """An element around these, nothing where there are none."""
    inside = tuple(child for group in children for child in group)
    return (Markup(name, children=inside),) if inside else ()


def read_size(report: Report, element: Element | None, minimum: int, hint: str) -> int | None:
    """An element's size in KiB; None where it says nothing, cannot be read, or means no limit.

    hint is the rest of what to do instead, after an example.
    """
    if element is None:
        return None
    unit = size_unit(element)
    text = element.text.strip()
    # A unit that is not known is the schema's to report.
    reason = None if units.valid_unit(unit) else units.valid_size(text, unit, minimum)
    if reason:
        place = report.tree.text_place(element)
        advice = f"{_example_size(unit)}; {hint}"
        report.error(element.name, place, f"<{element.name}>: {reason}", advice)
    size = units.to_kib(text, unit)
    return None if size is None or size >= units.UNLIMITED_KIB else size


def _example_size(unit: str) -> str:
    """A size that would do, in the unit that the others are in."""
    number = units.from_kib(65536, unit)
    if number is None or units.UNITS[unit.lower()] == units.UNITS["mib"]:
        return f"write a whole number of {unit}, such as {number or 1}"
    return f"{number} is 64 MiB"


def size_unit(element: Element) -> str:
    """The unit that a size is written in, KiB where none is."""
    return element.attributes.get("unit", "KiB").strip()


def contradiction(report: Report, first: Element, second: Element, what: str) -> None:
    """Two elements that say the same thing differently; either can be kept."""
    line, _ = report.tree.place(first)
    report.error(
        "contradiction",
        second,
        f"<{second.name}> and the <{first.name}> of line {line} name different {what}",
        "make them equal, or remove one of them",
        *either(report, [first], [second]),
    )


def either(report: Report, some: list[Element], others: list[Element]) -> tuple[Fix, Fix]:
    """The ways out where two groups of elements say the same thing differently."""
    tree = report.tree
    one, two = sorted((some, others), key=lambda group: group[0].start)
    first, second = (f"<{group[0].name}> of line {tree.place(group[0])[0]}" for group in (one, two))
    return (
        fixes.remove_elements(tree, two, fix="keep-first", keeps=first),
        fixes.remove_elements(tree, one, fix="keep-second", keeps=second),
    )


def either_mount(report: Report) -> Either[Place | Element]:
    """The ways out where two mounts have one target; none where both stand in one text."""

    def ways(first: Place | Element, second: Place | Element) -> tuple[Fix, ...]:
        if first is second or not (isinstance(first, Element) and isinstance(second, Element)):
            return ()
        return either(report, [first], [second])

    return ways


def check_one_address(report: Report, element: Element) -> None:
    """An address that stands as text and as attribute, and both have to agree."""
    attribute, text = element.attributes.get("address", "").strip(), element.text.strip()
    if not attribute or not text or attribute == text:
        return
    keep_attribute = fixes.remove_text(report.tree, element)
    keep_text = fixes.remove_attribute(report.tree, element, "address")
    report.error(
        "contradiction",
        element,
        f"<{element.name}> says {names.short(attribute)} and {names.short(text)}",
        "keep one of them",
        replace(keep_attribute, name="keep-attribute"),
        replace(keep_text, name="keep-text"),
    )
