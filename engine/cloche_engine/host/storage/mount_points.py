"""Mount points: what lies under a target, and the missing ones in users' trees."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import itertools
import json
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cloche_engine.host.storage.refused import TreeRefusedError
from cloche_engine.host.storage.source_paths import ForeignLinkError, open_source
from cloche_engine.kernel import files
from cloche_engine.sandbox.plan.launch import LaunchPlan
from cloche_engine.sandbox.plan.mounts import MountPlan, SourceKind
from cloche_engine.sandbox.resolve import Made, make, missing_below, open_in_root, remove

PRIVATE_TOP = (
    ("root", 0o700), ("home", 0o755), ("tmp", 0o1777), ("run", 0o755), ("dev", 0o755),
    ("proc", 0o555), ("sys", 0o555),
)  # fmt: skip
PRIVATE_NAMES = frozenset(name for name, _ in PRIVATE_TOP)
_BASIC = ("/proc", "/sys", "/dev")
_PROVIDED = ("/etc/hostname", "/etc/hosts", "/etc/resolv.conf")
_MADE, _USERS = "made", "users"


@dataclass(frozen=True, slots=True)
class Place:
    """What lies under a target before it is mounted: a tree of the host, or the container's own.

    shared means the root that the container shares with the host, part of which is its own.
    """

    tree: str
    inside: str
    shared: bool = False


def place_of(plan: LaunchPlan, number: int) -> Place:
    """What the target of mount `number` lies on, as the mounts before it stand."""
    return place_at(plan, plan.mounts[number].target, number)


def place_at(plan: LaunchPlan, path: str, before: int) -> Place:
    """What a path of the container lies on once the first `before` mounts are made."""
    for number in reversed(range(before)):
        earlier = plan.mounts[number]
        if path.startswith(earlier.target.rstrip("/") + "/"):
            return _on(plan, earlier, path[len(earlier.target) :], number)
    if path.startswith("/dev/"):
        return Place("", path)
    if plan.root is None:
        return Place("", path, shared=True)
    return _on(plan, plan.root, path, 0)


def _on(plan: LaunchPlan, mount: MountPlan, inside: str, number: int) -> Place:
    if mount.kind is SourceKind.INSIDE:
        return place_at(plan, mount.source + inside, number)
    return Place(mount.source if mount.kind is SourceKind.TREE else "", inside)


def creatable(plan: LaunchPlan, directories: list[bool]) -> list[bool]:
    """Per mount, whether its target may be made on a filesystem of the container's own.

    TreeRefusedError where a target below the host's shared directories does not exist.
    """
    return [
        _is_creatable(mount, place_of(plan, number), directories[number])
        for number, mount in enumerate(plan.mounts)
    ]


def _is_creatable(mount: MountPlan, place: Place, is_directory: bool) -> bool:
    if place.tree:
        return False
    parts = place.inside.strip("/").split("/")
    own = parts[0] in PRIVATE_NAMES or place.inside.startswith("/var/tmp/")  # noqa: S108
    if own or not place.shared:
        return True
    exists = Path(place.inside).is_dir() if is_directory else Path(place.inside).is_file()
    if len(parts) > 1 and not exists:
        raise TreeRefusedError(
            f"the target {mount.target} does not exist on this system, "
            "and a container that shares the system's root cannot add to it",
            f"mount on a new top-level directory such as /{parts[-1]}, "
            "or give the container a root of its own with a mount on /",
            mount,
        )
    return not exists


_Wanted = tuple[Place, bool, MountPlan | None]
"""A mount point, whether it is to be a directory, and the mount that wants it if one does."""
Missing = dict[tuple[str, Made], tuple[Place, MountPlan | None]]
"""Tree and mount point, with the place that it is on the way to and the mount that wants it."""


class MountPoints:
    """Mount points that are missing in users' trees: made for the run, removed at its end.

    What is made is written to `made/UUID` beside the runtime directories first, so that it can
    be removed after a crash. A mount point that another running container needs too stays: who
    needs one is noted in `made/users`, by device and inode, so that nobody has to read it all.
    """

    def __init__(self, runtime: Path) -> None:
        self._runtimes = runtime.parent
        self._uuid = runtime.name
        self._made = runtime.parent / _MADE / runtime.name
        self._users = runtime.parent / _MADE / _USERS

    def prepare(self, plan: LaunchPlan, directories: list[bool]) -> None:
        """Make what is missing; TreeRefusedError where it cannot be made."""
        wanted = list(_wanted(plan, directories))
        if not wanted:
            return
        with self._locked():
            missing = _missing_of(wanted)
            # Once each: two places may be below the same one.
            needed = dict.fromkeys((*missing, *self._made_for_others(wanted)))
            self._record(needed)
            for (_, each), (place, mount) in missing.items():
                _make(each, place, mount)
            for tree, each in needed:
                self._use(tree, each)

    def missing(self, plan: LaunchPlan, directories: list[bool]) -> Missing:
        """What has to be made, outermost first; TreeRefusedError where it cannot be."""
        return _missing_of(_wanted(plan, directories))

    def _made_for_others(self, wanted: Iterable[_Wanted]) -> Iterator[tuple[str, Made]]:
        """What lies on the way to these places only because another container has it."""
        if not self._users.exists():
            return
        for place, *_ in wanted:
            parts = place.inside.strip("/").split("/")
            for depth in range(1, len(parts) + 1):
                path = "/".join(parts[:depth])
                with contextlib.suppress(OSError), _opened(place.tree) as tree:
                    key, is_directory = _identity(tree, path)
                    if (self._users / key).exists():
                        yield place.tree, Made(path, is_directory)

    def _use(self, tree_path: str, made: Made) -> None:
        """Note that we need it."""
        with contextlib.suppress(OSError), _opened(tree_path) as tree:
            users = self._users / _identity(tree, made.path)[0]
            users.mkdir(mode=0o700, parents=True, exist_ok=True)
            files.write(str(users / self._uuid), "")

    def _is_last_user(self, tree: int, made: Made) -> bool:
        """Note that we need it no more; whether nobody else does."""
        users = self._users / _identity(tree, made.path)[0]
        (users / self._uuid).unlink(missing_ok=True)
        try:
            users.rmdir()
        except FileNotFoundError:
            return True  # made just before a crash
        except OSError:
            return False
        return True

    def clean(self) -> None:
        """Remove what was made and nobody else needs."""
        if not self._made.exists():
            return
        with self._locked():
            for tree_path, made, identity in reversed(_read(self._made)):
                with (
                    contextlib.suppress(FileNotFoundError, NotADirectoryError, ForeignLinkError),
                    _opened(tree_path) as tree,
                ):
                    if identity not in {"", _name_for(os.fstat(tree))}:
                        continue  # whoever owns the folder above has put another one there
                    if self._is_last_user(tree, made):
                        remove(tree, made)
            self._made.unlink()
            self._forget_lost()

    def _forget_lost(self) -> None:
        """Notes about what somebody else removed, and the folders if nobody uses them."""
        with contextlib.suppress(OSError):
            for note in self._users.glob(f"*/{self._uuid}"):
                note.unlink()
                with contextlib.suppress(OSError):
                    note.parent.rmdir()
        for folder in (self._users, self._made.parent):
            with contextlib.suppress(OSError):  # never made, or others use it
                folder.rmdir()

    def _record(self, made: Iterable[tuple[str, Made]]) -> None:
        # A new file: one that is truncated is flushed to the disk when it is closed.
        made = list(made)
        names = {tree: _name_of(tree) for tree, _ in made}
        rows = [
            json.dumps([tree, each.path, each.is_directory, names[tree]]) + "\n"
            for tree, each in made
        ]
        if rows:
            self._made.parent.mkdir(mode=0o700, exist_ok=True)
            if not self._made.exists():
                files.write_new(str(self._made), "".join(rows))
                return
            # What a running container gets comes to what is there, which no crash may lose.
            present = self._made.read_text().splitlines(keepends=True)
            new = self._made.with_suffix(".new")
            new.write_text("".join(dict.fromkeys([*present, *rows])))
            new.rename(self._made)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        path = self._runtimes / "trees.lock"
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)


def _missing_of(wanted: Iterable[_Wanted]) -> Missing:
    """Those in one tree after another with one look at the tree: most are in the root."""
    return {
        (path, made): (place, mount)
        for path, group in itertools.groupby(wanted, lambda each: each[0].tree)
        for place, mount, made in _missing_in(path, group)
    }


def _missing_in(
    path: str, wanted: Iterable[_Wanted]
) -> Iterator[tuple[Place, MountPlan | None, Made]]:
    with contextlib.ExitStack() as stack:
        tree = -1
        for place, is_directory, mount in wanted:
            try:
                if tree < 0:
                    tree = stack.enter_context(_opened(path))
                found = missing_below(tree, place.inside, directory=is_directory)
            except OSError as error:
                if mount is None and place.inside in _PROVIDED:
                    continue
                raise _cannot_make(place, mount, error) from error
            yield from ((place, mount, made) for made in found)


def _make(made: Made, place: Place, mount: MountPlan | None) -> None:
    try:
        with _opened(place.tree) as tree:
            make(tree, made)
    except OSError as error:
        if mount is not None or place.inside not in _PROVIDED:
            raise _cannot_make(place, mount, error) from error


@contextlib.contextmanager
def _opened(tree: str) -> Iterator[int]:
    descriptor = open_source(tree, os.O_PATH | os.O_DIRECTORY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _wanted(plan: LaunchPlan, directories: list[bool]) -> Iterator[_Wanted]:
    if plan.root is not None and plan.root.kind is SourceKind.TREE:
        for path in _BASIC:
            yield Place(plan.root.source, path), True, None
    for number, mount in enumerate(plan.mounts):
        place = place_of(plan, number)
        if place.tree:
            yield place, directories[number], mount
    for path in _PROVIDED:
        place = _place_of_path(plan, path)
        if place.tree:
            yield place, False, None


def _place_of_path(plan: LaunchPlan, path: str) -> Place:
    if any(mount.target == path for mount in plan.mounts):
        return Place("", path)
    return place_at(plan, path, len(plan.mounts))


def _identity(tree: int, path: str) -> tuple[str, bool]:
    """A name for what lies there, which it keeps, and whether it is a directory."""
    descriptor = open_in_root(tree, path)
    try:
        found = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    return _name_for(found), stat.S_ISDIR(found.st_mode)


def _name_of(tree: str) -> str:
    with _opened(tree) as descriptor:
        return _name_for(os.fstat(descriptor))


def _name_for(found: os.stat_result) -> str:
    return f"{found.st_dev:x}-{found.st_ino:x}"


def _cannot_make(place: Place, mount: MountPlan | None, error: OSError) -> TreeRefusedError:
    where = Path(place.tree) / place.inside.lstrip("/")
    if error.errno in {errno.ENOTDIR, errno.EISDIR}:
        kind = "a file" if error.errno == errno.ENOTDIR else "a directory"
        return TreeRefusedError(
            f"{where} is {kind}, so nothing of the other kind can be mounted there",
            "choose another target, or move it out of the way", mount,
        )  # fmt: skip
    full = error.errno in {errno.ENOSPC, errno.EDQUOT}
    remedy = f"free some space on the filesystem of {place.tree}"
    return TreeRefusedError(
        f"the mount point {where} is missing and cannot be made: {error.strerror}",
        remedy if full else f"make it once by hand: mkdir -p {where}", mount,
    )  # fmt: skip


def _read(file: Path) -> list[tuple[str, Made, str]]:
    """Tree, mount point, and which folder the tree was; empty where an older engine wrote it."""
    try:
        lines = file.read_text().splitlines()
    except OSError:
        return []
    rows = (json.loads(line) for line in lines if line.endswith("]"))
    return [
        (tree, Made(path, is_directory), next(iter(identity), ""))
        for tree, path, is_directory, *identity in rows
    ]
