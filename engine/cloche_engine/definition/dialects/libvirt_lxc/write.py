"""Writes `<domain type='lxc'>`, valid under libvirt's own schema."""

from __future__ import annotations

from cloche_engine.definition.dialects.dialect import Reason
from cloche_engine.definition.dialects.libvirt_lxc import fitting
from cloche_engine.definition.dialects.libvirt_lxc.write_devices import devices_markup
from cloche_engine.definition.domain.disks import io_markup
from cloche_engine.definition.domain.features import features_markup
from cloche_engine.definition.domain.idmap import idmap_markup
from cloche_engine.definition.domain.lifecycle import Lifecycle, lifecycle_markup
from cloche_engine.definition.domain.limits import cpu_markup, memory_markup
from cloche_engine.definition.domain.namespaces import namespaces_markup
from cloche_engine.definition.domain.opaque import is_home, with_opaque
from cloche_engine.definition.domain.program import program_markup
from cloche_engine.definition.domain.values import leaf, uuid_markup
from cloche_engine.definition.schema.domain import LIBVIRT_CAPABILITIES
from cloche_engine.definition.schema.libvirt import DOMAIN_TYPE, ROOT, SCHEMA
from cloche_engine.definition.spec import ContainerSpec, InterfaceKind
from cloche_engine.definition.text.markup import Layout, Markup, writable_parts

_HOME = is_home(
    SCHEMA,
    *(f"domain/devices/{name}" for name in ("filesystem", "interface", "hostdev", "console")),
)
_SCHEMA_TAKES = "libvirt's schema takes no such"

REASONS: tuple[Reason, ...] = (
    Reason("name", "libvirt takes a name on one line and without '/'"),
    Reason("title", "libvirt takes a title on one line"),
    Reason("hostname", "libvirt gives a container its name as host name"),
    Reason("nameservers", "libvirt leaves resolv.conf to the container"),
    Reason("system", "libvirt does not tell systems from applications"),
    Reason("privileged", "libvirt says it by leaving <idmap> out"),
    Reason("stop_signal", "libvirt ends a container by its init's own means"),
    Reason("stop_grace", "libvirt has a time of its own"),
    Reason("console_kib", "libvirt keeps nothing of what a console said"),
    Reason("processes", "libvirt does not limit processes"),
    Reason("rlimits", "libvirt sets no limits of single processes"),
    Reason("io_devices", "libvirt wants an absolute path, and weights from 100 to 1000"),
    Reason("profile", "libvirt's containers have no profiles"),
    Reason("autostart", "libvirt keeps it beside the document: virsh autostart NAME"),
    Reason("machine", "libvirt's schema has no machine for a container"),
    Reason("arch", "it is none of the processors that libvirt names"),
    Reason("program", "libvirt wants an absolute path as the program"),
    Reason("environment", f"{_SCHEMA_TAKES} name of a variable"),
    Reason("user", f"{_SCHEMA_TAKES} name of a user"),
    Reason("group", "libvirt's schema wants user and group together; 0 stands for the other"),
    Reason("directory", f"{_SCHEMA_TAKES} path"),
    Reason("filesystems", "libvirt's schema does not take its source or its target"),
    Reason("filesystems.source", "libvirt's schema takes no dot in the name of a template"),
    Reason("filesystems.options", "libvirt has no mount options"),
    Reason("filesystems.access", "libvirt takes accessmode for virtual machines alone"),
    Reason("filesystems.owner", "libvirt maps no single owner of a mount"),
    Reason("interfaces", "libvirt's schema does not take its outer end"),
    Reason("interfaces.kind", "libvirt has no such link; its network 'default' stands for nat"),
    Reason("interfaces.source", "libvirt's network 'default' stands for nat"),
    Reason("interfaces.addresses", "libvirt takes an address with its prefix"),
    Reason("interfaces.name", "libvirt moves a device of the host in with the name it has"),
    Reason("interfaces.mac", "libvirt moves a device of the host in with the address it has"),
    Reason("interfaces.up", "libvirt switches a device of the host on"),
    Reason("interfaces.forwards", "libvirt forwards ports to virtual machines alone"),
    Reason("interfaces.host_name", "a device of the host has no other end"),
    Reason("cpu.count", "libvirt wants a number of processors beside a list of them"),
    Reason("console_ttys", "libvirt gives each console a terminal of its own at the start"),
    Reason("io_weight", "libvirt's schema takes weights from 100 to 1000"),
    Reason("capabilities", "libvirt has no element for this capability"),
    Reason("network_isolated", "it is what libvirt's <privnet/> says"),
    Reason("opaque", "it cannot stand in an XML document"),
)


def write(spec: ContainerSpec) -> bytes:
    """The document; what libvirt's schema would refuse is left out."""
    whole = writable_parts(_domain(fitting.fitted(spec)))
    return (with_opaque(whole, spec.opaque, _HOME).render(Layout()) + "\n").encode()


def _domain(spec: ContainerSpec) -> Markup:
    kinds = {interface.kind for interface in spec.interfaces}
    private = spec.network_isolated or InterfaceKind.NONE in kinds
    return Markup(
        ROOT,
        (("type", DOMAIN_TYPE),),
        children=(
            Markup("name", text=spec.name),
            *uuid_markup(spec.uuid),
            *leaf("title", spec.title),
            *leaf("description", spec.description),
            *memory_markup(spec.memory),
            *io_markup(spec.io_weight, spec.io_devices),
            *cpu_markup(spec.cpu),
            *program_markup(spec),
            *idmap_markup(spec.idmap),
            *features_markup(spec.capabilities, private, LIBVIRT_CAPABILITIES),
            *lifecycle_markup(Lifecycle(spec.on_poweroff, spec.on_reboot, spec.on_crash)),
            *devices_markup(spec),
            *namespaces_markup(spec.namespaces),
        ),
    )
