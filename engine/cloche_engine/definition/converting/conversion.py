"""From a document of one dialect to one of another, with a list of all that is lost on the way."""

from __future__ import annotations

from dataclasses import dataclass, replace
from ipaddress import ip_interface

from cloche_engine.definition.container import mount_options, space
from cloche_engine.definition.converting.loss import Loss, losses
from cloche_engine.definition.dialects import rooms
from cloche_engine.definition.dialects.dialect import Dialect, Reading, Reason
from cloche_engine.definition.domain.kept import read_kept
from cloche_engine.definition.domain.verbatim import Verbatim
from cloche_engine.definition.names import normal_path
from cloche_engine.definition.problem import Problem, Severity
from cloche_engine.definition.reading import read
from cloche_engine.definition.spec import ContainerSpec, FilesystemKind, InterfaceKind, Opaque

SHARING = frozenset({Dialect.LIBVIRT_LXC})
"""Where a definition without any network shares the host's; elsewhere it has loopback alone."""

_NAMING = frozenset({Dialect.LINUXCONTAINER, Dialect.LINUXCONTAINER_V1})
"""Where the program has to be named; elsewhere silence means `/sbin/init`."""

_MODES = {Dialect.LXC_CONF: "private", Dialect.LIBVIRT_LXC: "vepa"}
"""Which mode a macvlan has where none is named."""

_NO_START = frozenset({space.CODE, mount_options.CODE})

_INIT = ("/sbin/init",)
_MOUNT, _TEMPLATE = FilesystemKind.MOUNT, FilesystemKind.TEMPLATE
_OPENVZ = frozenset({Dialect.OPENVZ, Dialect.OPENVZ_CONF})


@dataclass(frozen=True, slots=True)
class Conversion:
    """The document in the target's dialect, what it cannot say, what is wrong with the original.

    text is None where the original has errors; dialect is the one that it was read in. refused is
    what the target finds wrong with the document, as a name that it cannot have, or a limit of
    space or an option of a mount that no start can keep. kept is what stands in the document's
    `<kept>`, without an effect.
    """

    text: bytes | None
    losses: tuple[Loss, ...] = ()
    problems: tuple[Problem, ...] = ()
    dialect: Dialect | None = None
    refused: tuple[Problem, ...] = ()
    kept: tuple[Opaque, ...] = ()

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that kept it from being converted."""
        return tuple(problem for problem in self.problems if problem.is_error)


def convert(
    data: bytes, target: Dialect, source: Dialect | None = None, name: str | None = None
) -> Conversion:
    """Read any bytes and write what they mean in another dialect, under another name if given."""
    return converted(read(data, source), target, name)


def converted(reading: Reading, target: Dialect, name: str | None = None) -> Conversion:
    """Write what was read in another dialect, under another name if given."""
    dialect = reading.dialect
    if reading.spec is None or dialect is None or reading.errors:
        return Conversion(None, (), reading.problems, dialect)
    spec = reading.spec if name is None else replace(reading.spec, name=name)
    spoken, implied = _spoken(spec, dialect, target)
    writer = rooms.writer(target)
    text = writer.write(spoken)
    back = read(text, target)
    if back.spec is None:
        problem = _unwritable(target, back.errors)
        return Conversion(None, (), (*reading.problems, problem), dialect)
    heard = _as_silent(spec, back.spec, target)
    meant = _without_host_links(spec, target)
    found = losses(meant, heard, target, (*implied, *writer.reasons))
    found = (*_shared_network(spec, dialect, target), *found)
    refused = tuple(each for each in back.problems if each.is_error or each.code in _NO_START)
    refused = (*refused, *_fresh_root(back.spec, dialect, target))
    return Conversion(text, found, reading.problems, dialect, refused, _kept(back))


def _fresh_root(spec: ContainerSpec, dialect: Dialect, target: Dialect) -> tuple[Problem, ...]:
    """OpenVZ's template is what the container was made from; its files are in a directory."""
    root = spec.root
    if dialect not in _OPENVZ or target in _OPENVZ or root is None or root.kind is not _TEMPLATE:
        return ()
    line, column = (root.location.line, root.location.column) if root.location else (1, 1)
    reason = f"the root is a fresh copy of template {root.source}, without the container's files"
    hint = "name the directory of its files (VE_PRIVATE) in its place, if they are to stay"
    return (Problem("template-root", Severity.WARNING, line, column, reason, hint),)


def _kept(back: Reading) -> tuple[Opaque, ...]:
    metadata = back.tree.root.first("metadata") if back.tree is not None else None
    if back.tree is None or metadata is None:
        return ()
    return tuple(read_kept(Verbatim(back.tree), metadata))


def _is_silent(spec: ContainerSpec) -> bool:
    return not spec.interfaces and spec.network_isolated is None and not spec.namespaces


def _spoken(
    spec: ContainerSpec, dialect: Dialect, target: Dialect
) -> tuple[ContainerSpec, tuple[Reason, ...]]:
    """Say in words what the target would understand otherwise where nothing is said."""
    reasons = []
    if _is_silent(spec) and dialect not in SHARING and target in SHARING:
        spec = replace(spec, network_isolated=True)
        reasons.append(Reason("network_isolated", f"{dialect} means it where it says nothing"))
    if not spec.program and dialect not in _NAMING and target in _NAMING:
        spec = replace(spec, program=_INIT)
        reasons.append(Reason("program", f"{dialect} starts it where no program is named"))
    spec, chosen = _with_modes(spec, dialect, target)
    reasons += chosen
    if target is Dialect.LIBVIRT_LXC and dialect is not target:
        spec = _with_prefixes(spec)
    if target not in SHARING:
        spec, dropped = _without_host_root(spec, target)
        reasons += dropped
    return spec, tuple(reasons)


def _with_modes(
    spec: ContainerSpec, dialect: Dialect, target: Dialect
) -> tuple[ContainerSpec, list[Reason]]:
    """A macvlan without a mode is another in each dialect, and so is named on the way."""
    mode = _MODES.get(dialect)
    if mode is None or mode == _MODES.get(target):
        return spec, []
    links = tuple(
        replace(each, mode=mode)
        if each.kind is InterfaceKind.MACVLAN and each.mode is None
        else each
        for each in spec.interfaces
    )
    if links == spec.interfaces:
        return spec, []
    return replace(spec, interfaces=links), [
        Reason("interfaces.mode", f"{dialect} means it where it says nothing")
    ]


def _with_prefixes(spec: ContainerSpec) -> ContainerSpec:
    """A bare address is one alone to OpenVZ, and a network by its class to libvirt."""
    links = tuple(
        replace(each, addresses=tuple(str(ip_interface(text)) for text in each.addresses))
        for each in spec.interfaces
    )
    return replace(spec, interfaces=links)


def _without_host_root(spec: ContainerSpec, target: Dialect) -> tuple[ContainerSpec, list[Reason]]:
    """Only libvirt mounts the whole root of the host, and that writable."""
    mounts = [*enumerate(spec.filesystems)]
    whole = [at for at, each in mounts if each.kind is _MOUNT and normal_path(each.source) == "/"]
    left = tuple(each for at, each in mounts if at not in whole)
    why = f"the host's whole root is not mounted in {target}"
    if target in _NAMING:
        why += "; without a mount on / the container sees the host's files, read-only"
    return replace(spec, filesystems=left), [Reason(f"filesystems[{at}]", why) for at in whole]


def _as_silent(spec: ContainerSpec, back: ContainerSpec, target: Dialect) -> ContainerSpec:
    """Take what the target says of isolation as the original does where both mean the same."""
    said = {spec.network_isolated, back.network_isolated}
    agree = target not in SHARING or bool(spec.interfaces and back.interfaces)
    if agree and said == {None, True}:
        return replace(back, network_isolated=spec.network_isolated)
    return back


def _shared_network(spec: ContainerSpec, dialect: Dialect, target: Dialect) -> tuple[Loss, ...]:
    if dialect not in SHARING or target in SHARING or not _is_silent(spec):
        return ()
    why = (
        f"without an interface or <privnet/> {dialect} shares the host's network; "
        f"in {target} the container has loopback alone"
    )
    return (Loss("interfaces", [{"kind": "host"}], why),)


def _without_host_links(spec: ContainerSpec, target: Dialect) -> ContainerSpec:
    """A network shared with the host needs no words where silence means it."""
    alone = all(each.kind is InterfaceKind.HOST for each in spec.interfaces)
    if target in SHARING and alone and not spec.network_isolated and not spec.namespaces:
        return replace(spec, interfaces=())
    return spec


def _unwritable(target: Dialect, errors: tuple[Problem, ...]) -> Problem:
    reason = errors[0].reason if errors else "nothing of it can be read there"
    hint = "change that in the original"
    return Problem("unwritable", Severity.ERROR, 1, 1, f"as {target}: {reason}", hint)
