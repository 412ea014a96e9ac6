"""`<lxc:namespace>`, libvirt's own: namespaces of the kernel that are another's."""

from __future__ import annotations

from cloche_engine.definition.schema.model import Attribute, ElementRule, Value

URI = "http://libvirt.org/schemas/domain/lxc/1.0"
PREFIX = "lxc"
NAMESPACE = f"{URI} namespace"
WAYS = {"net": ("netns", "name", "pid"), "ipc": ("name", "pid"), "uts": ("name", "pid")}
"""How the owner of each kind of namespace can be named (namespaces(7))."""

_WHAT = {
    "net": "interfaces and addresses are another's",
    "ipc": "shared memory, semaphores and message queues are another's",
    "uts": "the host name is another's",
}
_SAID = {
    "netns": "netns: one of ip-netns(8)",
    "name": "name: a container",
    "pid": "pid: a process of the host",
}


def _share(kind: str, ways: tuple[str, ...]) -> ElementRule:
    return ElementRule(
        f"{URI} share{kind}",
        (NAMESPACE,),
        _WHAT[kind],
        attributes=(
            Attribute(
                "type",
                Value.CHOICE,
                "; ".join(_SAID[way] for way in ways),
                required=True,
                choices=ways,
            ),
            Attribute("value", Value.LINE, "the name or the number of that one", required=True),
        ),
        default="one of its own",
        prefix=PREFIX,
    )


NAMESPACE_RULES: tuple[ElementRule, ...] = (
    ElementRule(NAMESPACE, ("domain",), "namespaces shared with others", prefix=PREFIX),
    *(_share(kind, ways) for kind, ways in WAYS.items()),
)
