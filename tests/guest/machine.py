"""One run of qemu: an image is booted, with disks, until it ends or its time is up."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from tests.guest.image import Image

_KERNEL_WORDS = "root=LABEL=guest rw console=ttyS0 panic=-1 systemd.unified_cgroup_hierarchy=1"


@dataclass(frozen=True, slots=True)
class Machine:
    """What is written to its disks is lost, except to `results`; `console` is systemd's log."""

    image: Image
    disks: dict[str, Path]
    results: Path
    console: Path
    cpus: int = 1
    reboots: bool = False
    """Whether it boots again when it is told to, with all that it wrote until then."""

    def words(self) -> list[str]:
        """The command."""
        words = ["qemu-system-x86_64", "-no-user-config", "-nodefaults", "-display", "none"]
        words += [
            "-accel",
            "tcg,thread=multi",
            "-cpu",
            "max,la57=off",
            "-smp",
            str(self.cpus),
            "-m",
            "2G",
        ]
        words += [] if self.reboots else ["-no-reboot"]
        words += ["-kernel", str(self.image.kernel)]
        words += ["-initrd", str(self.image.initrd), "-append", _KERNEL_WORDS]
        words += ["-serial", f"file:{self.console}"]
        words += ["-chardev", "stdio,id=tests,signal=off", "-serial", "chardev:tests"]
        for name, file in {"guest": self.image.disk, **self.disks}.items():
            words += _drive(name, file, "on")
        return words + _drive("results", self.results, "off")


def run(words: list[str], seconds: float) -> bool:
    """Run it and pass on what its tests say; whether it powered itself off in time."""
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as qemu:
        late = threading.Event()

        def end() -> None:
            late.set()
            qemu.kill()

        timer = threading.Timer(seconds, end)
        timer.start()
        try:
            _pass_on(qemu)
        except BaseException:
            qemu.kill()
            raise
        finally:
            timer.cancel()
        return qemu.wait() == 0 and not late.is_set()


def _pass_on(qemu: subprocess.Popen[bytes]) -> None:
    assert qemu.stdout
    while said := os.read(qemu.stdout.fileno(), 1 << 16):
        sys.stdout.buffer.write(said.replace(b"\r", b""))
        sys.stdout.flush()


def _drive(name: str, file: Path, snapshot: str) -> list[str]:
    escaped = str(file).replace(",", ",,")
    drive = f"if=none,id={name},format=raw,snapshot={snapshot},file={escaped}"
    return ["-drive", drive, "-device", f"virtio-blk-pci,drive={name},serial={name}"]
