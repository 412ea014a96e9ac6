"""Where an engine keeps things."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Places:
    """Where an engine keeps things; `instance` sets its groups and links apart from others'."""

    directory: Path
    runtime: Path
    instance: str

    @property
    def groups(self) -> str:
        """Where the control groups of its containers lie in each tree."""
        return f"cloche/{self.instance}"

    def log(self, uuid: str) -> Path:
        """What the console said last."""
        return self.directory / "logs" / f"{uuid}.log"

    def start_record(self, uuid: str) -> Path:
        """How the last start went, step by step."""
        return self.directory / "logs" / f"{uuid}.start"

    def again_record(self, uuid: str) -> Path:
        """How often it was started again, and when next."""
        return self.directory / "logs" / f"{uuid}.again"

    def of_run(self, uuid: str) -> tuple[Path, ...]:
        """All that is kept of the last run of a container."""
        kept = (self.log, self.exit_record, self.start_record, self.again_record)
        return tuple(place(uuid) for place in kept)

    def exit_record(self, uuid: str) -> Path:
        """How the last run ended."""
        return self.directory / "logs" / f"{uuid}.json"

    @property
    def profiles(self) -> Path:
        """Compiled profiles of AppArmor."""
        return self.directory / "profiles"

    @property
    def templates(self) -> Path:
        """Root trees that containers are made from, each in a folder of its name."""
        return self.directory / "templates"

    def template_tree(self, name: str) -> Path:
        """The tree of a template."""
        return self.templates / name / "root"

    def copies(self, uuid: str) -> Path:
        """What a container wrote to its copies of templates."""
        return self.directory / "copies" / uuid
