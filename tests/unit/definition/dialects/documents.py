"""Small documents of every dialect, each a head with a place for what is told of."""

from __future__ import annotations

from cloche_engine.definition.dialects.dialect import Dialect

V1 = Dialect.LINUXCONTAINER_V1
RFC, LIBVIRT, OPENVZ = Dialect.LINUXCONTAINER, Dialect.LIBVIRT_LXC, Dialect.OPENVZ
CONF, VSERVER, LXC = Dialect.OPENVZ_CONF, Dialect.VSERVER, Dialect.LXC_CONF

_TEMPLATE = "<filesystem><template>debian-5.0-i386</template></filesystem>"


def rfc(container: str = "", beside: str = "", name: str = "one") -> str:
    """The RFC's second revision."""
    inside = f"{container}<application>/bin/sh</application>"
    return (
        f"<domain type='linuxcontainer'><name>{name}</name>"
        f"<container>{inside}</container>{beside}</domain>"
    )


def january(inside: str = "", name: str = "105") -> str:
    """OpenVZ of January 2008."""
    template = "" if "<filesystem>" in inside else _TEMPLATE
    return (
        f"<domain type='openvz'><name>{name}</name><container>{template}{inside}"
        f"</container></domain>"
    )


def vz(devices: str = "", beside: str = "", system: str = "") -> str:
    """OpenVZ of today."""
    return (
        f"<domain type='openvz'><name>105</name>{beside}<os><type>exe</type>{system}</os>"
        f"<devices>{devices}</devices></domain>"
    )


def vserver(beside: str = "", devices: str = "") -> str:
    """Linux-VServer of November 2007."""
    return f"<domain type='vserver'><name>one</name>{beside}<devices>{devices}</devices></domain>"


def lxc(devices: str = "", beside: str = "", system: str = "<init>/bin/sh</init>") -> str:
    """Libvirt LXC of today."""
    return (
        f"<domain type='lxc'><name>one</name>{beside}<memory>65536</memory>"
        f"<os><type>exe</type>{system}</os><devices>{devices}</devices></domain>"
    )


def native(*lines: str) -> str:
    """LXC's own configuration."""
    return "\n".join(("lxc.uts.name = one", "lxc.rootfs.path = /srv/one", *lines, ""))


def conf(*lines: str) -> str:
    """OpenVZ's own CTID.conf."""
    return "\n".join(('VEID="105"', 'OSTEMPLATE="debian-5.0-i386"', *lines, ""))


def first(container: str = "") -> str:
    """The RFC's first revision."""
    return (
        f"<domain type='linuxcontainer'><name>one</name><container>{container}"
        "<application>/bin/sh</application></container></domain>"
    )


def driver(devices: str = "", beside: str = "") -> str:
    """The driver of March 2008, whose type is still the RFC's."""
    return (
        f"<domain type='linuxcontainer'><name>one</name><os><init>/bin/sh</init></os>{beside}"
        f"<devices>{devices}</devices></domain>"
    )


def march(inside: str = "") -> str:
    """The proposal for OpenVZ of March 2007."""
    return f"<domain type='openvz'><name>demo</name><vpsid>101</vpsid>{inside}</domain>"


def mount(inside: str, kind: str = " type='mount'") -> str:
    """A `<filesystem>`."""
    return f"<filesystem{kind}>{inside}</filesystem>"


def link(inside: str, kind: str) -> str:
    """An `<interface>`."""
    return f"<interface type='{kind}'>{inside}</interface>"
