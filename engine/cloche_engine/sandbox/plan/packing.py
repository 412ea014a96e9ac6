"""What a plan is made of as JSON: nothing is copied on the way, as dataclasses.asdict would."""

from __future__ import annotations

import json
from typing import Any


def packed(part: object) -> str:
    """One line for a dataclass with slots, whatever others are in it."""
    return json.dumps(part, default=_fields, ensure_ascii=False)


def _fields(part: Any) -> dict[str, Any]:
    return {name: getattr(part, name) for name in part.__slots__}
