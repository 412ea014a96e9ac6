"""Writes the RFC's first revision, of 2007-12-28: mounts as text, limits inside `<container>`."""

from __future__ import annotations

import ipaddress

from cloche_engine.definition.container.filesystem_markup import text_markup
from cloche_engine.definition.container.filesystems import split_line
from cloche_engine.definition.container.network import WITHOUT_ADDRESS, subnet_holds
from cloche_engine.definition.container.network_markup import gateway_markup, ip_markup
from cloche_engine.definition.dialects.dialect import Reason
from cloche_engine.definition.dialects.linuxcontainer.fitting import fitted
from cloche_engine.definition.domain.consoles import plain_consoles
from cloche_engine.definition.domain.opaque import with_opaque
from cloche_engine.definition.domain.values import branch, leaf
from cloche_engine.definition.schema.linuxcontainer import DOMAIN_TYPE, ROOT
from cloche_engine.definition.spec import ContainerSpec, Filesystem, FilesystemKind, Interface
from cloche_engine.definition.text.markup import Layout, Markup, writable_parts

_FIRST = "the RFC's first revision"
_ONE = f"{_FIRST} knows one network of a container, with its addresses and gateway"
_MOUNT = f"{_FIRST} names two directories of a mount and nothing else"
_PATH = f"{_FIRST} names a program's path and nothing else"

REASONS: tuple[Reason, ...] = (
    Reason("title", f"{_FIRST} has no title"),
    Reason("description", f"{_FIRST} has no description"),
    Reason("hostname", f"{_FIRST} has no place for a host name like this"),
    Reason("filesystems", _MOUNT),
    Reason("filesystems.kind", f"{_FIRST} mounts directories of the host only"),
    Reason("filesystems.readonly", f"{_FIRST} cannot keep a mount from being written"),
    Reason("interfaces", _ONE),
    Reason("interfaces.addresses", f"{_FIRST} writes addresses with a netmask, which IPv6 has not"),
    Reason("interfaces.forwards", f"{_FIRST} forwards no ports"),
    Reason("interfaces.gateway6", f"{_FIRST} has no place for IPv6"),
    Reason("program", _PATH),
    Reason("environment", _PATH),
    Reason("directory", _PATH),
    Reason("user", _PATH),
    Reason("group", _PATH),
    Reason("cpu", f"{_FIRST} knows shares of the processors and no other limit"),
    Reason("memory", f"{_FIRST} knows the most memory and no other limit"),
    Reason("io_weight", f"{_FIRST} knows no weight of input and output"),
    Reason("io_devices", f"{_FIRST} knows no rates of disks"),
    Reason("processes", f"{_FIRST} knows no limit of processes"),
    Reason("rlimits", f"{_FIRST} knows no limit of single processes"),
    Reason("idmap", f"{_FIRST} is older than user namespaces"),
    Reason("capabilities", f"{_FIRST} says nothing of capabilities"),
    Reason("network_isolated", f"{_FIRST} isolates by leaving the network out"),
    Reason("namespaces", f"{_FIRST} shares no namespaces"),
    Reason("on_poweroff", f"{_FIRST} does not say what follows the end"),
    Reason("on_reboot", f"{_FIRST} does not say what follows a restart"),
    Reason("on_crash", f"{_FIRST} does not say what follows a failure"),
    Reason("autostart", f"{_FIRST} does not say what is started with the host"),
    Reason("arch", f"{_FIRST} names no kind of processor"),
    Reason("machine", f"{_FIRST} names no kind of machine"),
    Reason("system", f"{_FIRST} does not tell systems from applications"),
    Reason("privileged", f"{_FIRST} is older than user namespaces"),
    Reason("stop_signal", f"{_FIRST} does not say how it is asked to end"),
    Reason("stop_grace", f"{_FIRST} does not say when it is killed"),
    Reason("console_kib", f"{_FIRST} does not say how much of a console is kept"),
    Reason("profile", f"{_FIRST} has no profiles"),
    Reason("opaque", "XML has no form for a character in it"),
)


def write(spec: ContainerSpec) -> bytes:
    """The document, as far as that revision goes."""
    spec = fitted(spec)
    domain = with_opaque(writable_parts(_domain(spec)), spec.opaque, _nowhere)
    return (domain.render(Layout()) + "\n").encode()


def _nowhere(_path: str) -> bool:
    """What is not understood is all kept in `<metadata>`: that revision had nothing like it."""
    return False


def _domain(spec: ContainerSpec) -> Markup:
    return Markup(
        ROOT,
        (("type", DOMAIN_TYPE),),
        children=(
            Markup("name", text=spec.name),
            *leaf("uuid", spec.uuid),
            Markup("container", children=_container(spec)),
            *branch("devices", plain_consoles(spec.consoles, spec.console_ttys)),
        ),
    )


def _container(spec: ContainerSpec) -> tuple[Markup, ...]:
    mounts = tuple(text_markup(entry) for entry in spec.filesystems if _fits(entry))
    return (
        *branch("filesystem", mounts),
        *leaf("application", spec.program[0] if spec.program else None),
        *_network(spec),
        *leaf("cpushare", spec.cpu.shares),
        *leaf("memory", spec.memory.max_kib),
    )


def _fits(filesystem: Filesystem) -> bool:
    source, target = filesystem.source, filesystem.target
    is_directory = filesystem.kind is FilesystemKind.MOUNT
    return is_directory and split_line(f"{target} = {source}") == (target, source)


def _network(spec: ContainerSpec) -> tuple[Markup, ...]:
    nameservers = tuple(Markup("nameserver", text=text) for text in spec.nameservers)
    found = (each for each in spec.interfaces if each.kind not in WITHOUT_ADDRESS)
    interface = next(found, None)
    inside = _ips(interface, nameservers) if interface is not None else ()
    inside = inside or nameservers
    if not (spec.hostname or inside):
        return ()
    return (Markup("network", (("hostname", spec.hostname),), children=inside),)


def _ips(interface: Interface, nameservers: tuple[Markup, ...]) -> tuple[Markup, ...]:
    """The gateway stands in the address that reaches it, name servers in the first."""
    found = [text for text in interface.addresses if ipaddress.ip_interface(text).version == 4]
    inside: list[list[Markup]] = [[] for _ in found]
    for at, address in enumerate(found):
        if interface.gateway is not None and subnet_holds(address, interface.gateway):
            inside[at].append(gateway_markup(interface.gateway))
            break
    if inside:
        inside[0] += nameservers
    pairs = zip(found, inside, strict=True)
    return tuple(ip_markup(address, tuple(children)) for address, children in pairs)
