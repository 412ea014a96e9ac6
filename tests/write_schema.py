"""Writes resources/schema/linuxcontainer.rng from the schema: python -m tests.write_schema."""

from __future__ import annotations

from pathlib import Path

from cloche_engine.definition.schema.linuxcontainer import SCHEMA
from cloche_engine.definition.schema.relaxng import relax_ng

if __name__ == "__main__":
    folder = Path(__file__).parents[1] / "resources" / "schema"
    folder.mkdir(exist_ok=True)
    (folder / "linuxcontainer.rng").write_text(relax_ng(SCHEMA))
