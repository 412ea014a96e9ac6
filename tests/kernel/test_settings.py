"""Settings of the kernel that a definition asks for are never written (E16, CVE-2022-0811)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.kernel.box import Box, Definition

from cloche_engine.core.engine import LocalEngine
from cloche_engine.definition.converting.conversion import convert
from cloche_engine.definition.dialects.dialect import Dialect

pytestmark = [pytest.mark.kernel, pytest.mark.usefixtures("own_network")]

EVIL = "|/bin/sh -c evil"
WANTED = {
    "net.ipv4.ip_default_ttl": "77",
    "kernel.core_pattern": EVIL,
    "kernel/core_pattern": EVIL,
    "net.ipv4.../../kernel.core_pattern": EVIL,
    "kernel.shm_rmid_forced\nkernel.core_pattern": "1",
}
SETTINGS = ("net/ipv4/ip_default_ttl", "kernel/core_pattern", "kernel/shm_rmid_forced")


def settings() -> dict[str, str]:
    """Those of this network namespace and of the host."""
    return {name: Path("/proc/sys", name).read_text().strip() for name in SETTINGS}


def written(values: dict[str, str], form: str) -> str:
    return "".join(form.format(name, value) for name, value in values.items())


def as_elements(root: Path) -> bytes:
    """Elements that runtimes of others have."""
    inside = written(WANTED, "<sysctl name='{0}' value='{1}'/><sysctl key='{0}'>{1}</sysctl>")
    return Definition(root=root, inside=inside, around=inside).text()


def as_lines(root: Path) -> bytes:
    """Lines of LXC, which writes them as the host's root; as XML they are kept."""
    one_line = {name: value for name, value in WANTED.items() if "\n" not in name}
    lines = written(one_line, "lxc.sysctl.{} = {}\n")
    head = f"lxc.uts.name = box\nlxc.rootfs.path = dir:{root}\nlxc.init.cmd = /bin/sh\n"
    text = convert((head + lines).encode(), Dialect.LINUXCONTAINER).text
    assert text is not None
    assert b"core_pattern" in text
    return text


@pytest.mark.parametrize("document", [as_elements, as_lines])
async def test_e16_no_setting_of_the_kernel_comes_from_a_definition(
    engine: LocalEngine, root: Path, document: Callable[[Path], bytes]
) -> None:
    before = settings()
    box = Box(engine, await engine.define(document(root)))
    await box.start()
    assert settings() == before
    inside = [(await box.run(f"cat /proc/sys/{name}")).strip() for name in SETTINGS]
    assert inside == list(before.values())
    assert "Read-only" in await box.run("echo 77 >/proc/sys/net/ipv4/ip_default_ttl")


def test_control_who_writes_what_is_asked_for_changes_it() -> None:
    name, value = next(iter(WANTED.items()))
    Path("/proc/sys", name.replace(".", "/")).write_text(value)
    assert settings()["net/ipv4/ip_default_ttl"] == value
