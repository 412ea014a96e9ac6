"""What the OCI runtime specification asks of a container, looked at from inside one.

The checks are those of runtimetest: config.md and config-linux.md of the specification. Read as the
program of a container reads them: one Python tells all as JSON.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.kernel.box import Box, Define, read_until
from tests.kernel.debian_root import PYTHON, USR, debian_root
from tests.kernel.test_isolation import status_of

from cloche_engine.kernel.capabilities import mask
from cloche_engine.sandbox.plan.rights import APPLICATION_CAPABILITIES

pytestmark = pytest.mark.kernel

LOOK = """
import json, os, resource, socket, stat

def mounts():
    for line in open("/proc/self/mountinfo"):
        before, _, after = line.partition(" - ")
        words, rest = before.split(), after.split()
        yield words[4], {"options": words[5].split(","), "tags": words[6:], "type": rest[0]}

def node(path):
    found = os.stat(path)
    return [stat.S_ISCHR(found.st_mode), os.major(found.st_rdev), os.minor(found.st_rdev),
            oct(found.st_mode & 0o777), found.st_uid, found.st_gid]

def writes(path):
    try:
        os.close(os.open(path, os.O_WRONLY))
    except OSError as error:
        return error.strerror
    return "written"

def content(path):
    try:
        if os.path.isdir(path):
            return os.listdir(path)
        return open(path, "rb").read(16).decode(errors="replace")
    except (FileNotFoundError, PermissionError):  # of AppArmor's, where the host has it
        return ""

status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(json.dumps({
    "hostname": socket.gethostname(), "uname": os.uname().nodename,
    "environment": dict(os.environ), "cwd": os.getcwd(),
    "ids": [os.getuid(), os.getgid(), sorted(os.getgroups())],
    "capabilities": {name: status["Cap" + name].strip() for name in
                     ("Inh", "Prm", "Eff", "Bnd", "Amb")},
    "new_privileges": status["NoNewPrivs"].strip(), "seccomp": status["Seccomp"].strip(),
    "limits": {name: resource.getrlimit(getattr(resource, "RLIMIT_" + name.upper()))
               for name in ("nofile", "core", "cpu")},
    "mounts": dict(mounts()),
    "nodes": {name: node("/dev/" + name) for name in
              ("null", "zero", "full", "random", "urandom", "tty", "ptmx", "console")},
    "links": {name: os.readlink("/dev/" + name) for name in
              ("fd", "stdin", "stdout", "stderr", "ptmx")},
    "masked": {path: content(path) for path in MASKED},
    "writes": {path: writes(path) for path in READ_ONLY},
    "oom": open("/proc/self/oom_score_adj").read().strip(),
    "maps": [open("/proc/self/" + name).read().split() for name in ("uid_map", "gid_map")],
    "terminals": [os.isatty(number) for number in range(3)], "umask": os.umask(0o22),
    "root": writes("/etc/passwd"), "made": content("/work"),
}), flush=True)
input()
"""
MASKED = (
    "/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
    "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware",
)  # fmt: skip
READ_ONLY = (
    "/proc/sys/kernel/hostname", "/proc/sysrq-trigger", "/proc/irq/default_smp_affinity",
    "/sys/kernel/mm/transparent_hugepage/enabled",
)  # fmt: skip
INSIDE = """<env name='FOO'>bar</env><dir>/work</dir><user>guest</user>
<network hostname='oci.test'/>"""


@dataclass(frozen=True, slots=True)
class Looked:
    """What the program of a container saw, and its process as the host sees it."""

    seen: dict[str, Any]
    pid: int


async def looked(box: Box) -> Looked:
    """Start it and hear what it saw."""
    container = await box.start()
    with await box.engine.open_console(box.uuid, 24, 80) as console:
        said = await read_until(console, r"\}\r\n")
    return Looked(json.loads(said[said.index("{") :]), container.pid or 0)


@pytest.fixture
async def plain(define: Define, tmp_path: Path) -> Looked:
    """An application as root, on a read-only root."""
    return await looked(await define(**parts(tmp_path / "plain", readonly=True)))


@pytest.fixture
async def told(define: Define, tmp_path: Path) -> Looked:
    """One with all that a definition may say of its program."""
    return await looked(await define(name="told", **parts(tmp_path / "told"), inside=INSIDE))


def parts(folder: Path, *, readonly: bool = False) -> dict[str, Any]:
    """A definition whose program is the look."""
    root = debian_root(folder)
    (root / "work").mkdir()
    script = f"MASKED = {MASKED}\nREAD_ONLY = {READ_ONLY}\n{LOOK}"
    return {"mounts": ((root, "/", readonly), *USR), "program": (PYTHON, "-c", script)}


def attributes(looked: Looked, place: str) -> set[str]:
    """The options of a mount."""
    return set(looked.seen["mounts"][place]["options"])


def test_process_hostname_environment_directory_and_user_are_those_of_the_definition(
    told: Looked,
) -> None:
    seen = told.seen
    assert (seen["hostname"], seen["uname"]) == ("oci.test", "oci.test")
    assert seen["environment"]["FOO"] == "bar"
    assert seen["cwd"] == "/work"
    assert seen["ids"] == [1000, 1000, []]
    assert seen["terminals"] == [True, True, True]
    assert seen["umask"] == 0o22


def test_the_five_capability_sets_no_new_privileges_and_seccomp(
    plain: Looked, told: Looked
) -> None:
    full, none = f"{mask(APPLICATION_CAPABILITIES):016x}", "0" * 16
    assert plain.seen["capabilities"] == {
        "Inh": none, "Prm": full, "Eff": full, "Bnd": full, "Amb": none,
    }  # fmt: skip
    assert told.seen["capabilities"] == {
        "Inh": none, "Prm": none, "Eff": none, "Bnd": full, "Amb": none,
    }  # fmt: skip
    assert (plain.seen["new_privileges"], plain.seen["seccomp"]) == ("1", "2")


def test_rlimits(plain: Looked) -> None:
    soft, hard = plain.seen["limits"]["nofile"]
    assert (soft, hard) == (1024, min(hard, 524288))
    assert hard > soft
    assert plain.seen["limits"]["core"] == [0, 0]


def test_the_root_is_read_only_where_it_is_said_and_only_there(plain: Looked, told: Looked) -> None:
    assert "ro" in attributes(plain, "/")
    assert plain.seen["root"] == "Read-only file system"
    assert "rw" in attributes(told, "/")


def test_default_devices_and_links(plain: Looked) -> None:
    numbers = {name: found[:3] for name, found in plain.seen["nodes"].items()}
    assert numbers == {
        "null": [True, 1, 3], "zero": [True, 1, 5], "full": [True, 1, 7], "random": [True, 1, 8],
        "urandom": [True, 1, 9], "tty": [True, 5, 0], "ptmx": [True, 5, 2],
        "console": [True, 136, 0],
    }  # fmt: skip
    open_to_all = [name for name, found in plain.seen["nodes"].items() if found[3] == "0o666"]
    assert {"null", "zero", "full", "random", "urandom", "tty", "ptmx"} <= set(open_to_all)
    assert plain.seen["links"] == {
        "fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1",
        "stderr": "/proc/self/fd/2", "ptmx": "pts/ptmx",
    }  # fmt: skip


def test_default_filesystems_and_their_options(plain: Looked) -> None:
    wanted = {
        "/proc": ("proc", {"nosuid", "nodev", "noexec"}),
        "/sys": ("sysfs", {"ro", "nosuid", "nodev", "noexec"}),
        "/dev": ("tmpfs", {"nosuid", "noexec"}),
        "/dev/pts": ("devpts", {"nosuid", "noexec"}),
        "/dev/shm": ("tmpfs", {"nosuid", "nodev", "noexec"}),  # noqa: S108
        "/dev/mqueue": ("mqueue", {"nosuid", "nodev", "noexec"}),
    }
    for place, (kind, options) in wanted.items():
        assert plain.seen["mounts"][place]["type"] == kind
        assert options <= attributes(plain, place), place


def test_declared_mounts_and_the_propagation_of_all(plain: Looked) -> None:
    assert {"ro", "nosuid", "nodev"} <= attributes(plain, "/usr")
    order = [place for place in plain.seen["mounts"] if place in {"/", "/usr", "/python"}]
    assert order == ["/", "/usr", "/python"], "that of the definition"
    shared = {place: each["tags"] for place, each in plain.seen["mounts"].items()}
    assert {place: tags for place, tags in shared.items() if "shared:" in " ".join(tags)} == {}


def test_masked_and_read_only_paths(plain: Looked) -> None:
    assert {path: found for path, found in plain.seen["masked"].items() if found} == {}
    refused = {"Read-only file system", "No such file or directory", "Permission denied"}
    assert {path: end for path, end in plain.seen["writes"].items() if end not in refused} == {}
    places = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")
    here = [place for place in places if Path(place).exists()]
    assert [place for place in here if "ro" not in attributes(plain, place)] == []


def test_control_outside_what_is_masked_is_there() -> None:
    assert [path for path in MASKED if _has_content(path)] != []


def _has_content(path: str) -> bool:
    try:
        if Path(path).is_dir():
            return any(Path(path).iterdir())
        with Path(path).open("rb") as file:
            return bool(file.read(1))
    except OSError:
        return False


def test_id_maps_and_the_order_of_dying(plain: Looked) -> None:
    for inside, host, count in plain.seen["maps"]:
        assert (inside, count) == ("0", "65536")
        assert int(host) >= 1_000_000_000
    assert plain.seen["oom"] == "100"
    assert status_of(plain.pid)["Uid"].split()[0] == plain.seen["maps"][0][1]
