"""What happens when a container ends."""

from __future__ import annotations

from cloche_engine.core.compiling.refusal import refusal
from cloche_engine.definition.spec import ContainerSpec

_ENDS = {None, "destroy"}


def refuse_ending(spec: ContainerSpec) -> None:
    """UnsupportedError for what cannot follow an end yet."""
    if refused := _unsupported(spec):
        raise refusal(*refused)


def _unsupported(spec: ContainerSpec) -> tuple[str, str] | None:
    for name, action in (("on_poweroff", spec.on_poweroff), ("on_crash", spec.on_crash)):
        if action not in _ENDS:
            return f"<{name}>{action}</{name}> does not work yet", "write destroy, or remove it"
    return None
