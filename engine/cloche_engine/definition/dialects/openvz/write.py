"""Writes `<domain type='openvz'>` in today's shape."""

from __future__ import annotations

from dataclasses import replace

from cloche_engine.definition.dialects.dialect import Reason
from cloche_engine.definition.dialects.openvz.devices import devices_markup
from cloche_engine.definition.dialects.openvz.number import is_number
from cloche_engine.definition.domain.cpuset import numbers, valid_cpuset
from cloche_engine.definition.domain.lifecycle import Lifecycle, lifecycle_markup
from cloche_engine.definition.domain.limits import cpu_markup, memory_markup
from cloche_engine.definition.domain.opaque import is_home, with_opaque
from cloche_engine.definition.domain.values import branch, leaf, uuid_markup
from cloche_engine.definition.schema.openvz import DOMAIN_TYPE, TODAY
from cloche_engine.definition.spec import ContainerSpec, Cpu
from cloche_engine.definition.text.markup import Layout, Markup, writable_parts

_HOME = is_home(TODAY)
_OWN_INIT = "OpenVZ starts the init of the template, without words of its own"
_OLD_SHAPE = "the XML of OpenVZ had it until 2008, today its CTID.conf has it"
_NO_PLACE = "OpenVZ's XML has no element for it"

REASONS: tuple[Reason, ...] = (
    Reason(
        "name",
        "OpenVZ names its containers by number: give one from 101 on, by --name or as <name>",
    ),
    Reason("title", _NO_PLACE),
    Reason("hostname", _OLD_SHAPE),
    Reason("nameservers", _OLD_SHAPE),
    Reason("system", "an OpenVZ container is always a whole system"),
    Reason("privileged", "OpenVZ has no such containers"),
    Reason("stop_signal", "vzctl ends a container by its init's own means"),
    Reason("stop_grace", "vzctl has a time of its own"),
    Reason("profile", _OLD_SHAPE),
    Reason("autostart", "it is the ONBOOT of CTID.conf, no part of the XML"),
    Reason("program", "OpenVZ starts one program without arguments"),
    Reason("environment", _OWN_INIT),
    Reason("directory", _OWN_INIT),
    Reason("user", _OWN_INIT),
    Reason("group", _OWN_INIT),
    Reason("machine", _NO_PLACE),
    Reason("filesystems", "OpenVZ mounts templates, directories and image files"),
    Reason("filesystems.options", "a filesystem of OpenVZ has no mount options"),
    Reason("filesystems.access", "OpenVZ maps no owners"),
    Reason("filesystems.owner", "OpenVZ maps no owners"),
    Reason("interfaces", "OpenVZ has routed links and bridges"),
    Reason("interfaces.forwards", "OpenVZ forwards no ports"),
    Reason("interfaces.kind", "OpenVZ has routed links and bridges; the addresses are kept"),
    Reason("cpu.count", "libvirt lists processors beside their number only"),
    Reason("cpu.mems", "OpenVZ does not choose nodes of memory"),
    Reason("memory.swap_kib", "OpenVZ's XML has no limit of swap"),
    Reason("io_weight", _NO_PLACE),
    Reason("io_devices", _NO_PLACE),
    Reason("console_kib", "OpenVZ keeps nothing of what a console said"),
    Reason("processes", _NO_PLACE),
    Reason("rlimits", _NO_PLACE),
    Reason("consoles", "an OpenVZ container has the one console that vzctl opens"),
    Reason("console_ttys", "an OpenVZ container has the one console that vzctl opens"),
    Reason("idmap", "OpenVZ has no user namespaces"),
    Reason("capabilities", "they are the CAPABILITY of CTID.conf, no part of the XML"),
    Reason("network_isolated", "an OpenVZ container always has a network of its own"),
    Reason("namespaces", "an OpenVZ container always has namespaces of its own"),
    Reason("opaque", "it belongs to another format"),
)


def write(spec: ContainerSpec) -> bytes:
    """The document; without a name where that is no number, which REASONS asks for."""
    whole = with_opaque(writable_parts(_domain(spec)), spec.opaque, _HOME)
    return (whole.render(Layout()) + "\n").encode()


def _domain(spec: ContainerSpec) -> Markup:
    lifecycle = Lifecycle(spec.on_poweroff, spec.on_reboot, spec.on_crash)
    return Markup(
        "domain",
        (("type", DOMAIN_TYPE),),
        children=(
            *leaf("name", spec.name if is_number(spec.name) else None),
            *uuid_markup(spec.uuid),
            *leaf("description", spec.description),
            *_memory(spec),
            *cpu_markup(_cpu(spec.cpu)),
            *_os(spec),
            *lifecycle_markup(lifecycle),
            *devices_markup(spec.filesystems, spec.interfaces),
        ),
    )


def _cpu(cpu: Cpu) -> Cpu:
    """Libvirt lists processors beside a number of them, which here is how many are listed."""
    listed = cpu.cpuset if cpu.cpuset and not valid_cpuset(cpu.cpuset) else None
    count = len(numbers(listed)) if listed and cpu.count is None else cpu.count
    return replace(cpu, cpuset=listed, count=count, mems=None)


def _memory(spec: ContainerSpec) -> tuple[Markup, ...]:
    """Libvirt wants a `<memory>`, and takes 0 for unset."""
    unset = () if spec.memory.max_kib is not None else (Markup("memory", text="0"),)
    return (*unset, *memory_markup(replace(spec.memory, swap_kib=None)))


def _os(spec: ContainerSpec) -> tuple[Markup, ...]:
    kind = Markup("type", (("arch", spec.arch),), "exe")
    return branch("os", (kind,), leaf("init", spec.program[0] if spec.program else None))
