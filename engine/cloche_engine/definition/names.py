"""Rules for single values: a `valid_` function returns why a text is refused, or None."""

from __future__ import annotations

import ipaddress
import re

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

MIN_SHARES = 2
MAX_PORT = 65535
MAX_SHARES = 262144
MAX_PATH = 4095

NAME_PATTERN = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}"
UUID_PATTERN = r"[0-9a-fA-F]{32}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
"""Both as XML Schema has regular expressions too: always the whole text."""

_NAME = re.compile(NAME_PATTERN)
_UUID = re.compile(UUID_PATTERN)
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x80-\x9f\u2028\u2029]")
# Control characters and marks that turn the direction of what is shown after them.
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}\$?(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,31})?")
_GROUP = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}\$?")
_MAC = re.compile(r"[0-9a-fA-F]{2}(?::[0-9a-fA-F]{2}){5}")
_DEVICE = re.compile(r"[^\s/:%\x00-\x20\x7f]{1,15}")
_TEMPLATE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,62}")
_OUT_OF_RANGE = ": each part is 0 to 255"
_DOTTED = re.compile(r"[0-9]+(?:\.[0-9]+)+")
_DIGITS = re.compile(r"[0-9]+")
_WHOLE = re.compile(r"-?[0-9]+")


def short(text: str, limit: int = 40) -> str:
    """A value for a message: on one line and not long."""
    flat = _UNSEEN.sub("\N{REPLACEMENT CHARACTER}", text)
    return flat if len(flat) <= limit else flat[: limit - 1] + "\N{HORIZONTAL ELLIPSIS}"


def writable(text: str) -> str | None:
    """Why XML cannot carry a text: control characters and lone surrogates have no form in it."""
    if found := _UNWRITABLE.search(text):
        return f"the character U+{ord(found[0]):04X} cannot stand in an XML document"
    return None


def valid_line(text: str) -> str | None:
    """A text on one line without control characters."""
    if found := _CONTROL.search(text):
        if found[0] in "\r\n":
            return "it holds a line break"
        return f"it holds the control character U+{ord(found[0]):04X}"
    return None


def valid_name(text: str) -> str | None:
    """A container's name: it becomes a file, a cgroup and a host name."""
    if not text:
        return "a container needs a name"
    if _NAME.fullmatch(text):
        return None
    if len(text) > 63:
        return f"the name has {len(text)} characters, at most 63 are possible"
    if not re.match(r"[A-Za-z0-9]", text):
        return f"the name '{short(text)}' does not begin with one of a-z, A-Z and 0-9"
    return f"the name '{short(text)}' may hold only a-z, A-Z, 0-9, '_', '.' and '-'"


def valid_uuid(text: str) -> str | None:
    """A uuid: 32 hexadecimal digits, with dashes 8-4-4-4-12 or without."""
    if _UUID.fullmatch(text):
        return None
    return f"'{short(text)}' is no uuid: it takes 32 hexadecimal digits, with or without dashes"


def parse_uuid(text: str) -> str:
    """A uuid as 32 lower-case hex digits; ValueError with the reason where it is none."""
    if reason := valid_uuid(text):
        raise ValueError(reason)
    return text.replace("-", "").lower()


def dashed_uuid(uuid: str) -> str:
    """A uuid of 32 digits as most others write it: 8-4-4-4-12."""
    return "-".join((uuid[:8], uuid[8:12], uuid[12:16], uuid[16:20], uuid[20:]))


def valid_hostname(text: str) -> str | None:
    """A host name after RFC 1123, at most 63 characters, dots allowed between labels."""
    if not text:
        return "the host name is empty"
    if len(text) > 63:
        return f"the host name has {len(text)} characters, at most 63 are possible"
    if all(_LABEL.fullmatch(label) for label in text.split(".")):
        return None
    return (
        f"'{short(text)}' is no host name: letters, digits and '-' only, "
        "and no '-' at the beginning or end"
    )


def valid_path(text: str) -> str | None:
    """An absolute path without `..` and control characters."""
    if not text:
        return "the path is empty"
    if reason := valid_line(text):
        return f"the path '{short(text)}' cannot be used: {reason}"
    if not text.startswith("/"):
        return f"the path '{short(text)}' is not absolute: it has to begin with '/'"
    if ".." in text.split("/"):
        return f"the path '{short(text)}' goes up with '..'"
    if len(text.encode("utf-8", "replace")) > MAX_PATH:
        return f"the path is longer than {MAX_PATH} bytes"
    return None


def valid_mount_source(text: str) -> str | None:
    """A directory or file of the host that may be mounted; `/` itself may not."""
    if reason := valid_path(text):
        return reason
    if normal_path(text) == "/":
        return "the host's whole root directory cannot be mounted into a container"
    return None


def normal_path(text: str) -> str:
    """An absolute path without `//`, `.` and a slash at its end."""
    return "/" + "/".join(part for part in text.split("/") if part not in {"", "."})


def valid_template(text: str) -> str | None:
    """A template's name: no path."""
    if not text:
        return "the template's name is empty"
    if "/" in text or text in {".", ".."} or valid_line(text):
        return f"'{short(text)}' is a path; a template is named without '/'"
    return None


def valid_template_name(text: str) -> str | None:
    """The name of a template that the engine can keep: it is also the name of a folder."""
    if _TEMPLATE.fullmatch(text):
        return None
    return (
        f"'{short(text)}' is no name of a template: at most 63 of letters, digits, "
        "'_', '.', '+', '-', the first a letter or digit"
    )


def valid_program(text: str) -> str | None:
    """What runs: an absolute path, or a bare name that is looked up in the container's PATH."""
    if not text:
        return "no program is named"
    if reason := valid_line(text):
        return f"the program '{short(text)}' cannot be used: {reason}"
    if "/" in text and not text.startswith("/"):
        return f"the program '{short(text)}' is neither an absolute path nor a bare name"
    if text in {".", ".."} or text.endswith("/"):
        return f"'{short(text)}' is a directory, not a program"
    if len(text.encode("utf-8", "replace")) > MAX_PATH:
        return f"the program's path is longer than {MAX_PATH} bytes"
    return None


def valid_environment_name(text: str) -> str | None:
    """The name of an environment variable."""
    if not text:
        return "the variable has no name"
    if "=" in text:
        return f"the variable's name '{short(text)}' holds '='"
    if reason := valid_line(text):
        return f"the variable's name '{short(text)}' cannot be used: {reason}"
    return None


def valid_user(text: str) -> str | None:
    """A user inside the container: name or number, with `:GROUP` where wanted."""
    if _USER.fullmatch(text):
        return None
    return f"'{short(text)}' is no user: a name or a number, with ':GROUP' where wanted"


def valid_group(text: str) -> str | None:
    """A group inside the container: name or number."""
    return None if _GROUP.fullmatch(text) else f"'{short(text)}' is no group name or number"


def valid_device(text: str) -> str | None:
    """The name of a network device or bridge."""
    if _DEVICE.fullmatch(text) and text not in {".", ".."}:
        return None
    return f"'{short(text)}' is no name of a network device (1 to 15 characters, no space, no '/')"


def valid_mac(text: str) -> str | None:
    """A hardware address of one station."""
    if not _MAC.fullmatch(text):
        return f"'{short(text)}' is no hardware address like 52:54:00:12:34:56"
    if int(text[:2], 16) & 1:
        return f"'{text}' is a hardware address of a group, not of one station"
    return None


def valid_address(text: str) -> str | None:
    """An IPv4 or IPv6 address, without a prefix."""
    if parse_address(text) is not None:
        return None
    if "/" in text and parse_address(text.partition("/")[0]) is not None:
        return f"'{short(text)}' is an address with a prefix; here the address stands alone"
    if re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,3}){3}", text) and re.search(r"(^|\.)0[0-9]", text):
        return f"'{short(text)}' has leading zeros, which some read as octal"
    return f"'{short(text)}' is no IP address" + _quad_reason(text)


def _quad_reason(text: str) -> str:
    """What is wrong with numbers and dots; empty where it is something else altogether."""
    if not _DOTTED.fullmatch(text):
        return ""
    parts = text.split(".")
    if len(parts) != 4:
        return f": it has {len(parts)} parts, not four"
    return "" if all(len(each) < 4 and int(each) < 256 for each in parts) else _OUT_OF_RANGE


def valid_prefix(text: str) -> str | None:
    """The length of a network prefix, 0 to 128."""
    return valid_integer(text, 0, 128)


def valid_netmask(text: str) -> str | None:
    """An IPv4 mask whose bits are set from the left without a gap."""
    if netmask_prefix(text) is not None:
        return None
    if isinstance(parse_address(text), ipaddress.IPv4Address):
        return f"the netmask {text} has gaps: its bits must be set from the left"
    return f"'{short(text)}' is no netmask like 255.255.255.0" + _quad_reason(text)


def valid_integer(text: str, minimum: int, maximum: int) -> str | None:
    """A whole number in a range."""
    number = parse_integer(text)
    if number is None and not is_whole(text):
        return f"'{short(text)}' is no whole number"
    if number is None or not minimum <= number <= maximum:
        return f"{short(text)} is outside {minimum} to {maximum}"
    return None


def valid_shares(text: str) -> str | None:
    """A cpushare."""
    return valid_integer(text, MIN_SHARES, MAX_SHARES)


def is_whole(text: str) -> bool:
    """Whether a text is a whole number, be it below zero or of absurd length."""
    return _WHOLE.fullmatch(text) is not None


def parse_integer(text: str) -> int | None:
    """A whole decimal number; None for anything else, also for one of absurd length."""
    return int(text) if _DIGITS.fullmatch(text) and len(text) <= 20 else None


def parse_address(text: str) -> Address | None:
    """An IPv4 or IPv6 address, or None."""
    if "%" in text or len(text) > 45:
        return None
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def version(text: str) -> int:
    """4 or 6 of an address that is known to be one."""
    return 6 if ":" in text else 4


def netmask_prefix(text: str) -> int | None:
    """The prefix length of a contiguous IPv4 mask, or None."""
    mask = parse_address(text)
    if not isinstance(mask, ipaddress.IPv4Address):
        return None
    gap = ~int(mask) & 0xFFFFFFFF
    return None if gap & (gap + 1) else 32 - gap.bit_length()
