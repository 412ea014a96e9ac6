"""The filesystems in the plan of a start, and those that are refused."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from tests.unit.engine.planned import UUID, mount, plan_of

from cloche_engine.api.errors import UnsupportedError
from cloche_engine.definition.spec import Filesystem, FilesystemKind, Location


def test_a_system_has_an_empty_run_and_an_application_what_its_root_has() -> None:
    targets = [each.target for each in plan_of(filesystems=(mount("/"),), system=True).mounts]
    assert targets == ["/run"]
    given = plan_of(filesystems=(mount("/"), mount("/run")), system=True)
    assert [each.source for each in given.mounts] == ["/given"]
    assert plan_of(filesystems=(mount("/"),)).mounts == ()


@pytest.mark.parametrize("target", ["/proc", "/proc/self", "/sys", "/sys/fs/cgroup"])
def test_nothing_is_mounted_over_the_kernels_own_files(target: str) -> None:
    with pytest.raises(UnsupportedError) as refused:
        plan_of(filesystems=(mount(target),))
    assert refused.value.details == {"line": "4", "column": "7"}


def test_a_template_is_the_engines_own_and_what_is_written_to_it_the_containers() -> None:
    one, other = (Filesystem(FilesystemKind.TEMPLATE, name, "/") for name in ("debian", "alpine"))
    plan = plan_of(filesystems=(one,))
    assert plan.root is not None
    assert plan.root.source == "/state/templates/debian/root"
    assert plan.root.upper.startswith(f"/state/copies/{UUID}/")
    another = plan_of(filesystems=(other,))
    assert another.root is not None
    assert another.root.upper != plan.root.upper


@pytest.mark.parametrize("name", ["..", ".new", "a/../b", ""])
def test_a_template_is_never_a_path(name: str) -> None:
    with pytest.raises(UnsupportedError, match="no name of a template"):
        plan_of(filesystems=(Filesystem(FilesystemKind.TEMPLATE, name, "/"),))


@pytest.mark.parametrize("kind", [FilesystemKind.RAM, FilesystemKind.BIND])
def test_what_is_empty_at_the_start_is_no_root(kind: FilesystemKind) -> None:
    with pytest.raises(UnsupportedError, match="cannot be the root"):
        plan_of(filesystems=(Filesystem(kind, "/a", "/", size_kib=1024),))


def test_a_filesystem_in_memory_may_have_the_mode_that_it_has_anyway() -> None:
    options = ("mode=0755", "nosuid")
    memory = Filesystem(FilesystemKind.RAM, "", "/run", size_kib=8192, options=options)
    (planned,) = plan_of(filesystems=(mount("/"), memory)).mounts
    assert planned.target == "/run"
    with pytest.raises(UnsupportedError, match="unknown option 'mode=1777'"):
        plan_of(filesystems=(dataclasses.replace(memory, options=("mode=1777",)),))
    with pytest.raises(UnsupportedError, match="unknown option 'mode=0755'"):
        plan_of(filesystems=(Filesystem(FilesystemKind.MOUNT, "/a", "/b", options=options),))


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("dev",), "'dev'"),
        (("suid",), "'suid'"),
        (("sync",), "unknown option 'sync'"),
        (("exec,noexec",), "contradict"),
    ],
)
def test_options_that_a_mount_cannot_have_are_refused_by_name(
    options: tuple[str, ...], reason: str
) -> None:
    mounted = Filesystem(FilesystemKind.MOUNT, "/a", "/b", options=options, location=Location(4, 7))
    with pytest.raises(UnsupportedError, match=reason) as refused:
        plan_of(filesystems=(mounted,))
    assert refused.value.hint
    assert refused.value.details == {"line": "4", "column": "7"}


@pytest.mark.parametrize(
    ("kind", "limits", "reason", "hint"),
    [
        (FilesystemKind.MOUNT, {"size_kib": 1024}, "not of a folder", "truncate -s 1024K FILE"),
        (FilesystemKind.TEMPLATE, {"soft_kib": 1024}, "not of a folder", "type='file'"),
        (FilesystemKind.FILE, {"size_kib": 1024}, "has its own size", "remove its limits"),
        (FilesystemKind.RAM, {"size_kib": 64, "soft_kib": 32}, "no soft", "<space_soft_limit>"),
    ],
)
def test_a_limit_of_space_is_refused_with_what_to_do_instead(
    kind: FilesystemKind, limits: dict[str, Any], reason: str, hint: str
) -> None:
    with pytest.raises(UnsupportedError, match=reason) as refused:
        plan_of(filesystems=(Filesystem(kind, "/a", "/b", **limits),))
    assert hint in refused.value.hint
