"""Further programs: who they are, what they are counted to, and what cannot be got at them."""

from __future__ import annotations

import ctypes
import os
import socket
import struct
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.kernel.box import GREEDY, Box, Define, ending, read_until, receive

from cloche_engine.api.console import Ended, Size, decode, encode_signal, encode_size
from cloche_engine.api.errors import EngineError
from cloche_engine.api.model import ExecRequest
from cloche_engine.core.engine import LocalEngine

pytestmark = pytest.mark.kernel

MARK = "CLOCHE_TEST_MARK"
OUT_OF_MEMORY = (
    "sh did not start: its program needs more memory than the 1 MiB that the definition gives it"
)


async def packets(link: socket.socket) -> AsyncIterator[bytes]:
    """All that a session says."""
    while packet := await receive(link):
        yield packet


async def with_pipes(box: Box, request: ExecRequest) -> tuple[int, str]:
    """Status and output of a program."""
    stdin, typed = os.pipe()
    out, stdout = os.pipe()
    os.close(typed)
    streams = (stdin, stdout, stdout)
    link = await box.engine.exec(
        box.uuid,
        ExecRequest(request.argv, request.environment, request.directory, request.user,
                    stdio=streams),
    )  # fmt: skip
    os.close(stdin)
    os.close(stdout)
    with link, os.fdopen(out, "rb") as reader:
        status = await ending(link)
        return status, reader.read().decode()


@pytest.mark.parametrize(
    ("user", "said"),
    [
        ("", "0 0 /root"),
        ("alice", "1000 100 /home/alice"),
        ("alice:7", "1000 7 /home/alice"),
        ("1000", "1000 100 /home/alice"),
        ("4242:4343", "4242 4343 /"),
    ],
)
async def test_it_is_whoever_was_asked_for_where_and_with_what(
    box: Box, root: Path, user: str, said: str
) -> None:
    (root / "etc").mkdir(exist_ok=True)
    (root / "etc/passwd").write_text("alice:x:1000:100::/home/alice:/bin/sh\n")
    line = "echo $(id -u) $(id -g) $HOME; pwd; echo $GIVEN"
    request = ExecRequest(("sh", "-c", line), (("GIVEN", "a b"),), "/bin", user)
    assert await with_pipes(box, request) == (0, f"{said}\n/bin\na b\n")


async def test_it_runs_where_the_helper_was_made_nice(box: Box) -> None:
    init = (await box.engine.container(box.uuid)).pid
    assert init is not None
    monitor = int(Path(f"/proc/{init}/stat").read_text().rpartition(")")[2].split()[1])
    os.setpriority(os.PRIO_PROCESS, monitor, 7)
    line = "set -- $(busybox cat /proc/self/stat); echo ${19}"  # proc(5): its niceness
    assert await with_pipes(box, ExecRequest(("sh", "-c", line))) == (0, "7\n")


async def test_a_directory_is_called_one_whatever_root_it_is_in(define: Define, root: Path) -> None:
    for name, tree, folder in (("own", root, "/bin"), ("shared", None, "/tmp")):  # noqa: S108
        box = await define(name=name, root=tree)
        await box.start()
        with pytest.raises(EngineError, match=f"{folder} did not start: it is a directory"):
            await with_pipes(box, ExecRequest((folder,)))
        assert await with_pipes(box, ExecRequest(("/bin/echo", name))) == (0, f"{name}\n")


async def test_where_processes_run_out_the_limit_and_its_element_are_named(
    define: Define, root: Path
) -> None:
    box = await define(root=root, around="<processes>1</processes>")
    await box.start()
    with pytest.raises(EngineError, match="its <processes> allows it 1 ") as refused:
        await with_pipes(box, ExecRequest(("id",)))
    assert "raise <processes>" in refused.value.hint


async def test_a_limit_of_processes_that_was_changed_is_named_when_it_is_reached(
    define: Define, root: Path
) -> None:
    box = await define(root=root, around="<processes>30</processes>")
    await box.start()
    stored = await box.engine.definition(box.uuid)
    text = stored.text.replace(b"<processes>30<", b"<processes>1<")
    await box.engine.define(text, stored.etag)
    with pytest.raises(EngineError, match="its <processes> allows it 1 "):
        await with_pipes(box, ExecRequest(("id",)))


async def test_it_is_in_the_group_of_its_container_and_counted(box: Box) -> None:
    before = (await box.engine.stats(box.uuid)).processes
    link = await box.engine.exec(box.uuid, ExecRequest(("sleep", "600"), terminal=True))
    with link:
        assert (await box.engine.stats(box.uuid)).processes == before + 1
        link.send(encode_signal(9))
        assert await ending(link) == 137
    assert (await box.engine.stats(box.uuid)).processes == before


async def test_one_that_the_memory_limit_kills_ends_with_that_reason(
    define: Define, root: Path
) -> None:
    box = await define(root=root, around="<memory>16384</memory>")
    await box.start()
    ends = []
    for argv in (("sh", "-c", "kill -9 $$"), GREEDY):
        link = await box.engine.exec(box.uuid, ExecRequest(argv, terminal=True))
        with link:
            frames = [decode(packet) async for packet in packets(link)]
            ends.append(frames[-1])
    assert ends == [Ended(137), Ended(137, out_of_memory=True)]


async def test_its_terminal_follows_the_size_of_the_viewer(box: Box) -> None:
    request = ExecRequest(("sh",), terminal=True, rows=30, columns=90)
    with await box.engine.exec(box.uuid, request) as link:
        link.send(b"Istty size\n")
        await read_until(link, "30 90")
        link.send(encode_size(Size(31, 97)))
        link.send(b"Istty size\n")
        await read_until(link, "31 97")
        link.send(b"Iexit\n")


SPY = f"""
import os, sys
mine, seen, looks = os.getpid(), set(), 0
print("ready", flush=True)
while True:
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) == mine:
            continue
        for part in ("environ", "exe", "cwd", "root", "fd", "mem", "maps"):
            path = f"/proc/{{name}}/{{part}}"
            try:
                if part == "environ":
                    with open(path, "rb") as file:
                        text = file.read()
                    found = "leak" if b"{MARK}=outside" in text else (
                        "seen" if b"{MARK}=inside" in text else "")
                elif part in ("exe", "cwd", "root"):
                    target = os.readlink(path)
                    found = "leak" if part == "exe" and "python" in target else ""
                elif part == "fd":
                    links = [os.readlink(path + "/" + each) for each in os.listdir(path)]
                    found = "leak" if any("socket" in each for each in links) else ""
                else:
                    with open(path, "rb") as file:
                        found = "leak" if b"python" in file.read(4096) else ""
            except OSError:
                continue
            if found and (found, part) not in seen:
                seen.add((found, part))
                print(found, part, name, flush=True)
"""


async def test_the_process_that_enters_cannot_be_looked_into(
    engine: LocalEngine, define: Define, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same look does see what the program itself has, once it is the program."""
    monkeypatch.setenv(MARK, "outside")
    python = Path(sys.executable).resolve()
    box = await define(
        mounts=((python.parent.parent, "/python", True),),
        program=(f"/python/bin/{python.name}", "-c", SPY),
    )
    await box.start()
    with await engine.open_console(box.uuid, 24, 80) as console:
        await read_until(console, "ready")
        for _ in range(60):
            status, _ = await with_pipes(box, ExecRequest(("true",), ((MARK, "inside"),)))
            assert status == 0
        link = await engine.exec(
            box.uuid, ExecRequest(("sleep", "600"), ((MARK, "inside"),), terminal=True)
        )
        with link:
            said = await read_until(console, "seen environ")
            link.send(encode_signal(9))
            await ending(link)
    assert "leak" not in said
    assert b"leak" not in await engine.logs(box.uuid)


TRAPS = (
    "usr/lib/python3.11/encodings/__init__.py", "usr/lib/python3.11/encodings/idna.py",
    "usr/lib/python3.11/sitecustomize.py", "usr/lib/python3/dist-packages/sitecustomize.py",
    "lib/x86_64-linux-gnu/libnss_files.so.2", "lib/x86_64-linux-gnu/libnss_compat.so.2",
    "lib/x86_64-linux-gnu/libc.so.6", "usr/lib/x86_64-linux-gnu/gconv/gconv-modules",
    "etc/nsswitch.conf", "etc/ld.so.preload", "etc/ld.so.cache", "etc/localtime",
    "usr/lib/locale/locale-archive",
)  # fmt: skip


@pytest.fixture
def traps(root: Path) -> Iterator[Traps]:
    """Files in the root that no process of ours may ever open."""
    watch = Traps(root)
    yield watch
    watch.close()


class Traps:
    """Tells which of the files were opened, by whomever (inotify(7))."""

    def __init__(self, root: Path) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._fd = self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        self._names: dict[int, str] = {}
        for name in TRAPS:
            file = root / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(b"raise SystemExit('trapped')\n")
            watch = self._libc.inotify_add_watch(self._fd, bytes(file), 0x20)  # IN_OPEN
            assert watch > 0
            self._names[watch] = name

    def opened(self) -> set[str]:
        """Those that were opened since the last look."""
        try:
            events = os.read(self._fd, 1 << 16)
        except BlockingIOError:
            return set()
        size = struct.calcsize("iIII")
        return {
            self._names[struct.unpack_from("i", events, at)[0]]
            for at in range(0, len(events), size)
        }

    def close(self) -> None:
        os.close(self._fd)


async def test_nothing_of_a_hostile_root_is_loaded_by_who_enters_it(
    box: Box, root: Path, traps: Traps
) -> None:
    (root / "etc/passwd").write_text("alice:x:1000:100::/:/bin/sh\n")
    for user in ("", "alice", "alice:100", "nobody-knows"):
        for terminal in (True, False):
            request = ExecRequest(("/bin/sh", "-c", "exit 3"), user=user, terminal=terminal)
            if user == "nobody-knows":
                with pytest.raises(Exception, match="no such user"):
                    await with_pipes(box, request)
            elif terminal:
                with await box.engine.exec(box.uuid, request) as link:
                    assert await ending(link) == 3
            else:
                assert (await with_pipes(box, request))[0] == 3
    await box.engine.stats(box.uuid)
    await box.engine.logs(box.uuid)
    await box.engine.stop(box.uuid)
    await box.start()
    await box.engine.explain(box.uuid)
    assert traps.opened() == set()
    # The control: whoever enters first and looks for a user then, as setpriv and others do.
    (root / "etc/nsswitch.conf").write_text("passwd: files compat\n")
    late = "import os, sys; os.chroot(sys.argv[1]); os.chdir('/'); import pwd; pwd.getpwall()"
    subprocess.run([sys.executable, "-I", "-S", "-c", late, root], check=True)
    assert "etc/nsswitch.conf" in traps.opened()


async def test_what_is_killed_on_its_way_in_keeps_no_container_from_ending(
    define: Define, root: Path
) -> None:
    """Want of memory strikes while it enters, before the monitor has heard of its process."""
    box = await define(root=root)
    await box.start()
    stored = await box.engine.definition(box.uuid)
    limit = b"<memory unit='MiB'>1</memory></domain>"
    await box.engine.define(stored.text.replace(b"</domain>", limit), stored.etag)
    said = set()
    for _ in range(8):
        try:
            await box.status("true")
        except EngineError as error:
            said.add(str(error))
    assert said <= {OUT_OF_MEMORY}, said
    assert "Z" not in {each.state for each in await box.engine.processes(box.uuid)}
    await box.engine.kill(box.uuid)
    await box.ended()
