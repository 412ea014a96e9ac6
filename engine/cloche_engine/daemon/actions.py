"""What polkit is asked: one action for each kind of call."""

from __future__ import annotations

from enum import StrEnum


class Action(StrEnum):
    """Ids as in resources/polkit; the words say what was wanted when it is refused."""

    LIST = "org.cloche.engine1.list"
    READ = "org.cloche.engine1.read"
    MANAGE = "org.cloche.engine1.manage"
    CONSOLE = "org.cloche.engine1.console"
    DEFINE = "org.cloche.engine1.define"
    TEMPLATES = "org.cloche.engine1.templates"

    @property
    def words(self) -> str:
        """What a person wants to do who asks for this."""
        return _WORDS[self]


_WORDS = {
    Action.LIST: "see which containers there are",
    Action.READ: "read definitions and logs of containers",
    Action.MANAGE: "start and stop containers",
    Action.CONSOLE: "use the console of a container",
    Action.DEFINE: "define, change or delete containers",
    Action.TEMPLATES: "make or remove templates",
}
