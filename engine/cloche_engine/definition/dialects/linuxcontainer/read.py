"""Reads the RFC's revisions of 2007 and 2008, the driver of March 2008, and what Cloche writes."""

from __future__ import annotations

from cloche_engine.definition import names
from cloche_engine.definition.checking.report import Report
from cloche_engine.definition.checking.shape import check_shape
from cloche_engine.definition.container import homes
from cloche_engine.definition.container.console_buffer import read_console_buffer
from cloche_engine.definition.container.filesystem_checks import check_mounts, check_start
from cloche_engine.definition.container.network import address_text, nameserver_elements
from cloche_engine.definition.container.network_checks import check_network
from cloche_engine.definition.container.rlimits import read_rlimits
from cloche_engine.definition.container.stopping import read_stopping
from cloche_engine.definition.dialects.linuxcontainer.kind import is_ours
from cloche_engine.definition.dialects.linuxcontainer.limits import read_cpu, read_memory
from cloche_engine.definition.dialects.linuxcontainer.program import read_program
from cloche_engine.definition.domain.consoles import other_consoles, read_consoles
from cloche_engine.definition.domain.disks import read_io_devices, read_io_weight
from cloche_engine.definition.domain.features import read_features
from cloche_engine.definition.domain.idmap import read_idmap
from cloche_engine.definition.domain.lifecycle import read_lifecycle
from cloche_engine.definition.domain.limits import plain_numatune
from cloche_engine.definition.domain.namespaces import check_beside, read_namespaces
from cloche_engine.definition.domain.opaque import read_opaque
from cloche_engine.definition.domain.values import child_text, number, read_uuid
from cloche_engine.definition.schema.linuxcontainer import SCHEMA
from cloche_engine.definition.spec import ContainerSpec, Filesystem, Opaque
from cloche_engine.definition.text.tree import Element


def read(report: Report) -> ContainerSpec | None:
    """Check the whole tree and read it; None where it is another kind of document.

    With errors reported the specification holds what could be read, for forms to show.
    """
    if not is_ours(report):
        return None
    check_shape(report, SCHEMA)
    root = report.tree.root
    spec = ContainerSpec(
        name=child_text(root, "name") or "",
        uuid=read_uuid(root),
        title=child_text(root, "title"),
        description=child_text(root, "description"),
        hostname=_hostname(root),
        filesystems=_filesystems(report),
        interfaces=check_network(report),
        nameservers=_nameservers(root),
        **read_program(report, root)._asdict(),
        cpu=read_cpu(report, root),
        memory=read_memory(report, root),
        **read_consoles(root)._asdict(),
        processes=number(root, "processes"),
        console_kib=read_console_buffer(report, root),
        io_weight=read_io_weight(root),
        io_devices=read_io_devices(report, root),
        rlimits=read_rlimits(report, root),
        idmap=read_idmap(report, root),
        capabilities=read_features(report, root).capabilities,
        network_isolated=_feature(root, "privnet"),
        namespaces=read_namespaces(report, root),
        **read_lifecycle(report, root)._asdict(),
        **read_stopping(report, root)._asdict(),
        autostart=_autostart(root),
        profile=child_text(root.first("container"), "profile"),
        system=_feature(root, "system"),
        privileged=_feature(root, "privileged"),
        opaque=_opaque(report, root),
    )
    check_beside(report, spec)
    return spec


def _filesystems(report: Report) -> tuple[Filesystem, ...]:
    check_start(report)
    return check_mounts(report)


def _hostname(root: Element) -> str | None:
    network = homes.network(root)
    return network.attributes.get("hostname", "").strip() or None if network is not None else None


def _nameservers(root: Element) -> tuple[str, ...]:
    found = (names.parse_address(address_text(e)) for e in nameserver_elements(root))
    return tuple(str(address) for address in found if address is not None)


def _feature(root: Element, name: str) -> bool | None:
    features = root.first("features")
    switch = features.first(name) if features is not None else None
    return None if switch is None else switch.attributes.get("state", "on").strip() != "off"


def _autostart(root: Element) -> bool | None:
    element = root.first("autostart")
    return None if element is None else element.attributes.get("enabled", "yes").strip() != "no"


def _opaque(report: Report, root: Element) -> tuple[Opaque, ...]:
    """What is kept; `<capabilities>` and a plain `<numatune>` are read."""
    features = root.first("features")
    capabilities = features.first("capabilities") if features is not None else None
    found = (capabilities, plain_numatune(root))
    understood = [element for element in found if element is not None]
    return read_opaque(report, SCHEMA, understood, other_consoles(root))
