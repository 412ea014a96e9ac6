"""The RFC's own example in its four forms: literal, half mended, and mended in both ways."""

from __future__ import annotations

from pathlib import Path

from tests.bus.world import REPOSITORY
from tests.system.host import BRIDGE, BRIDGE_ADDRESS, Host, listening

LITERAL = REPOSITORY / "tests/unit/definition/rfc-v2-literal.xml"
UUID = "8dfd44b31e76d8d335150a2d98211ea0"
NAME, HOSTNAME, ADDRESS = "Container123", "browndog", "192.168.1.110"
SHARES, MEMORY_KIB = 40, 64 * 1024
_IP = b'netmask="255.255.255.0"'
_BRIDGE = f"<interface type='bridge'><source bridge='{BRIDGE}'/></interface>".encode()


def half_mended() -> bytes:
    """The first mistake mended: a tag that ended in its own name."""
    return LITERAL.read_bytes().replace(b'"/nameserver>', b'"/>')


def nested() -> bytes:
    """The second mistake mended by opening <ip>."""
    return half_mended().replace(_IP + b"/>", _IP + b">")


def flat() -> bytes:
    """The second mistake mended by dropping </ip>."""
    return half_mended().replace(b"          </ip>\n", b"")


def on_bridge(text: bytes) -> bytes:
    """The document with its network on the host's bridge."""
    network = b"</network>\n"
    return text.replace(network, network + b"      " + _BRIDGE + b"\n")


def with_folders(text: bytes, folder: Path) -> bytes:
    """The document with its directories below a folder of ours."""
    return text.replace(b"/home/user/lxc_files", bytes(folder))


def expect_call_home(host: Host, port: int) -> None:
    """A program inside reaches the bridge from the container's own address, and is answered."""
    line = f"exec 3<>/dev/tcp/{BRIDGE_ADDRESS}/{port}; hostname >&3; cat <&3"
    with (
        listening(BRIDGE_ADDRESS, port) as server,
        host.running("exec", NAME, "--", "bash", "-c", line) as said,
    ):
        link, (peer, _) = server.accept()
        with link, link.makefile("rwb") as lines:
            assert peer == ADDRESS
            assert lines.readline() == f"{HOSTNAME}\n".encode()
            lines.write(b"welcome\n")
        assert said.read() == b"welcome\n"
