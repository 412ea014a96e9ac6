"""A tree that cannot be used, in words."""

from __future__ import annotations

from cloche_engine.sandbox.plan.mounts import MountPlan


class TreeRefusedError(Exception):
    """A tree cannot be used; message and hint are sentences, the mount is the one to blame."""

    def __init__(self, message: str, hint: str, mount: MountPlan | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.mount = mount
