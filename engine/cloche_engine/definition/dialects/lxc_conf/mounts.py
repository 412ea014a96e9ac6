"""Root and mounts: `lxc.rootfs.path`, and `lxc.mount.entry` in the form of an fstab line."""

from __future__ import annotations

from dataclasses import replace

from cloche_engine.definition import names
from cloche_engine.definition.checking.targets import check_targets
from cloche_engine.definition.conf.checks import either
from cloche_engine.definition.conf.lines import Entry
from cloche_engine.definition.conf.numbers import bytes_to_kib
from cloche_engine.definition.dialects.lxc_conf.lookup import Lookup
from cloche_engine.definition.dialects.lxc_conf.text import escaped, fields
from cloche_engine.definition.problem import Fix, TextEdit
from cloche_engine.definition.spec import Filesystem, FilesystemKind, Location

ROOT, ENTRY, FSTAB = "lxc.rootfs.path", "lxc.mount.entry", "lxc.mount.fstab"
TYPE_OPTION = "fstype="
"""The option under which the type of a block device's file system is kept."""

USUAL_TYPE = "ext4"
"""What a block device is taken to hold where nothing says so; LXC has to be told."""

BASIC = frozenset(
    """
    /proc /proc/sys /proc/sys/net/ipv4 /proc/sys/net/ipv6 /sys /sys/fs/selinux /sys/kernel/security
    """.split()
)
"""Targets that every container has anyway; libvirt's reader passes over them as well."""

_BACKENDS = {
    "dir": FilesystemKind.MOUNT,
    "btrfs": FilesystemKind.MOUNT,
    "lvm": FilesystemKind.BLOCK,
    "loop": FilesystemKind.FILE,
}
_OTHER_BACKENDS = frozenset({"aufs", "nbd", "overlay", "overlayfs", "rbd", "zfs"})
_PLAIN = frozenset({"", "bind", "create=dir", "defaults", "ro", "rw"})
_Field = tuple[str, int]


def read_filesystems(lookup: Lookup) -> tuple[Filesystem, ...]:
    """The root first, then the mounts in the order of the file."""
    for entry in lookup.all(FSTAB):
        reason = f"the mounts of {names.short(entry.value)} stand in another file, not read here"
        lookup.findings.error("fstab", entry, reason, "write each as lxc.mount.entry")
    found: list[tuple[Entry, Filesystem]] = []
    root = _read_root(lookup)
    top = root[1].source if root and root[1].kind is FilesystemKind.MOUNT else ""
    for entry in lookup.all(ENTRY):
        mount = _read_entry(lookup, entry, names.normal_path(top) if top else "")
        if mount is not None:
            place = Location(*lookup.findings.place(entry))
            found.append((entry, replace(mount, location=place)))
    found = [root, *found] if root else found
    check_targets(lookup.findings, ((entry, mount.target) for entry, mount in found), either)
    return tuple(mount for _, mount in found)


def _read_root(lookup: Lookup) -> tuple[Entry, Filesystem] | None:
    entry = lookup.last(ROOT)
    options = _root_options(lookup)
    if entry is None:
        reason = "no lxc.rootfs.path: LXC would share this host's root, writable"
        hint = "name a directory; without one the host's root is shared read-only here"
        lookup.findings.warning("missing", 0, reason, hint)
        return None
    backend, colon, path = entry.value.partition(":")
    if not colon or backend not in _BACKENDS.keys() | _OTHER_BACKENDS:
        backend, path = "", entry.value
    if backend in _OTHER_BACKENDS:
        reason = f"a root on '{backend}' is not understood here"
        hint = "mount it, and name the directory where it is mounted"
        lookup.findings.error("rootfs", entry, reason, hint)
        lookup.keep(entry)
        return None
    kind = _BACKENDS.get(backend, FilesystemKind.MOUNT)
    if not backend and path.startswith("/dev/"):
        kind = FilesystemKind.BLOCK
    if wrong := names.valid_mount_source(path):
        _bad_path(lookup, entry, path, wrong)
        return None
    extra = tuple(option for option in options if option not in _PLAIN)
    return entry, Filesystem(
        kind,
        path,
        "/",
        "ro" in options,
        options=extra,
        location=Location(*lookup.findings.place(entry)),
    )


def _root_options(lookup: Lookup) -> list[str]:
    entry = lookup.last("lxc.rootfs.options")
    return entry.value.split(",") if entry is not None else []


def _read_entry(lookup: Lookup, entry: Entry, top: str) -> Filesystem | None:
    found = fields(entry.value)
    if len(found) < 4:
        reason = f"a mount has source, target, type and options; here are {len(found)} of them"
        hint = "as /srv/data data none bind,create=dir 0 0"
        lookup.findings.error("mount", entry, reason, hint)
        return None
    source, where, kind, options = found[:4]
    target = _target(lookup, entry, where, top)
    if target is None:
        return None
    words = options[0].split(",")
    if target in BASIC:
        lookup.keep(entry)
        return None
    if kind[0] == "tmpfs":
        return _ram(lookup, entry, target, options)
    return _outside(lookup, entry, (source[0], target, kind[0]), words)


def _target(lookup: Lookup, entry: Entry, where: _Field, top: str) -> str | None:
    """The target as it is seen inside: a relative one begins at the container's root."""
    text, at = where
    path = text if text.startswith("/") else f"/{text}"
    if reason := names.valid_path(path):
        _bad_path(lookup, entry, text, reason, at)
        return None
    path = names.normal_path(path)
    if not text.startswith("/"):
        return path
    if top and path.startswith(f"{top}/"):
        return path.removeprefix(top)
    if path not in BASIC:
        start = entry.at(at)
        plain = escaped(path.lstrip("/")) or "."
        edit = TextEdit(start, start + len(_raw(entry, at).encode()), plain)
        lookup.findings.warning(
            "path",
            start,
            f"LXC overlooks the target {names.short(text)}: it is not below lxc.rootfs.path",
            "write it without the first '/', as it is seen in the container",
            Fix("relative", f"write {names.short(plain)}", (edit,)),
        )
    return path


def _ram(lookup: Lookup, entry: Entry, target: str, options: _Field) -> Filesystem | None:
    words = options[0].split(",")
    size = next((word[5:] for word in words if word.startswith("size=")), None)
    if size is None or bytes_to_kib(size) is None:
        start = entry.at(options[1])
        end = start + len(_raw(entry, options[1]).encode())
        others = [word for word in words if not word.startswith("size=") and word != "defaults"]
        edit = TextEdit(start, end, ",".join(["size=64m", *others]))
        reason = f"a tmpfs on {names.short(target)} has no size, so it may take half of all memory"
        if size is not None:
            reason = f"the size '{names.short(size)}' of a tmpfs is no number of bytes"
        hint = "write size=64m; a share of memory in % is not read here"
        fix = Fix("size", "give it 64 MiB with size=64m", (edit,))
        lookup.findings.error("usage", start, reason, hint, fix)
        return None
    extra = tuple(w for w in words if w not in _PLAIN and not w.startswith("size="))
    return Filesystem(
        FilesystemKind.RAM, "", target, "ro" in words, bytes_to_kib(size), options=extra
    )


def _outside(
    lookup: Lookup, entry: Entry, mount: tuple[str, str, str], words: list[str]
) -> Filesystem | None:
    """A directory, file or device of the host; with `relative`, of the container."""
    source, target, fstype = mount
    extra = tuple(word for word in words if word not in _PLAIN)
    bound = fstype in {"none", "bind"} or "bind" in words or "rbind" in words
    kind = FilesystemKind.MOUNT
    if "relative" in words:
        kind, source = FilesystemKind.BIND, f"/{source.lstrip('/')}"
        extra = tuple(word for word in extra if word != "relative")
    elif source.startswith("/dev/") and not {"bind", "rbind"} & set(words):
        kind = FilesystemKind.BLOCK
        extra = extra if bound or fstype == USUAL_TYPE else (*extra, f"{TYPE_OPTION}{fstype}")
    elif not bound:
        reason = f"a file system of type {names.short(fstype)} is kept, not mounted here"
        lookup.findings.warning("not-supported-yet", entry, reason, "bind a directory instead")
        lookup.keep(entry)
        return None
    if wrong := names.valid_mount_source(source):
        _bad_path(lookup, entry, source, wrong)
        return None
    return Filesystem(kind, source, target, "ro" in words, options=extra)


def _bad_path(lookup: Lookup, entry: Entry, path: str, reason: str, at: int = 0) -> None:
    whole = path.startswith("/") and names.normal_path(path) == "/"
    hint = "give an absolute path" if not path.startswith("/") and not at else ""
    code = "root-source" if whole and not at else "path"
    lookup.findings.error(code, entry.at(at), reason, hint)


def _raw(entry: Entry, at: int) -> str:
    return entry.value[at:].split()[0]
