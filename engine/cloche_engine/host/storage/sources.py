"""Whether the sources of a plan are there, and what they are."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from cloche_engine.host.storage import images
from cloche_engine.host.storage.mount_points import place_at
from cloche_engine.host.storage.refused import TreeRefusedError
from cloche_engine.host.storage.source_paths import ForeignLinkError, open_source
from cloche_engine.sandbox.plan.launch import LaunchPlan
from cloche_engine.sandbox.plan.mounts import MountPlan, SourceKind
from cloche_engine.sandbox.resolve import open_in_root


def check_sources(plan: LaunchPlan) -> list[bool]:
    """Whether each declared mount is a directory; TreeRefusedError where a source is missing."""
    if plan.root is not None and not _is_directory(plan, plan.root, 0):
        raise TreeRefusedError(
            f"the root {plan.root.source} is not a directory", "name a directory", None
        )
    return [_is_directory(plan, mount, number) for number, mount in enumerate(plan.mounts)]


def _is_directory(plan: LaunchPlan, mount: MountPlan, number: int) -> bool:
    match mount.kind:
        case SourceKind.RAM:
            return True
        case SourceKind.INSIDE:
            return _is_directory_inside(plan, mount, number)
        case SourceKind.IMAGE | SourceKind.BLOCK:
            _source_mode(mount)
            _check_whole(mount)
            return True
        case _:
            return stat.S_ISDIR(_source_mode(mount))


def _is_directory_inside(plan: LaunchPlan, mount: MountPlan, number: int) -> bool:
    """As far as it can be seen from outside; the container itself looks again."""
    place = place_at(plan, mount.source, number)
    if not (place.tree or place.shared):
        return True
    try:
        tree = open_source(place.tree or "/", os.O_PATH | os.O_DIRECTORY)
        try:
            found = open_in_root(tree, place.inside)
        finally:
            os.close(tree)
    except OSError:
        return True
    try:
        return stat.S_ISDIR(os.fstat(found).st_mode)
    finally:
        os.close(found)


def _check_whole(mount: MountPlan) -> None:
    if images.is_whole(mount):
        return
    wanted = "an image file" if mount.kind is SourceKind.IMAGE else "a block device"
    other = "type='block'" if mount.kind is SourceKind.IMAGE else "type='file'"
    raise TreeRefusedError(
        f"the source {mount.source} is not {wanted}",
        f"name one, or write {other} or type='mount'", mount,
    )  # fmt: skip


def _source_mode(mount: MountPlan) -> int:
    try:
        found = open_source(mount.source)
    except FileNotFoundError:
        raise _missing(mount) from None
    except ForeignLinkError as error:
        raise TreeRefusedError(
            f"the source {mount.source} cannot be used: {error.strerror}",
            "name in the definition what the link leads to, or let root own the link", mount,
        ) from error  # fmt: skip
    except OSError as error:
        raise TreeRefusedError(
            f"the source {mount.source} cannot be opened: {error.strerror}",
            "choose a source that root can read", mount,
        ) from error  # fmt: skip
    try:
        return os.fstat(found).st_mode
    finally:
        os.close(found)


def _missing(mount: MountPlan) -> TreeRefusedError:
    if mount.kind is SourceKind.TEMPLATE:
        name = Path(mount.source).parent.name
        hint = "`clochectl template list` shows those that there are"
        return TreeRefusedError(f"there is no template named {name!r}", hint, mount)
    what = "directory" if mount.kind is SourceKind.TREE else "source"
    return TreeRefusedError(
        f"the source {mount.source} does not exist",
        f"make the {what}, or correct the mount in the definition", mount,
    )  # fmt: skip
