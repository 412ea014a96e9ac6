"""Namespaces of others: a named network, those of a process, those of another container."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.kernel.box import Box, Define, left_in
from tests.kernel.outside import ip
from tests.own_network import own_network as network_of_its_own

from cloche_engine.api.errors import EngineError
from cloche_engine.api.model import State
from cloche_engine.core.sharing import NAMED

pytestmark = [pytest.mark.kernel, pytest.mark.usefixtures("own_network")]

KINDS = ("net", "ipc", "uts")
LINK = "<interface type='nat'><ip address='10.8.0.5' prefix='24'/></interface>"

EVERY_RIGHT = "<features><capabilities policy='allow'/></features>"
CAPABLE = "grep CapEff /proc/self/status"
OWNERS_WORK = (
    "ip link add mine type bridge",
    "ip addr add 10.99.0.1/32 dev lo",
    "ip link set lo down",
    "hostname taken",
)

SERVERS = "<network><nameserver address='192.0.2.53'/></network>"


def sharing(**kinds: str) -> str:
    """`<lxc:namespace>`: each kind with `HOW VALUE`."""
    inside = "".join(
        f"<l:share{kind} type='{said.split()[0]}' value='{said.split()[1]}'/>"
        for kind, said in kinds.items()
    )
    uri = "http://libvirt.org/schemas/domain/lxc/1.0"
    return f"<l:namespace xmlns:l='{uri}'>{inside}</l:namespace>"


@pytest.fixture
def red() -> Iterator[str]:
    """A named network namespace as ip-netns(8) makes one, with a bridge in it."""
    file = Path(NAMED, f"cloche-test-{os.getpid()}")
    made = not file.parent.exists()
    file.parent.mkdir(exist_ok=True)
    file.touch()
    with network_of_its_own():
        ip("link", "add", "red0", "type", "bridge")
        ip("addr", "add", "10.9.0.1/32", "dev", "red0")
        subprocess.run(["mount", "--bind", "/proc/self/ns/net", str(file)], check=True)
    try:
        yield file.name
    finally:
        subprocess.run(["umount", str(file)], check=True)
        file.unlink()
        if made:
            with contextlib.suppress(OSError):
                file.parent.rmdir()


@pytest.fixture
def stranger() -> Iterator[int]:
    """A process of this system's, in namespaces of its own."""
    words = ["unshare", "--net", "--ipc", "--uts", "sh", "-c", "echo; exec sleep 600"]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process.pid
        process.kill()


async def init_of(box: Box) -> int:
    pid = (await box.now()).pid
    assert pid is not None
    return pid


def namespace(pid: int, kind: str) -> str:
    return str(Path(f"/proc/{pid}/ns/{kind}").readlink())


async def test_it_is_in_a_named_network_and_has_no_rights_there(
    define: Define, root: Path, red: str
) -> None:
    ip("link", "add", "mine", "type", "bridge")
    box = await define(root=root, around=sharing(net=f"netns {red}"))
    container = await box.start()
    assert not container.shares_host_network
    links = await box.run("ip -o addr")
    assert "10.9.0.1" in links
    assert "mine" not in links
    shown = (await box.run("ls /sys/class/net")).split()
    assert "red0" in shown
    assert "mine" not in shown
    assert (await box.status("ip link set red0 up"))[0] != 0
    assert (await box.status("echo x > /sys/class/net/red0/ifalias"))[0] != 0
    assert "ro," in await box.run("grep ' /sys ' /proc/self/mounts")
    assert await box.run("ls /sys/fs/cgroup /sys/firmware") == "/sys/firmware:\n\n/sys/fs/cgroup:\n"
    host = os.getpid()
    init = await init_of(box)
    assert namespace(init, "user") != namespace(host, "user")
    assert namespace(init, "ipc") != namespace(host, "ipc")


async def test_it_is_in_the_namespaces_of_a_process(
    define: Define, root: Path, stranger: int
) -> None:
    said = dict.fromkeys(KINDS, f"pid {stranger}")
    box = await define(root=root, around=sharing(**said))
    await box.start()
    for kind in KINDS:
        theirs = namespace(stranger, kind)
        assert namespace(await init_of(box), kind) == theirs
        assert (await box.run(f"readlink /proc/self/ns/{kind}")).strip() == theirs
    assert namespace(await init_of(box), "pid") != namespace(stranger, "pid")
    assert (await box.status("hostname other"))[0] != 0
    assert (await box.status("touch /dev/mqueue/q && rm /dev/mqueue/q"))[0] == 0


async def test_it_is_in_the_namespaces_of_another_container_also_after_its_end(
    define: Define, root: Path
) -> None:
    web = await define(name="web", root=root, inside=LINK + SERVERS)
    said = dict.fromkeys(KINDS, "name web")
    box = await define(name="box", root=root, around=sharing(**said))
    alone = await define(name="alone", root=root)
    await web.start()
    await box.start()
    await alone.start()
    for kind in KINDS:
        theirs = namespace(await init_of(web), kind)
        assert namespace(await init_of(box), kind) == theirs
        assert namespace(await init_of(alone), kind) != theirs
    assert namespace(await init_of(web), "user") != namespace(await init_of(box), "user")
    assert "10.8.0.5" in await box.run("ip -o addr")
    assert "10.8.0.5" not in await alone.run("ip -o addr")
    assert (await box.run("hostname; cat /etc/hostname")).split() == ["web", "web"]
    assert await box.run("cat /etc/resolv.conf") == "nameserver 192.0.2.53\n"
    await web.engine.kill(web.uuid)
    await web.ended()
    assert (await box.now()).state is State.RUNNING
    assert "127.0.0.1" in await box.run("ip -o addr")


async def test_its_root_owns_nothing_in_the_namespaces_of_another_container(
    define: Define, root: Path
) -> None:
    """And the control: with the same rights it does all this to namespaces that are its own."""
    web = await define(name="web", root=root)
    said = dict.fromkeys(KINDS, "name web")
    box = await define(name="box", root=root, around=sharing(**said) + EVERY_RIGHT)
    alone = await define(name="alone", root=root, around=EVERY_RIGHT)
    await web.start()
    await box.start()
    await alone.start()
    assert (await box.run(CAPABLE)) == (await alone.run(CAPABLE))
    for attack in OWNERS_WORK:
        assert (await box.status(attack))[0] != 0, attack
        assert await alone.status(attack) == (0, ""), attack
    assert (await web.run("hostname")).strip() == "web"
    assert (await alone.run("hostname")).strip() == "taken"
    assert "UP" in await web.run("ip -o link show lo")
    assert "UP" not in await alone.run("ip -o link show lo")


async def test_its_root_owns_nothing_in_the_namespaces_of_this_system(
    define: Define, root: Path, red: str, stranger: int
) -> None:
    """With every right of its own, and the same words where they succeed."""
    said = {"net": f"netns {red}", "ipc": f"pid {stranger}", "uts": f"pid {stranger}"}
    box = await define(name="box", root=root, around=sharing(**said) + EVERY_RIGHT)
    alone = await define(name="alone", root=root, around=EVERY_RIGHT)
    await box.start()
    await alone.start()
    assert "red0" in await box.run("ip -o link")
    for attack in OWNERS_WORK:
        assert (await box.status(attack))[0] != 0, attack
        assert await alone.status(attack) == (0, ""), attack


async def test_who_is_not_there_shares_nothing_and_nothing_is_left(
    define: Define, root: Path, tmp_path: Path
) -> None:
    missing = {
        "netns cloche-nowhere": "there is no network namespace cloche-nowhere",
        "pid 4194304": "there is no process 4194304",
        "name nowhere": "of nowhere cannot be shared: there is no such container",
        "name web": "of web cannot be shared: it does not run",
    }
    web = await define(name="web", root=root)
    boxes = [
        (await define(name=f"box{at}", root=root, around=sharing(net=said)), why)
        for at, (said, why) in enumerate(missing.items())
    ]
    for box, why in boxes:
        with pytest.raises(EngineError, match=why):
            await box.start()
    assert left_in(tmp_path / "state/run") == []
    await web.start()
    assert (await boxes[-1][0].start()).state is State.RUNNING
