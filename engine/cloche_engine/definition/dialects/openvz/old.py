"""The two old shapes: the proposal of March 2007, and `<container>` as the driver of 2008 read it.

March 2007 has `vpsid`, `profile`, `onboot`, `os/@template` and `network` below `<domain>`; January
2008 has `filesystem/template`, `profile` and `network` in `<container>`, all of it as text.
"""

from __future__ import annotations

from dataclasses import replace

from cloche_engine.definition import names
from cloche_engine.definition.checking.report import Report
from cloche_engine.definition.dialects.openvz import addresses
from cloche_engine.definition.spec import ContainerSpec, Filesystem, FilesystemKind, Location
from cloche_engine.definition.text.tree import Element

_BOOT = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def read_march_2007(report: Report, spec: ContainerSpec) -> ContainerSpec:
    """The specification with what the proposal's own elements say besides."""
    domain = report.tree.root
    system, network = domain.first("os"), domain.first("network")
    profile = _text(domain, "profile") or spec.profile
    spec = replace(spec, profile=profile, autostart=_onboot(report, domain))
    if system is not None and "template" in system.attributes:
        named = system.attributes["template"].strip()
        location = Location(*report.tree.place(system))
        root = Filesystem(FilesystemKind.TEMPLATE, named, "/", location=location)
        spec = replace(spec, filesystems=(root, *spec.filesystems))
    if network is None:
        return spec
    given = [addresses.of_attributes(report, ip) for ip in network.all("ip")]
    return _with_network(report, spec, network, given)


def read_january_2008(report: Report, spec: ContainerSpec) -> ContainerSpec:
    """The specification with what `<container>` says besides its root, which is read already."""
    container = report.tree.root.first("container")
    if container is None:
        return spec
    filesystem, network = container.first("filesystem"), container.first("network")
    _check_required(report, container, filesystem)
    spec = replace(spec, profile=_text(container, "profile") or spec.profile)
    if network is None:
        return spec
    return _with_network(report, spec, network, [addresses.of_children(report, network)])


def _with_network(
    report: Report, spec: ContainerSpec, network: Element, given: list[addresses.Given]
) -> ContainerSpec:
    link = addresses.read_link(report, given, report.tree.place(network))
    return replace(
        spec,
        hostname=_hostname(report, network),
        interfaces=(*((link,) if link is not None else ()), *spec.interfaces),
        nameservers=addresses.read_nameservers(report, network),
    )


def _hostname(report: Report, network: Element) -> str | None:
    text = _text(network, "hostname")
    element = network.first("hostname")
    if text and element is not None and (reason := names.valid_hostname(text)):
        report.error("hostname", report.tree.text_place(element), reason)
    return text


def _onboot(report: Report, root: Element) -> bool | None:
    element = root.first("onboot")
    if element is None:
        return None
    found = _BOOT.get(element.text.strip().lower())
    if found is None:
        text = names.short(element.text.strip())
        reason = f"<onboot> is neither true nor false: '{text}'"
        report.error("onboot", report.tree.text_place(element), reason, "write true or false")
    return found


def _check_required(report: Report, container: Element, filesystem: Element | None) -> None:
    if filesystem is None or filesystem.first("template") is None:
        reason = "<container> names no template, which the root is made from"
        hint = "add <filesystem><template>NAME</template></filesystem>"
        report.error("missing", filesystem or container, reason, hint)
    if not _text(container, "profile"):
        reason = "<container> names no profile; OpenVZ of 2008 would refuse it"
        report.warning("missing", container, reason, "add <profile>vps.basic</profile>")


def _text(parent: Element, name: str) -> str | None:
    child = parent.first(name)
    return (child.text.strip() or None) if child is not None else None
