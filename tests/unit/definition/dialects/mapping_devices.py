"""What each dialect calls mounts and networks."""

from __future__ import annotations

from tests.unit.definition.dialects.documents import (
    CONF,
    LIBVIRT,
    LXC,
    OPENVZ,
    RFC,
    V1,
    VSERVER,
    conf,
    driver,
    first,
    january,
    link,
    lxc,
    march,
    mount,
    native,
    rfc,
    vserver,
    vz,
)

from cloche_engine.definition.converting.spec_json import Json
from cloche_engine.definition.dialects.dialect import Dialect

MAC = "52:54:00:12:34:56"


PAIR = "<source dir='/srv/a'/><target dir='/a'/>"
PATHS = "<source path='/srv/a'/><target path='/a'/>"
IP = "<ip address='10.0.0.2' prefix='24'/>"
MASKED = "<ip address='10.0.0.2' netmask='255.255.255.0'>{}</ip>"
ROUTE = "<route family='ipv4' address='0.0.0.0' prefix='0' gateway='10.0.0.1'/>"
NETWORK = "<route family='ipv4' address='10.9.0.0' prefix='16' gateway='10.0.0.1' metric='5'/>"
VETH = ("lxc.net.0.type = veth", "lxc.net.0.link = br0", "lxc.net.0.flags = up")

DEVICES: dict[str, list[tuple[Dialect, str, Json]]] = {
    "filesystems.0.kind": [
        (RFC, driver(mount(PAIR)), "mount"),
        (OPENVZ, march("<os template='slackware-10.2-i386'/>"), "template"),
        (RFC, rfc(f"<filesystem><mount>{PAIR}</mount></filesystem>"), "mount"),
        (RFC, rfc(mount(PAIR)), "mount"),
        (RFC, rfc(mount("<source name='a-1.0'/>", " type='template'")), "template"),
        (OPENVZ, january(), "template"),
        (OPENVZ, vz(mount(PAIR)), "mount"),
        (
            OPENVZ,
            vz(mount("<source name='a-1.0'/><target dir='/'/>", " type='template'")),
            "template",
        ),
        (
            OPENVZ,
            vz(mount("<source file='/vz/a.hdd'/><target dir='/'/>", " type='file'")),
            "file",
        ),
        (CONF, conf(), "template"),
        (VSERVER, vserver(devices=f"<disk type='path'>{PATHS}</disk>"), "mount"),
        (
            VSERVER,
            vserver(
                devices="<disk type='block'><source dev='/dev/sda1'/><target path='/a'/></disk>"
            ),
            "block",
        ),
        (LIBVIRT, lxc(mount(PAIR)), "mount"),
        (LIBVIRT, lxc(mount(PAIR, "")), "mount"),
        (
            LIBVIRT,
            lxc(mount("<source dev='/dev/sda1'/><target dir='/'/>", " type='block'")),
            "block",
        ),
        (LIBVIRT, lxc(mount("<source file='/a.img'/><target dir='/'/>", " type='file'")), "file"),
        (LIBVIRT, lxc(mount("<source usage='64'/><target dir='/a'/>", " type='ram'")), "ram"),
        (LIBVIRT, lxc(mount("<source dir='/b'/><target dir='/a'/>", " type='bind'")), "bind"),
        (LXC, native(), "mount"),
        (LXC, "lxc.utsname = one\nlxc.rootfs = /dev/vg/one\n", "block"),
    ],
    "filesystems.0.source": [
        (CONF, conf(), "debian-5.0-i386"),
        (RFC, driver(mount(PAIR)), "/srv/a"),
        (V1, first("<filesystem><mount>/a = /srv/a</mount></filesystem>"), "/srv/a"),
        (RFC, rfc(mount(PAIR)), "/srv/a"),
        (OPENVZ, january(), "debian-5.0-i386"),
        (OPENVZ, vz(mount(PAIR)), "/srv/a"),
        (VSERVER, vserver(devices=f"<disk type='path'>{PATHS}</disk>"), "/srv/a"),
        (LIBVIRT, lxc(mount(PAIR)), "/srv/a"),
        (LXC, native(), "/srv/one"),
    ],
    "filesystems.0.target": [
        (CONF, conf(), "/"),
        (V1, first("<filesystem><mount>/a = /srv/a</mount></filesystem>"), "/a"),
        (RFC, rfc(mount(PAIR.replace("'/a'", "'//a/'"))), "/a"),
        (OPENVZ, january(), "/"),
        (OPENVZ, vz(mount(PAIR)), "/a"),
        (VSERVER, vserver(devices=f"<disk type='path'>{PATHS}</disk>"), "/a"),
        (LIBVIRT, lxc(mount(PAIR)), "/a"),
        (LXC, native(), "/"),
    ],
    "filesystems.0.readonly": [
        (RFC, rfc(mount(f"{PAIR}<readonly/>")), True),
        (OPENVZ, vz(mount(f"{PAIR}<readonly/>")), True),
        (LIBVIRT, lxc(mount(f"{PAIR}<readonly/>")), True),
        (LIBVIRT, lxc(mount(PAIR)), False),
    ],
    "filesystems.1.readonly": [
        (LXC, native("lxc.mount.entry = /srv/a a none bind,ro 0 0"), True),
        (LXC, native("lxc.mount.entry = /srv/a a none bind 0 0"), False),
    ],
    "filesystems.1.target": [
        (LXC, native("lxc.mount.entry = /srv/a srv/x none bind 0 0"), "/srv/x"),
    ],
    "filesystems.1.size_kib": [
        (LXC, native("lxc.mount.entry = tmpfs tmp tmpfs size=64m 0 0"), 65536),
    ],
    "filesystems.0.size_kib": [
        (
            OPENVZ,
            january(
                "<filesystem><template>a</template><quota level='vm'>102400</quota></filesystem>"
            ),
            102400,
        ),
        (
            OPENVZ,
            vz(mount(f"{PAIR}<space_hard_limit>1048576</space_hard_limit>")),
            1024,
        ),
        (CONF, conf('DISKSPACE="1000:2000"'), 2000),
        (LIBVIRT, lxc(mount(f"{PAIR}<space_hard_limit unit='MiB'>1</space_hard_limit>")), 1024),
        (LIBVIRT, lxc(mount("<source usage='64'/><target dir='/a'/>", " type='ram'")), 64),
    ],
    "filesystems.0.soft_kib": [
        (OPENVZ, vz(mount(f"{PAIR}<space_soft_limit unit='MiB'>1</space_soft_limit>")), 1024),
        (CONF, conf('DISKSPACE="1000:2000"'), 1000),
    ],
    "interfaces.0.kind": [
        (LXC, native("lxc.network.type = veth", "lxc.network.link = br0"), "bridge"),
        (RFC, rfc(f"<network>{MASKED}</network>"), "nat"),
        (OPENVZ, january("<network><ipaddress>10.0.0.2</ipaddress></network>"), "nat"),
        (OPENVZ, vz(link(IP, "ethernet")), "ethernet"),
        (OPENVZ, vz(link("<source bridge='br0'/>", "bridge")), "bridge"),
        (CONF, conf('IP_ADDRESS="10.0.0.2"'), "ethernet"),
        (CONF, conf('NETIF="ifname=eth0,bridge=br0"'), "bridge"),
        (LIBVIRT, lxc(link("<source bridge='br0'/>", "bridge")), "bridge"),
        (LIBVIRT, lxc(link("<source network='default'/>", "network")), "network"),
        (LIBVIRT, lxc(link("<source dev='eth0' mode='vepa'/>", "direct")), "macvlan"),
        (LIBVIRT, lxc(link("", "ethernet")), "ethernet"),
        (
            LIBVIRT,
            lxc(
                "<hostdev mode='capabilities' type='net'><source><interface>eth1</interface>"
                "</source></hostdev>"
            ),
            "physical",
        ),
        (LXC, native(*VETH), "bridge"),
        (LXC, native("lxc.net.0.type = veth"), "ethernet"),
        (LXC, native("lxc.net.0.type = macvlan", "lxc.net.0.link = eth0"), "macvlan"),
        (LXC, native("lxc.net.0.type = phys", "lxc.net.0.link = eth1"), "physical"),
    ],
    "interfaces.0.source": [
        (OPENVZ, vz(link("<source bridge='br0'/>", "bridge")), "br0"),
        (LIBVIRT, lxc(link("<source network='default'/>", "network")), "default"),
        (LXC, native(*VETH), "br0"),
    ],
    "interfaces.0.mac": [
        (LIBVIRT, lxc(link(f"<mac address='{MAC}'/><source bridge='b'/>", "bridge")), MAC),
        (LXC, native(*VETH, f"lxc.net.0.hwaddr = {MAC}"), MAC),
    ],
    "interfaces.0.name": [
        (LIBVIRT, lxc(link("<source bridge='b'/><guest dev='lan0'/>", "bridge")), "lan0"),
        (LXC, native(*VETH, "lxc.net.0.name = lan0"), "lan0"),
    ],
    "interfaces.0.up": [
        (LIBVIRT, lxc(link("<source bridge='b'/><link state='down'/>", "bridge")), False),
        (LIBVIRT, lxc(link("<source bridge='b'/>", "bridge")), True),
        (LXC, native(*VETH), True),
        (LXC, native("lxc.net.0.type = veth"), False),
    ],
    "interfaces.0.addresses": [
        (CONF, conf('IP_ADDRESS="10.0.0.2/24"'), ["10.0.0.2/24"]),
        (
            OPENVZ,
            march("<network><ip address='10.0.0.2' netmask='255.255.255.0'/></network>"),
            ["10.0.0.2/24"],
        ),
        (RFC, rfc(f"<network>{MASKED}</network>"), ["10.0.0.2/24"]),
        (
            OPENVZ,
            january(
                "<network><ipaddress>10.0.0.2</ipaddress><netmask>255.255.255.0</netmask></network>"
            ),
            ["10.0.0.2/24"],
        ),
        (OPENVZ, vz(link(IP, "ethernet")), ["10.0.0.2/24"]),
        (
            VSERVER,
            vserver(devices=link("<ip family='IPv4' address='10.0.0.2' prefix='24'/>", "vserver")),
            ["10.0.0.2/24"],
        ),
        (LIBVIRT, lxc(link(f"<source bridge='b'/>{IP}", "bridge")), ["10.0.0.2/24"]),
        (
            LXC,
            native(*VETH, "lxc.net.0.ipv4.address = 10.0.0.2/24", "lxc.net.0.ipv6 = fd00::2/64"),
            ["10.0.0.2/24", "fd00::2/64"],
        ),
    ],
    "interfaces.0.gateway": [
        (
            OPENVZ,
            march(
                "<network><ip address='10.0.0.2' netmask='255.0.0.0' defgw='10.0.0.1'/></network>"
            ),
            "10.0.0.1",
        ),
        (
            RFC,
            rfc(f"<network>{MASKED.format('<gateway address=@10.0.0.1@/>')}</network>"),
            "10.0.0.1",
        ),
        (
            OPENVZ,
            january(
                "<network><ipaddress>10.0.0.2</ipaddress><netmask>255.255.255.0</netmask>"
                "<gateway>10.0.0.1</gateway></network>"
            ),
            "10.0.0.1",
        ),
        (OPENVZ, vz(link(f"{IP}{ROUTE}", "ethernet")), "10.0.0.1"),
        (LIBVIRT, lxc(link(f"<source bridge='b'/>{IP}{ROUTE}", "bridge")), "10.0.0.1"),
        (
            LXC,
            native(
                *VETH, "lxc.net.0.ipv4.address = 10.0.0.2/24", "lxc.net.0.ipv4.gateway = 10.0.0.1"
            ),
            "10.0.0.1",
        ),
    ],
    "nameservers": [
        (CONF, conf('NAMESERVER="1.1.1.1"'), ["1.1.1.1"]),
        (OPENVZ, march("<network><nameserver>1.1.1.1</nameserver></network>"), ["1.1.1.1"]),
        (
            RFC,
            rfc(f"<network>{MASKED.format('<nameserver address=@1.1.1.1@/>')}</network>"),
            ["1.1.1.1"],
        ),
        (RFC, rfc("<network><nameserver address='1.1.1.1'/></network>"), ["1.1.1.1"]),
        (
            OPENVZ,
            january("<network><nameserver>1.1.1.1</nameserver></network>"),
            ["1.1.1.1"],
        ),
    ],
    "interfaces.0.routes": [
        (
            LIBVIRT,
            lxc(link(f"<source bridge='b'/>{IP}{NETWORK}", "bridge")),
            [{"to": "10.9.0.0/16", "via": "10.0.0.1", "metric": 5}],
        ),
        (
            OPENVZ,
            vz(link(f"{IP}{NETWORK}", "ethernet")),
            [{"to": "10.9.0.0/16", "via": "10.0.0.1", "metric": 5}],
        ),
    ],
    "interfaces.0.host_name": [
        (OPENVZ, vz(link("<target dev='veth105.0'/>", "ethernet")), "veth105.0"),
        (LIBVIRT, lxc(link("<source bridge='b'/><target dev='v0'/>", "bridge")), "v0"),
        (LXC, native(*VETH, "lxc.net.0.veth.pair = v0"), "v0"),
    ],
}
