"""Why a network is not made."""

from __future__ import annotations

from cloche_engine.sandbox.plan.links import LinkPlan


class NetworkRefusedError(Exception):
    """The network cannot be made as the definition wants it; message and hint are sentences."""

    def __init__(self, message: str, hint: str, link: LinkPlan) -> None:
        super().__init__(message)
        self.link = link
        self.message = message
        self.hint = hint
