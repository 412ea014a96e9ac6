"""A loss names the canonical path, the value and the reason; what is the same is no loss."""

from __future__ import annotations

from dataclasses import replace

from cloche_engine.definition.converting.loss import Loss, losses
from cloche_engine.definition.converting.spec_json import to_json
from cloche_engine.definition.dialects.dialect import Dialect, Reason
from cloche_engine.definition.spec import (
    Capabilities,
    ContainerSpec,
    Cpu,
    Filesystem,
    FilesystemKind,
    Interface,
    InterfaceKind,
    Memory,
    Opaque,
    Route,
)

REASONS = (
    Reason("filesystems", "it mounts little"),
    Reason("filesystems.size_kib", "it counts nothing"),
    Reason("cpu", "it has no CPU"),
)


def found(spec: ContainerSpec, back: ContainerSpec) -> list[Loss]:
    return [*losses(spec, back, Dialect.VSERVER, REASONS)]


def paths(spec: ContainerSpec, back: ContainerSpec) -> list[str]:
    return [loss.path for loss in found(spec, back)]


def mount(target: str, **more: object) -> Filesystem:
    return Filesystem(FilesystemKind.MOUNT, f"/host{target}", target, **more)  # type: ignore[arg-type]


ONE = ContainerSpec("one", filesystems=(mount("/a"), mount("/b"), mount("/c")))


def test_what_is_read_back_the_same_is_no_loss() -> None:
    assert found(ONE, ONE) == []


def test_a_value_that_is_gone_is_told_with_its_path_and_why() -> None:
    spec = replace(ONE, cpu=Cpu(shares=40), title="x")
    assert found(spec, ONE) == [
        Loss("title", "x", "vserver has no place for it"),
        Loss("cpu.shares", 40, "it has no CPU"),
    ]


def test_a_number_that_is_rounded_is_told_with_what_became_of_it() -> None:
    (loss,) = found(replace(ONE, memory=Memory(1001)), replace(ONE, memory=Memory(1004)))
    assert (loss.path, loss.value, loss.now) == ("memory.max_kib", 1001, 1004)
    assert not loss.is_gone
    assert not loss.is_added


def test_what_the_target_adds_is_told_too() -> None:
    (loss,) = found(ONE, replace(ONE, on_crash="destroy"))
    assert (loss.value, loss.now, loss.is_added) == (None, "destroy", True)


def test_the_reason_with_the_longest_path_is_the_one() -> None:
    sized = replace(ONE, filesystems=(mount("/a", size_kib=5), *ONE.filesystems[1:]))
    assert [loss.why for loss in found(sized, ONE)] == ["it counts nothing"]
    read_only = replace(ONE, filesystems=(mount("/a", readonly=True), *ONE.filesystems[1:]))
    assert [loss.why for loss in found(read_only, ONE)] == ["it mounts little"]


def test_a_mount_that_is_dropped_does_not_shift_the_others() -> None:
    back = replace(ONE, filesystems=(mount("/b"), mount("/c", readonly=True)))
    first, changed = found(ONE, back)
    assert (first.path, first.is_gone) == ("filesystems[0]", True)
    assert (changed.path, changed.value, changed.now) == ("filesystems[2].readonly", False, True)


def test_t6_another_order_of_mounts_is_told_but_not_where_the_root_stands() -> None:
    back = replace(ONE, filesystems=(mount("/a"), mount("/c"), mount("/b")))
    (loss,) = found(ONE, back)
    assert (loss.path, loss.value, loss.now) == (
        "filesystems", ["/a", "/b", "/c"], ["/a", "/c", "/b"],
    )  # fmt: skip
    last = replace(ONE, filesystems=(*ONE.filesystems, mount("/")))
    first = replace(ONE, filesystems=(mount("/"), *ONE.filesystems))
    assert found(last, first) == []


def test_interfaces_that_are_dropped_are_found_by_what_the_others_are() -> None:
    links = tuple(
        Interface(InterfaceKind.BRIDGE, f"br{at}", name=f"lan{at}", mac=f"52:54:00:00:00:0{at}")
        for at in range(4)
    )
    spec = replace(ONE, interfaces=links)
    back = replace(ONE, interfaces=(links[1], replace(links[3], mac=None)))
    assert paths(spec, back) == ["interfaces[0]", "interfaces[2]", "interfaces[3].mac"]


def test_routes_are_found_by_where_they_lead() -> None:
    def over(*routes: Route) -> ContainerSpec:
        return replace(ONE, interfaces=(Interface(routes=routes),))

    near, far = Route("10.1.0.0/16", "10.0.0.1", 5), Route("10.2.0.0/16", "10.0.0.1")
    assert paths(over(near, far), over(far)) == ["interfaces[0].routes[0]"]
    assert paths(over(near), over(replace(near, metric=None))) == ["interfaces[0].routes[0].metric"]


def test_a_list_of_words_is_one_value() -> None:
    spec = replace(ONE, nameservers=("1.1.1.1", "9.9.9.9"))
    (gone,) = found(spec, ONE)
    assert (gone.path, gone.value) == ("nameservers", ["1.1.1.1", "9.9.9.9"])
    (less,) = found(spec, replace(ONE, nameservers=("1.1.1.1",)))
    assert less.now == ["1.1.1.1"]


def test_variables_are_told_by_name() -> None:
    spec = replace(ONE, environment=(("A", "1"), ("B", "2")))
    assert paths(spec, replace(ONE, environment=(("A", "1"),))) == ["environment.B"]
    assert paths(spec, ONE) == ["environment"]


def test_what_is_kept_is_told_by_its_path_whatever_its_order() -> None:
    clock, hook = Opaque("domain/clock", "<clock/>"), Opaque("lxc.hook.start", "x")
    spec = replace(ONE, opaque=(clock, hook, clock))
    assert found(spec, replace(ONE, opaque=(hook, clock, clock))) == []
    (loss,) = found(spec, replace(ONE, opaque=(hook, clock)))
    assert (loss.path, loss.value) == ("opaque[2]", "domain/clock[2]")


def test_of_two_that_are_kept_at_one_path_the_one_that_is_gone_is_named() -> None:
    one, two = (Opaque("domain/devices/hostdev", f"<hostdev a='{a}'/>") for a in "12")
    spec = replace(ONE, opaque=(one, two))
    for left, at in ((one, 1), (two, 0)):
        (loss,) = found(spec, replace(ONE, opaque=(left,)))
        assert (loss.path, loss.value) == (f"opaque[{at}]", f"domain/devices/hostdev[{at + 1}]")
    assert to_json(spec)["opaque"] == ["domain/devices/hostdev[1]", "domain/devices/hostdev[2]"]
    assert to_json(replace(ONE, opaque=(one,)))["opaque"] == ["domain/devices/hostdev"]


def test_a_host_name_that_is_the_name_is_no_loss() -> None:
    assert found(replace(ONE, hostname="one"), ONE) == []
    assert found(ONE, replace(ONE, hostname="one")) == []
    assert paths(replace(ONE, hostname="two"), ONE) == ["hostname"]


def test_capabilities_that_say_nothing_are_none() -> None:
    assert found(replace(ONE, capabilities=Capabilities()), ONE) == []
    spec = replace(ONE, capabilities=Capabilities(drop=("chown",)))
    assert paths(spec, ONE) == ["capabilities"]
    assert paths(spec, replace(ONE, capabilities=Capabilities(keep=("mknod",)))) == [
        "capabilities.keep",
        "capabilities.drop",
    ]


def test_thousands_of_interfaces_cost_little() -> None:
    many = tuple(Interface(name=f"e{at}") for at in range(4000))
    assert len(found(replace(ONE, interfaces=many), replace(ONE, interfaces=many[::2]))) == 2000


def test_what_is_added_is_not_explained_by_what_is_lost() -> None:
    lost_with = (Reason("interfaces", "it has none"),)
    back = replace(ONE, interfaces=(Interface(source="br0"),))
    (loss,) = losses(replace(ONE, interfaces=(Interface(),)), back, Dialect.VSERVER, lost_with)
    assert (loss.path, loss.why) == (
        "interfaces[0].source",
        "vserver says it in place of what it cannot say",
    )
