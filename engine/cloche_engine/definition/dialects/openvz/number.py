"""OpenVZ names its containers by number: what is said about a name on the way in and out."""

from __future__ import annotations

import re

from cloche_engine.definition import names
from cloche_engine.definition.checking.report import Report
from cloche_engine.definition.text.tree import Element

_NUMBER = re.compile(r"[1-9][0-9]{0,9}")
_LARGEST = 2**31 - 1
_RESERVED = 100


def is_number(name: str) -> bool:
    """Whether a name can be that of an OpenVZ container."""
    return _NUMBER.fullmatch(name) is not None and int(name) <= _LARGEST


def reserved(number: str) -> str | None:
    """Why a number is OpenVZ's own, which its driver of 2008 refused; None where it is free."""
    if int(number) > _RESERVED:
        return None
    return f"OpenVZ keeps the numbers up to {_RESERVED} for itself, and {number} is one"


def check_number(report: Report, element: Element) -> None:
    """Warn of a name that OpenVZ itself would not take; 0 is an error, no container has it."""
    name = element.text.strip()
    if names.valid_name(name):
        return
    place = report.tree.text_place(element)
    if name.isdecimal() and not is_number(name):
        reason = f"{names.short(name)} is no container's number in OpenVZ: 1 to {_LARGEST}"
        report.error("name", place, reason, "give the number of the container, 101 or more")
    elif not is_number(name):
        reason = f"OpenVZ names containers by number, '{name}' is none"
        report.warning("name", place, reason, "it is kept as the name here")
    elif own := reserved(name):
        report.warning("name", place, own, f"take a number above {_RESERVED} for OpenVZ")


def check_vpsid(report: Report, element: Element) -> None:
    """An error where the number of March 2007 is none."""
    text = element.text.strip()
    if not is_number(text):
        reason = f"<vpsid> is no container's number: '{names.short(text)}'"
        report.error("vpsid", report.tree.text_place(element), reason, "write a whole number")
    elif own := reserved(text):
        report.warning("vpsid", report.tree.text_place(element), own)
