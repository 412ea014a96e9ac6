"""Which dialect a text is written in: by its shape, not by its type alone."""

from __future__ import annotations

import re

from cloche_engine.definition import names
from cloche_engine.definition.checking import fixes
from cloche_engine.definition.checking.report import Report
from cloche_engine.definition.dialects.dialect import TEXTS, Dialect
from cloche_engine.definition.problem import Fix, Problem, Severity, TextEdit
from cloche_engine.definition.schema.model import nearest
from cloche_engine.definition.text.source import Source
from cloche_engine.definition.text.tree import Element, Tree

READ_HERE = (
    "what is read is a <domain> of type linuxcontainer, lxc, openvz or vserver, "
    "LXC's own configuration and OpenVZ's CTID.conf"
)

_FAMILY = (Dialect.LINUXCONTAINER, Dialect.LINUXCONTAINER_V1)
_TYPES = {
    "linuxcontainer": Dialect.LINUXCONTAINER,
    "lxc": Dialect.LIBVIRT_LXC,
    "openvz": Dialect.OPENVZ,
    "vserver": Dialect.VSERVER,
}
_MACHINES = {
    "kvm": "a virtual machine of KVM",
    "qemu": "a virtual machine of QEMU",
    "kqemu": "a virtual machine of QEMU",
    "hvf": "a virtual machine of QEMU on macOS",
    "xen": "a virtual machine of Xen",
    "uml": "a User Mode Linux",
    "vmware": "a virtual machine of VMware",
    "vbox": "a virtual machine of VirtualBox",
    "hyperv": "a virtual machine of Hyper-V",
    "bhyve": "a virtual machine of bhyve",
    "phyp": "a partition of a Power Hypervisor",
    "nvmm": "a virtual machine of NVMM",
    "ch": "a virtual machine of Cloud Hypervisor",
    "test": "a domain of libvirt's test driver",
    "parallels": "a domain of Parallels Cloud Server",
    "vz": "a domain of Virtuozzo",
}

_LXC_LINE = re.compile(r"[ \t]*lxc\.[a-zA-Z0-9_.]+[ \t]*=")
_SHELL_LINE = re.compile(r"[ \t]*[A-Za-z_][A-Za-z0-9_]*=")
_OPENVZ_LINE = re.compile(
    r"""[ \t]*(?:OSTEMPLATE|ORIGIN_SAMPLE|VE_ROOT|VE_PRIVATE|IP_ADDRESS|NETIF|ONBOOT|HOSTNAME
    |NAMESERVER|DISKSPACE|DISKINODES|PRIVVMPAGES|VMGUARPAGES|PHYSPAGES|SWAPPAGES|KMEMSIZE|CPUUNITS
    |CPULIMIT|CPUS|CAPABILITY|FEATURES|NUMPROC|VEID|CTID|VPSID|NAME|UUID)=""",
    re.VERBOSE,
)
# Of the first line that is neither empty nor a comment.
_LOOKS = (
    (r"\s*[\[{]\s*(?:[\"{\[\]}]|-?\d|$)", "JSON"),
    (r"\s*\[[A-Za-z]+\]\s*$", "an INI file, as systemd's units are"),
    (r"(?i)FROM\s+\S+", "a Dockerfile"),
    (r"\.?[a-zA-Z]\w*(?:\.\w+)+\s*=\s*\"", "VMware's configuration"),
    (r"[a-z_]+\s*=\s*['\"\[\d]", "Xen's configuration, or TOML"),
    (r"---|[\w.-]+:(?:\s|$)", "YAML"),
)
_MAGIC = (
    (b"\x7fELF", "a program"),
    (b"\x1f\x8b", "a file packed by gzip"),
    (b"\xfd7zXZ", "a file packed by xz"),
    (b"\x28\xb5\x2f\xfd", "a file packed by zstd"),
    (b"BZh", "a file packed by bzip2"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"QFI\xfb", "a disk image of QEMU"),
    (b"KDMV", "a disk image of VMware"),
    (b"\x89PNG", "a picture"),
    (b"%PDF", "a PDF document"),
)
_ENOUGH = 200


def looks_binary(data: bytes) -> Problem | None:
    """The refusal of a file that its first bytes give away."""
    found = next((what for magic, what in _MAGIC if data.startswith(magic)), None)
    if found is None and data[257:262] == b"ustar":
        found = "a tar archive"
    return _foreign(found) if found else None


def is_markup(source: Source) -> bool:
    """Whether a text is XML or meant to be; an empty one is told as XML would be."""
    return source.body.lstrip()[:1] in {b"<", b""}


def by_form(source: Source, named: Dialect | None) -> Dialect | Problem | None:
    """The dialect of a text as far as its form tells; None is XML, whose tree tells.

    One that is named is kept, unless XML is named and the text is a definition in lines.
    """
    if named in TEXTS or is_markup(source):
        return named
    found = of_lines(source)
    if named is None or isinstance(found, Problem):
        return named or found
    hint = f"`clochectl convert --from {found} --to linuxcontainer FILE` writes it as XML"
    return _refused("foreign-form", (1, 1), f"this is a definition of {found}, not XML", hint)


def of_lines(source: Source) -> Dialect | Problem:
    """The dialect of a text of lines, or why it is none of ours."""
    lines = [line for line in source.text.splitlines() if line.strip() and line.strip()[0] != "#"]
    if any(_LXC_LINE.match(line) for line in lines):
        return Dialect.LXC_CONF
    if any(_OPENVZ_LINE.match(line) for line in lines):
        return Dialect.OPENVZ_CONF
    if lines and all(_SHELL_LINE.match(line) for line in lines):
        return Dialect.OPENVZ_CONF
    return _foreign("a script" if source.body[:2] == b"#!" else _look(lines[0] if lines else ""))


def _look(line: str) -> str:
    return next((what for shape, what in _LOOKS if re.match(shape, line[:_ENOUGH])), "")


def of_tree(tree: Tree) -> Dialect | Problem:
    """The dialect of an XML document, or why it is none of ours."""
    root = tree.root
    kind = root.attributes.get("type")
    if root.name != "domain":
        name = names.short(root.name.rpartition(" ")[2])
        reason = f"the document is a <{name}>, not a <domain>"
        return _refused("foreign-root", tree.place(root), reason)
    found = of_root(root)
    if found is not None:
        return found
    if kind is None:
        return _untyped(tree)
    return _foreign_type(tree, kind)


def of_root(root: Element) -> Dialect | None:
    """The dialect of a `<domain>`, perhaps of one that is not whole; None where it is not ours."""
    if root.name != "domain":
        return None
    found = _TYPES.get(root.attributes.get("type", ""))
    container = root.first("container")
    if found is Dialect.LIBVIRT_LXC and container is not None:
        found = Dialect.LINUXCONTAINER
    if found is Dialect.LINUXCONTAINER and container is not None and _is_first(container):
        return Dialect.LINUXCONTAINER_V1
    return found


def retype(report: Report, dialect: Dialect) -> None:
    """Take a container of another type, or of none, for one of a dialect; a machine stays one."""
    root = report.tree.root
    kind = root.attributes.get("type")
    family = Dialect.LINUXCONTAINER if dialect is Dialect.LINUXCONTAINER_V1 else dialect
    wanted = next((name for name, each in _TYPES.items() if each is family), kind)
    is_driver = kind == "lxc" and of_root(root) in _FAMILY and dialect in _FAMILY
    if root.name != "domain" or kind == wanted or is_driver or (kind and kind not in _TYPES):
        return
    what = f"type='{kind}'" if kind else "<domain> without a type"
    reason = f"{what} is read as type='{wanted}', because that dialect was named"
    place = report.tree.attribute_place(root, "type")
    report.warning("domain-type", place, reason, f"write type='{wanted}'")
    root.attributes["type"] = wanted or ""


def _is_first(container: Element) -> bool:
    """Whether it is the RFC's first revision: `TARGET = SOURCE` as text, limits inside."""
    if container.first("cpushare") is not None or container.first("memory") is not None:
        return True
    mounts = (mount for each in container.all("filesystem") for mount in each.all("mount"))
    return any(not mount.children and "=" in mount.text for mount in mounts)


def _untyped(tree: Tree) -> Problem:
    root = tree.root
    kind = "lxc" if root.first("os") is not None else "linuxcontainer"
    at = root.start + len("<domain")
    edit = TextEdit(at, at, f" type='{kind}'")
    fix = Fix("add-type", f"write <domain type='{kind}'>", (edit,))
    hint = f"write <domain type='{kind}'>"
    return _refused("domain-type", tree.place(root), "<domain> has no type", hint, fix)


def _foreign_type(tree: Tree, kind: str) -> Problem:
    place = tree.attribute_place(tree.root, "type")
    shown = names.short(kind)
    if what := _MACHINES.get(kind.strip().lower()):
        reason = f"a domain of type '{shown}' is {what}, not a container"
        return _refused("domain-type", place, reason)
    reason = f"a domain of type '{shown}' is not known"
    meant = nearest(kind.strip().lower(), tuple(_TYPES))
    if meant is None:
        return _refused("domain-type", place, reason)
    fix = fixes.write_attribute(tree, tree.root, "type", meant, fix=fixes.DID_YOU_MEAN)
    return _refused("domain-type", place, reason, f"did you mean '{meant}'?", fix)


def _foreign(what: str) -> Problem:
    if what:
        reason = f"the file looks like {what}, and no container is read from that"
    else:
        reason = "the text has neither the form of XML nor that of a configuration read here"
    return _refused("foreign-form", (1, 1), reason)


def _refused(
    code: str, place: tuple[int, int], reason: str, hint: str = READ_HERE, *found: Fix
) -> Problem:
    return Problem(code, Severity.ERROR, *place, reason, hint, found)
