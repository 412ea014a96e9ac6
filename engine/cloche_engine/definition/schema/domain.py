"""Elements of libvirt's domain format that several dialects take over, all below `<domain>`."""

from __future__ import annotations

from cloche_engine.definition.names import MAX_SHARES, MIN_SHARES
from cloche_engine.definition.schema.devices import UNIT
from cloche_engine.definition.schema.model import Attribute, Effect, ElementRule, Value
from cloche_engine.definition.units import MIN_MEMORY_KIB, UNLIMITED_KIB

MIN_QUOTA_US, MAX_QUOTA_US = 1000, 17592186044415
MIN_PERIOD_US, DEFAULT_PERIOD_US, MAX_PERIOD_US = 1000, 100_000, 1_000_000
MIN_IO_WEIGHT, MAX_IO_WEIGHT = 10, 1000
MAX_RATE = 2**32 - 1
MAX_PROCESSES = 4_194_304
"""As many as a kernel can number (proc(5), pid_max)."""
MAX_CPUS = 16384
MAX_ID = 2**32 - 2

LIBVIRT_CAPABILITIES = tuple(
    "audit_control audit_write block_suspend chown dac_override dac_read_search fowner fsetid"
    " ipc_lock ipc_owner kill lease linux_immutable mac_admin mac_override mknod net_admin"
    " net_bind_service net_broadcast net_raw setgid setfcap setpcap setuid sys_admin sys_boot"
    " sys_chroot sys_module sys_nice sys_pacct sys_ptrace sys_rawio sys_resource sys_time"
    " sys_tty_config syslog wake_alarm".split()
)
"""The capabilities that libvirt has an element for."""
NEWER_CAPABILITIES = ("audit_read", "bpf", "checkpoint_restore", "perfmon")
"""Capabilities of the kernel that libvirt does not know."""
CAPABILITIES = tuple(sorted(LIBVIRT_CAPABILITIES + NEWER_CAPABILITIES))

POLICIES = ("default", "allow", "deny")
END_ACTIONS = ("destroy", "restart", "preserve", "rename-restart")
CRASH_ACTIONS = (*END_ACTIONS, "coredump-destroy", "coredump-restart")


def _kept(name: str, parent: str, text: str, *, repeats: bool = False) -> ElementRule:
    return ElementRule(name, (parent,), text, repeats=repeats, opaque=True)


def _size(name: str, text: str, minimum: int, effect: Effect = Effect.NEXT_START) -> ElementRule:
    return ElementRule(
        name,
        ("memtune",),
        text,
        Value.SIZE,
        attributes=(UNIT,),
        minimum=minimum,
        maximum=UNLIMITED_KIB,
        unit="KiB",
        default="no limit",
        effect=effect,
    )


def _rate(name: str, text: str) -> ElementRule:
    return ElementRule(
        name, ("device",), text, Value.INTEGER, minimum=0, maximum=MAX_RATE, default="0, no limit,"
    )


MEMTUNE_RULES: tuple[ElementRule, ...] = (
    ElementRule("memtune", ("domain",), "limits of memory beside <memory>"),
    _size("hard_limit", "most memory; the same as <memory>", MIN_MEMORY_KIB, Effect.NOW),
    _size("soft_limit", "memory that is left when others are short of it", 1, Effect.NOW),
    _size("swap_hard_limit", "most of memory and swap together", MIN_MEMORY_KIB, Effect.NOW),
    _size("min_guarantee", "memory that is never taken away", 1, Effect.NOW),
)
"""`<memtune>`; `<memory>` itself is each dialect's own."""

BLKIOTUNE_RULES: tuple[ElementRule, ...] = (
    ElementRule("blkiotune", ("domain",), "weight of input and output"),
    ElementRule(
        "weight",
        ("blkiotune",),
        "weight against other containers",
        Value.INTEGER,
        minimum=MIN_IO_WEIGHT,
        maximum=MAX_IO_WEIGHT,
        default="100",
        effect=Effect.NOW,
    ),
    ElementRule("device", ("blkiotune",), "limits of one disk", repeats=True, effect=Effect.NOW),
    ElementRule(
        "path", ("device",), "the disk, as /dev/sda; no partition", Value.PATH, required=True
    ),
    ElementRule(
        "weight",
        ("device",),
        "weight on this disk",
        Value.INTEGER,
        minimum=MIN_IO_WEIGHT,
        maximum=MAX_IO_WEIGHT,
        default="100",
    ),
    *(
        _rate(name, text)
        for name, text in (
            ("read_bytes_sec", "most bytes read in a second"),
            ("write_bytes_sec", "most bytes written in a second"),
            ("read_iops_sec", "most reads in a second"),
            ("write_iops_sec", "most writes in a second"),
        )
    ),
)

CPU_RULES: tuple[ElementRule, ...] = (
    ElementRule(
        "vcpu",
        ("domain",),
        "number of processors it is meant to have",
        Value.FREE,
        attributes=(
            Attribute("placement", Value.CHOICE, "as cpuset says", choices=("static", "auto")),
            Attribute("cpuset", Value.FREE, "processors of the host it may use, as 0-3,8"),
            Attribute("current", Value.INTEGER, "of a virtual machine", opaque=True),
        ),
        minimum=1,
        maximum=MAX_CPUS,
        effect=Effect.NOW,
    ),
    ElementRule(
        "numatune",
        ("domain",),
        "nodes of memory of the host that it may use",
        opaque=True,
        effect=Effect.NOW,
    ),
    ElementRule("cputune", ("domain",), "limits of processor time"),
    ElementRule(
        "shares",
        ("cputune",),
        "weight against other containers; 1024 is one ordinary share, not a percentage",
        Value.INTEGER,
        minimum=MIN_SHARES,
        maximum=MAX_SHARES,
        unit="shares",
        default="1024",
        effect=Effect.NOW,
    ),
    ElementRule(
        "period",
        ("cputune",),
        "how often the quota is counted anew",
        Value.FREE,
        minimum=MIN_PERIOD_US,
        maximum=MAX_PERIOD_US,
        unit="us",
        default="100000",
        effect=Effect.NOW,
    ),
    ElementRule(
        "quota",
        ("cputune",),
        "processor time in each period; negative is no limit",
        Value.FREE,
        minimum=MIN_QUOTA_US,
        maximum=MAX_QUOTA_US,
        unit="us",
        default="no limit",
        effect=Effect.NOW,
    ),
    *(
        _kept(name, "cputune", "of a virtual machine", repeats=True)
        for name in (
            "vcpupin vcpusched emulatorpin emulatorsched emulator_period emulator_quota"
            " global_period global_quota iothreadpin iothreadsched iothread_period iothread_quota"
            " cachetune memorytune"
        ).split()
    ),
)
"""`<vcpu>`, `<numatune>` and `<cputune>`."""


def _ids(name: str, text: str) -> ElementRule:
    return ElementRule(
        name,
        ("idmap",),
        text,
        attributes=tuple(
            Attribute(key, Value.INTEGER, what, required=True, minimum=low, maximum=MAX_ID)
            for key, what, low in (
                ("start", "first id inside", 0),
                ("target", "first id on the host", 0),
                ("count", "how many ids", 1),
            )
        ),
        repeats=True,
    )


IDMAP_RULES: tuple[ElementRule, ...] = (
    ElementRule("idmap", ("domain",), "which ids of the host are users and groups inside"),
    _ids("uid", "a range of users"),
    _ids("gid", "a range of groups"),
)

FEATURE_RULES: tuple[ElementRule, ...] = (
    ElementRule("features", ("domain",), "what it is allowed and spared"),
    ElementRule("privnet", ("features",), "a network of its own, also without an interface"),
    ElementRule(
        "capabilities",
        ("features",),
        "what its root may do",
        attributes=(
            Attribute(
                "policy", Value.CHOICE, "of all not named", choices=POLICIES, default="default"
            ),
        ),
        opaque=True,
    ),
    *(
        ElementRule(
            name,
            ("capabilities",),
            f"CAP_{name.upper()}",
            attributes=(
                Attribute("state", Value.CHOICE, "on or off", choices=("on", "off"), default="on"),
            ),
        )
        for name in CAPABILITIES
    ),
    *(
        _kept(name, "features", "of a virtual machine")
        for name in (
            "acpi apic async-teardown ccf-assist cfpc gic hap htm hyperv ibs ioapic kvm msrs"
            " nested-hv pae pmu pvspinlock ras sbbc smm tcg viridian vmcoreinfo vmport xen"
        ).split()
    ),
)


def _ending(name: str, text: str, choices: tuple[str, ...]) -> ElementRule:
    return ElementRule(name, ("domain",), text, Value.CHOICE, choices=choices)


LIFECYCLE_RULES: tuple[ElementRule, ...] = (
    _ending("on_poweroff", "what follows when it shuts down", END_ACTIONS),
    _ending("on_reboot", "what follows when it restarts itself", END_ACTIONS),
    _ending("on_crash", "what follows when its first process fails", CRASH_ACTIONS),
)

OS_RULES: tuple[ElementRule, ...] = (
    ElementRule("os", ("domain",), "what runs in it"),
    ElementRule(
        "type",
        ("os",),
        "exe, a program in a container",
        Value.CHOICE,
        attributes=(
            Attribute("arch", Value.LINE, "kind of processor, as x86_64"),
            Attribute("machine", Value.LINE, "kind of machine"),
        ),
        choices=("exe",),
    ),
    ElementRule(
        "init",
        ("os",),
        "the program that is process 1",
        Value.PROGRAM,
        default="/sbin/init",
    ),
    ElementRule("initarg", ("os",), "one argument of the program", Value.FREE, repeats=True),
    ElementRule(
        "initenv",
        ("os",),
        "one variable of its environment",
        Value.FREE,
        attributes=(Attribute("name", Value.VARIABLE, "name of the variable", required=True),),
        repeats=True,
    ),
    ElementRule("initdir", ("os",), "working directory", Value.PATH, default="/"),
    ElementRule("inituser", ("os",), "user, name or number", Value.GROUP, default="root"),
    ElementRule("initgroup", ("os",), "group, name or number", Value.GROUP),
    *(
        _kept(name, "os", "of a virtual machine", repeats=True)
        for name in (
            "acpi bios bootmenu boot cmdline dtb firmware initrd kernel loader nvram root shim"
            " smbios"
        ).split()
    ),
)

METADATA_RULES: tuple[ElementRule, ...] = (
    ElementRule("metadata", ("domain",), "notes of other programs; kept", opaque=True),
)

SHARED_RULES: tuple[ElementRule, ...] = (
    *MEMTUNE_RULES,
    *BLKIOTUNE_RULES,
    *CPU_RULES,
    *IDMAP_RULES,
    *FEATURE_RULES,
    *LIFECYCLE_RULES,
)
"""Everything here but `<os>`, which linuxcontainer says in `<container>`, and `<metadata>`."""
