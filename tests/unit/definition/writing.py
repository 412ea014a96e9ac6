"""Writes a specification in any of the accepted forms and layouts, as an author might."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from hypothesis import strategies as st

from cloche_engine.definition.spec import (
    ContainerSpec,
    Cpu,
    Filesystem,
    FilesystemKind,
    Interface,
    InterfaceKind,
    Memory,
)

COMMENT = "<!-- ä <name>no</name> --><?keep <this> ?>"


@dataclass(frozen=True)
class Style:
    """Choices of an author that carry no meaning."""

    nested: bool = False
    flat: bool = False
    quote: str = "'"
    newline: str = "\n"
    step: str = "  "
    comments: bool = False
    foreign: bool = False
    reverse: bool = False
    encoding: str = "utf-8"
    mark: bytes = b""
    prolog: str = ""


def write(spec: ContainerSpec, style: Style) -> bytes:
    """The document; specifications come from `specs`, so nothing needs care but escaping."""
    lines = _domain(spec, style)
    text = style.newline.join(lines).replace("'", style.quote) + style.newline
    return style.mark + (style.prolog + text).encode(style.encoding, "xmlcharrefreplace")


def _domain(spec: ContainerSpec, style: Style) -> list[str]:
    parts = [[f"<name>{spec.name}</name>"]]
    if spec.uuid:
        parts.append([f"<uuid>{spec.uuid}</uuid>"])
    if spec.title:
        parts.append([f"<title>{_text(spec.title)}</title>"])
    parts.append(["<container>", *_indent(_container(spec, style), style), "</container>"])
    if spec.cpu.shares:
        parts.append([f"<cpushare>{spec.cpu.shares}</cpushare>"])
    if spec.memory.max_kib:
        parts.append([f"<memory>{spec.memory.max_kib}</memory>"])
    if style.foreign:
        parts.append(["<q:note xmlns:q='urn:q'>  <name>x</name></q:note>"])
    if style.reverse:
        parts.reverse()
    body = [line for part in parts for line in part]
    if style.comments:
        body = [line for entry in body for line in (COMMENT, entry)]
    return ["<domain  type='linuxcontainer' >", *_indent(body, style), "</domain>"]


def _container(spec: ContainerSpec, style: Style) -> list[str]:
    lines = _mounts(spec, style)
    lines += [f"<application>{_text(spec.program[0])}</application>"]
    lines += [f"<arg>{_text(arg)}</arg>" for arg in spec.program[1:]]
    lines += [f"<env name='{name}'>{_text(value)}</env>" for name, value in spec.environment]
    lines += [f"<dir>{spec.directory}</dir>"] if spec.directory else []
    lines += [f"<user>{spec.user}</user>"] if spec.user else []
    return lines + _network(spec, style)


def _mounts(spec: ContainerSpec, style: Style) -> list[str]:
    lines = []
    for entry in spec.filesystems:
        inside = _indent(
            [f"<source dir='{entry.source}'/>", f"<target dir='{entry.target}/'/>"], style
        )
        inside += _indent(["<readonly/>"], style) if entry.readonly else []
        outer = "mount" if style.nested else "filesystem"
        kind = "" if style.nested else " type='mount'"
        lines += [f"<{outer}{kind}>", *inside, f"</{outer}>"]
    if style.nested and lines:
        return ["<filesystem>", *_indent(lines, style), "</filesystem>"]
    return lines


def _network(spec: ContainerSpec, style: Style) -> list[str]:
    inside = []
    beside = [f"<nameserver address='{text}'/>" for text in spec.nameservers]
    for interface in spec.interfaces:
        gateway = [f"<gateway address='{interface.gateway}'/>"] if interface.gateway else []
        for address in interface.addresses:
            entry = ipaddress.ip_interface(address)
            head = f"<ip address='{entry.ip}' netmask='{entry.netmask}'"
            if style.flat:
                inside += [f"{head}/>"]
            else:
                inside += [f"{head}>", *_indent(gateway, style), "</ip>"]
                gateway = []
        inside += gateway
    inside += beside
    host = f" hostname='{spec.hostname}'" if spec.hostname else ""
    lines = [f"<network{host}>", *_indent(inside, style), "</network>"] if inside or host else []
    for interface in spec.interfaces:
        if interface.kind is InterfaceKind.BRIDGE:
            source = f"<source bridge='{interface.source}'/>"
            lines += ["<interface type='bridge'>", *_indent([source], style), "</interface>"]
    return lines


def _indent(lines: list[str], style: Style) -> list[str]:
    return [style.step + line for line in lines]


def _text(text: str) -> str:
    for character, written in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\r", "&#13;")):
        text = text.replace(character, written)
    return text


_WORD = st.from_regex(r"[a-z][a-z0-9]{0,6}", fullmatch=True)
_TEXT = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_characters="'\"\x7f").filter(
        lambda c: not "\x80" <= c <= "\x9f"
    ),
    min_size=1,
    max_size=12,
)
_LINE = _TEXT.map(str.strip).filter(bool)
_PATH = st.lists(_WORD, min_size=1, max_size=3).map(lambda words: "/" + "/".join(words))


@st.composite
def _filesystems(draw: st.DrawFn) -> tuple[Filesystem, ...]:
    targets = draw(st.lists(_WORD, unique=True, max_size=5))
    return tuple(
        Filesystem(FilesystemKind.MOUNT, draw(_PATH), f"/{target}", draw(st.booleans()))
        for target in targets
    )


@st.composite
def _interfaces(draw: st.DrawFn) -> tuple[Interface, ...]:
    if draw(st.booleans()):
        return ()
    hosts = draw(st.lists(st.integers(2, 200), min_size=1, max_size=3, unique=True))
    bridge = draw(st.none() | _WORD)
    return (
        Interface(
            InterfaceKind.BRIDGE if bridge else InterfaceKind.NAT,
            source=bridge,
            addresses=tuple(f"10.{host}.0.{host}/24" for host in hosts),
            gateway=draw(st.sampled_from([None, f"10.{hosts[0]}.0.1"])),
        ),
    )


_ENVIRONMENT = st.dictionaries(_WORD.map(str.upper), _TEXT, max_size=3)

specs: st.SearchStrategy[ContainerSpec] = st.builds(
    ContainerSpec,
    name=_WORD,
    uuid=st.none() | st.from_regex(r"[0-9a-f]{32}", fullmatch=True),
    title=st.none() | _LINE,
    hostname=st.none() | _WORD,
    filesystems=_filesystems(),
    interfaces=_interfaces(),
    nameservers=st.lists(
        st.sampled_from(["1.1.1.1", "9.9.9.9", "fd00::53"]), max_size=3, unique=True
    ).map(tuple),
    program=st.tuples(_PATH, _TEXT, _TEXT) | st.tuples(_PATH),
    environment=_ENVIRONMENT.map(lambda found: tuple(found.items())),
    directory=st.none() | _PATH,
    user=st.none() | _WORD,
    cpu=st.builds(Cpu, shares=st.none() | st.integers(2, 262144)),
    memory=st.builds(Memory, max_kib=st.none() | st.integers(512, 2**40)),
)

_ENCODINGS = st.sampled_from(
    [
        ("utf-8", b"", ""),
        ("utf-8", b"\xef\xbb\xbf", ""),
        ("utf-16-le", b"\xff\xfe", "<?xml version='1.0' encoding='UTF-16'?>"),
        ("utf-16-be", b"\xfe\xff", ""),
        ("latin-1", b"", "<?xml version='1.0' encoding='ISO-8859-1'?>\n"),
        ("ascii", b"", '<?xml version="1.0" encoding="US-ASCII"?>\n<!-- q -->'),
    ]
)


@st.composite
def styles(draw: st.DrawFn) -> Style:
    """Any layout."""
    encoding, mark, prolog = draw(_ENCODINGS)
    comments = draw(st.booleans()) and encoding != "ascii"
    return Style(
        nested=draw(st.booleans()),
        flat=draw(st.booleans()),
        quote=draw(st.sampled_from("'\"")),
        newline=draw(st.sampled_from(["\n", "\r\n", "\r", "\n\n"])),
        step=draw(st.sampled_from(["", " ", "  ", "    ", "\t"])),
        comments=comments,
        foreign=draw(st.booleans()),
        reverse=draw(st.booleans()),
        encoding=encoding,
        mark=mark,
        prolog=prolog,
    )
