"""What each dialect calls everything but mounts and networks."""

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
    lxc,
    march,
    native,
    rfc,
    vserver,
    vz,
)

from cloche_engine.definition.converting.spec_json import Json
from cloche_engine.definition.dialects.dialect import Dialect

HEX = "8dfd44b31e7646d3bd32c3fd3a8a4a21"
DASHED = "8dfd44b3-1e76-46d3-bd32-c3fd3a8a4a21"
SCHEDULER = "<scheduler fill_rate1='10' interval1='100'>{}</scheduler>"
TUNE = "<cputune>{}</cputune>"
LIMITS = (
    "<memtune><hard_limit>65536</hard_limit><soft_limit>32768</soft_limit>"
    "{}<min_guarantee>16384</min_guarantee></memtune>"
)
IDMAP = (
    "<idmap><uid start='0' target='100000' count='65536'/>"
    "<gid start='0' target='100000' count='65536'/></idmap>"
)
CAPS = (
    "<features><capabilities policy='deny'><chown state='on'/><kill state='off'/>"
    "</capabilities></features>"
)
TTYS = "<devices><console/><console tty='/dev/pts/4'/></devices></domain>"
ACTIONS = "<on_poweroff>destroy</on_poweroff><on_reboot>restart</on_reboot>"


REST: dict[str, list[tuple[Dialect, str, Json]]] = {
    "name": [
        (LXC, native().replace("lxc.uts.name", "lxc.utsname"), "one"),
        (CONF, conf(), "105"),
        (OPENVZ, march(), "demo"),
        (RFC, rfc(name="web"), "web"),
        (OPENVZ, january(name="106"), "106"),
        (OPENVZ, vz(), "105"),
        (VSERVER, vserver(), "one"),
        (LIBVIRT, lxc(), "one"),
        (LXC, native(), "one"),
    ],
    "uuid": [
        (OPENVZ, january().replace("<container>", f"<uuid>{HEX}</uuid><container>"), HEX),
        (RFC, rfc(beside=f"<uuid>{HEX}</uuid>"), HEX),
        (OPENVZ, vz(beside=f"<uuid>{DASHED}</uuid>"), HEX),
        (CONF, conf(f"#UUID: {DASHED}"), HEX),
        (LIBVIRT, lxc(beside=f"<uuid>{DASHED.upper()}</uuid>"), HEX),
    ],
    "title": [(LIBVIRT, lxc(beside="<title>a b</title>"), "a b")],
    "description": [
        (OPENVZ, vz(beside="<description>a b</description>"), "a b"),
        (LIBVIRT, lxc(beside="<description>a b</description>"), "a b"),
    ],
    "hostname": [
        (CONF, conf('HOSTNAME="web"'), "web"),
        (OPENVZ, march("<network><hostname>web</hostname></network>"), "web"),
        (RFC, rfc("<network hostname='web'/>"), "web"),
        (OPENVZ, january("<network><hostname>web</hostname></network>"), "web"),
        (VSERVER, vserver("<container><uts hostname='web'/></container>"), "web"),
    ],
    "machine": [
        (VSERVER, vserver("<container><uts machine='i586'/></container>"), "i586"),
    ],
    "arch": [
        (LIBVIRT, lxc().replace("<type>", "<type arch='x86_64'>"), "x86_64"),
        (OPENVZ, vz().replace("<type>", "<type arch='i686'>"), "i686"),
        (LXC, native("lxc.arch = amd64"), "x86_64"),
    ],
    "profile": [
        (CONF, conf('ORIGIN_SAMPLE="vps.basic"'), "vps.basic"),
        (OPENVZ, march("<profile>vps.basic</profile>"), "vps.basic"),
        (OPENVZ, january("<profile>vps.basic</profile>"), "vps.basic"),
    ],
    "program": [
        (V1, first("<memory>65536</memory>"), ["/bin/sh"]),
        (RFC, driver(), ["/bin/sh"]),
        (RFC, rfc(), ["/bin/sh"]),
        (OPENVZ, vz(system="<init>/sbin/init</init>"), ["/sbin/init"]),
        (
            LIBVIRT,
            lxc(system="<init>/bin/sh</init><initarg>-c</initarg><initarg>a b</initarg>"),
            ["/bin/sh", "-c", "a b"],
        ),
    ],
    "environment": [
        (
            LIBVIRT,
            lxc(system="<init>/bin/sh</init><initenv name='A'>b c</initenv>"),
            {"A": "b c"},
        ),
    ],
    "directory": [(LIBVIRT, lxc(system="<init>/i</init><initdir>/srv</initdir>"), "/srv")],
    "user": [(LIBVIRT, lxc(system="<init>/i</init><inituser>www</inituser>"), "www")],
    "group": [
        (
            LIBVIRT,
            lxc(system="<init>/i</init><inituser>a</inituser><initgroup>www</initgroup>"),
            "www",
        ),
    ],
    "cpu.shares": [
        (CONF, conf('CPUUNITS="1000"'), 1000),
        (V1, first("<cpushare>40</cpushare>"), 40),
        (RFC, rfc(beside="<cpushare>40</cpushare>"), 40),
        (OPENVZ, vz(beside=TUNE.format("<shares>40</shares>")), 40),
        (LIBVIRT, lxc(beside=TUNE.format("<shares>40</shares>")), 40),
        (LXC, native("lxc.cgroup.cpu.shares = 40"), 40),
    ],
    "cpu.quota_us": [
        (OPENVZ, vz(beside=TUNE.format("<quota>20000</quota>")), 20000),
        (VSERVER, vserver(SCHEDULER), 10000),
        (LIBVIRT, lxc(beside=TUNE.format("<quota>20000</quota>")), 20000),
        (LXC, native("lxc.cgroup.cpu.cfs_quota_us = 20000"), 20000),
    ],
    "cpu.period_us": [
        (OPENVZ, vz(beside=TUNE.format("<period>50000</period>")), 50000),
        (VSERVER, vserver(SCHEDULER), 100000),
        (LIBVIRT, lxc(beside=TUNE.format("<period>50000</period>")), 50000),
        (LXC, native("lxc.cgroup.cpu.cfs_period_us = 50000"), 50000),
    ],
    "cpu.cpuset": [
        (OPENVZ, vz(beside="<vcpu cpuset='0-1'>2</vcpu>"), "0-1"),
        (VSERVER, vserver(SCHEDULER.format("<cpu id='0'/><cpu id='1'/>")), "0-1"),
        (LIBVIRT, lxc(beside="<vcpu cpuset='0-1'>2</vcpu>"), "0-1"),
        (LXC, native("lxc.cgroup.cpuset.cpus = 0-1"), "0-1"),
    ],
    "cpu.mems": [
        (LIBVIRT, lxc(beside="<numatune><memory nodeset='0'/></numatune>"), "0"),
        (LXC, native("lxc.cgroup.cpuset.mems = 0"), "0"),
    ],
    "cpu.count": [
        (OPENVZ, vz(beside="<vcpu>2</vcpu>"), 2),
        (CONF, conf('CPUS="2"'), 2),
        (LIBVIRT, lxc(beside="<vcpu>2</vcpu>"), 2),
    ],
    "memory.max_kib": [
        (LXC, native("lxc.cgroup2.memory.max = 64M"), 65536),
        (RFC, driver(beside="<memory>65536</memory>"), 65536),
        (V1, first("<memory>65536</memory>"), 65536),
        (RFC, rfc(beside="<memory>65536</memory>"), 65536),
        (OPENVZ, vz(beside="<memory>65536</memory>"), 65536),
        (OPENVZ, vz(beside=LIMITS), 65536),
        (OPENVZ, vz(beside="<memory>0</memory>"), None),
        (CONF, conf('PRIVVMPAGES="1000:2000"'), 8000),
        (VSERVER, vserver("<memory>500000</memory>"), 500000),
        (LIBVIRT, lxc(), 65536),
        (LIBVIRT, lxc(beside=LIMITS), 65536),
        (LXC, native("lxc.cgroup.memory.limit_in_bytes = 64M"), 65536),
    ],
    "memory.soft_kib": [
        (OPENVZ, vz(beside=LIMITS), 32768),
        (CONF, conf('PRIVVMPAGES="1000:2000"'), 4000),
        (LIBVIRT, lxc(beside=LIMITS), 32768),
        (LXC, native("lxc.cgroup.memory.soft_limit_in_bytes = 33554432"), 32768),
    ],
    "memory.swap_kib": [
        (
            LIBVIRT,
            lxc(beside=LIMITS.format("<swap_hard_limit>131072</swap_hard_limit>")),
            131072,
        ),
        (LXC, native("lxc.cgroup.memory.memsw.limit_in_bytes = 128M"), 131072),
    ],
    "memory.guarantee_kib": [
        (OPENVZ, vz(beside=LIMITS), 16384),
        (CONF, conf('VMGUARPAGES="1000:9223372036854775807"'), 4000),
        (LIBVIRT, lxc(beside=LIMITS), 16384),
    ],
    "consoles": [
        (LXC, native("lxc.tty = 3"), 3),
        (RFC, driver("<console tty='/dev/pts/4'/>"), 1),
        (RFC, rfc(beside="<devices><console tty='/dev/pts/4'/></devices>"), 1),
        (LIBVIRT, lxc("<console type='pty'/><console type='pty'/>"), 2),
        (LXC, native("lxc.tty.max = 3"), 3),
    ],
    "console_ttys": [
        (V1, first("<memory>65536</memory>").replace("</domain>", TTYS), [None, "/dev/pts/4"]),
        (RFC, driver("<console tty='/dev/pts/4'/><console/>"), ["/dev/pts/4"]),
        (RFC, rfc(beside="<devices><console tty='/dev/pts/4'/></devices>"), ["/dev/pts/4"]),
        (LIBVIRT, lxc("<console type='pty' tty='/dev/pts/4'/>"), []),
    ],
    "idmap.uid": [
        (LIBVIRT, lxc(beside=IDMAP), [[0, 100000, 65536]]),
        (
            LXC,
            native("lxc.idmap = u 0 100000 65536", "lxc.id_map = g 0 100000 65536"),
            [[0, 100000, 65536]],
        ),
    ],
    "capabilities.drop": [
        (LIBVIRT, lxc(beside=CAPS), ["kill"]),
        (LXC, native("lxc.cap.drop = mac_admin sys_time"), ["mac_admin", "sys_time"]),
    ],
    "capabilities.keep": [(LIBVIRT, lxc(beside=CAPS), ["chown"])],
    "capabilities.policy": [(LIBVIRT, lxc(beside=CAPS), "deny")],
    "network_isolated": [
        (LIBVIRT, lxc(beside="<features><privnet/></features>"), True),
    ],
    "namespaces": [
        (
            LIBVIRT,
            lxc(
                beside="<lxc:namespace xmlns:lxc='http://libvirt.org/schemas/domain/lxc/1.0'>"
                "<lxc:sharenet type='name' value='web'/></lxc:namespace>"
            ),
            [{"kind": "net", "how": "name", "value": "web"}],
        ),
    ],
    "io_weight": [
        (LIBVIRT, lxc(beside="<blkiotune><weight>500</weight></blkiotune>"), 500),
        (LXC, native("lxc.cgroup.blkio.weight = 500"), 500),
    ],
    "opaque": [
        (OPENVZ, vz(beside="<clock offset='utc'/>"), ["domain/clock"]),
        (LIBVIRT, lxc(beside="<clock offset='utc'/>"), ["domain/clock"]),
        (
            VSERVER,
            vserver("<container><distribution method='debootstrap'/></container>"),
            ["domain/container/distribution"],
        ),
        (LXC, native("lxc.hook.start = /bin/true"), ["lxc.hook.start"]),
    ],
    "on_reboot": [
        (OPENVZ, vz(beside=ACTIONS), "restart"),
        (LIBVIRT, lxc(beside=ACTIONS), "restart"),
    ],
    "on_poweroff": [
        (OPENVZ, vz(beside=ACTIONS), "destroy"),
        (LIBVIRT, lxc(beside=ACTIONS), "destroy"),
    ],
    "autostart": [
        (
            OPENVZ,
            "<domain type='openvz'><name>a</name><vpsid>101</vpsid><onboot>true</onboot></domain>",
            True,
        ),
        (CONF, conf('ONBOOT="yes"'), True),
    ],
}
