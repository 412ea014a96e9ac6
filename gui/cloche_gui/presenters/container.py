"""One container in words: its state, what may be done with it, and why not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from cloche_engine.api.model import Container, State


class Action(StrEnum):
    """What a user may do with a container."""

    START = "start"
    STOP = "stop"
    KILL = "kill"
    PAUSE = "pause"
    RESUME = "resume"
    RESTART = "restart"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Availability:
    """Whether an action can be taken now, and if not, why not."""

    enabled: bool
    why_not: str = ""


SHARED_ROOT_NOTE = (
    "This container shares the host's root read-only: you cannot install software in this one."
)
PRIVATE_NOTE = "Private helper: whoever passed the password prompt may do everything here"

_WORDS = {
    State.STOPPED: "Stopped",
    State.STARTING: "Starting",
    State.RUNNING: "Running",
    State.PAUSED: "Paused",
    State.STOPPING: "Stopping",
    State.WAITING: "Waiting",
    State.FAILED: "Failed",
}
_VERBS = {
    Action.START: "Start",
    Action.STOP: "Stop",
    Action.KILL: "Kill",
    Action.PAUSE: "Pause",
    Action.RESUME: "Resume",
    Action.RESTART: "Restart",
    Action.DELETE: "Delete",
}
_DOING = {
    Action.START: "Starting",
    Action.STOP: "Stopping",
    Action.KILL: "Killing",
    Action.PAUSE: "Pausing",
    Action.RESUME: "Resuming",
    Action.RESTART: "Restarting",
    Action.DELETE: "Deleting",
}
_HELP = {
    Action.START: "Start its program",
    Action.STOP: "Ask its program to end; kill it where it does not",
    Action.KILL: "End everything in it at once; unsaved work inside is lost",
    Action.PAUSE: "Freeze its processes where they are",
    Action.RESUME: "Let its frozen processes go on",
    Action.RESTART: "Stop it, then start it again",
    Action.DELETE: "Remove its definition; files in its mounts stay",
}


def state_word(state: State) -> str:
    """The state as a person reads it."""
    return _WORDS[state]


def verb(action: Action) -> str:
    """What the button says."""
    return _VERBS[action]


def doing(action: Action, name: str) -> str:
    """What the progress line says."""
    return f"{_DOING[action]} “{name}”"


def could_not(action: Action, name: str) -> str:
    """The title of a failure."""
    return f"Could not {_VERBS[action].lower()} “{name}”"


def help_text(action: Action) -> str:
    """What the action does, for a tooltip."""
    return _HELP[action]


def obstacle(busy: str, *, connected: bool) -> str:
    """Why nothing can be begun now, given the progress line of what is under way."""
    if not connected:
        return "The helper is not connected: wait until it is back."
    return f"{busy}: wait for its end or cancel it." if busy else ""


def availability(action: Action, container: Container | None, obstacle: str = "") -> Availability:
    """Whether `action` can be taken on `container`, or what stands in the way."""
    if container is None:
        return Availability(enabled=False, why_not="Choose a container in the list first.")
    if obstacle:
        return Availability(enabled=False, why_not=obstacle)
    if _possible(action, container.state):
        return Availability(enabled=True)
    return Availability(enabled=False, why_not=_why_not(action, container.state))


def _possible(action: Action, state: State) -> bool:
    match action:
        case Action.START:
            return state.can_start
        case Action.STOP | Action.RESTART:
            return state.can_stop
        case Action.KILL:
            return state.can_kill
        case Action.PAUSE:
            return state.can_pause
        case Action.RESUME:
            return state.can_resume
        case Action.DELETE:
            return state.can_delete


def _why_not(action: Action, state: State) -> str:
    word = state_word(state).lower()
    match action:
        case Action.START:
            return f"It is {word}: it can be started when it is stopped."
        case Action.DELETE:
            return f"It is {word}: stop it first, then delete it."
        case Action.RESUME:
            return f"It is {word}: only a paused container can be resumed."
        case Action.PAUSE:
            return f"It is {word}: only a running container can be paused."
        case _:
            return f"It is {word}: there is nothing to {_VERBS[action].lower()}."


def subtitle(container: Container) -> str:
    """State and addresses in one line."""
    return " · ".join((state_word(container.state), *_plain(container.addresses)))


def row_text(container: Container) -> str:
    """The state and the first address, for a narrow line; how many there are besides."""
    first, *others = _plain(container.addresses) or [""]
    more = f"+{len(others)}" if others else ""
    found = " ".join(part for part in (first, more) if part)
    return " · ".join(part for part in (state_word(container.state), found) if part)


def row_tip(container: Container) -> str:
    """What a row of the list has no room for."""
    return "\n".join(part for part in (container.title, subtitle(container)) if part)


def spoken(container: Container) -> str:
    """Name, state and addresses for a screen reader."""
    words = (container.name, state_word(container.state).lower(), *_plain(container.addresses))
    return ", ".join(words)


def _plain(addresses: tuple[str, ...]) -> list[str]:
    """Addresses without their prefixes: who looks for one to connect to needs no mask."""
    return [address.partition("/")[0] for address in addresses]


def summary(containers: Sequence[Container]) -> str:
    """How many there are, and how many of them run."""
    running = sum(container.state.is_live for container in containers)
    count = len(containers)
    return f"{count} container{'' if count == 1 else 's'}, {running} running" if count else ""


def known_addresses(container: Container) -> tuple[str, ...]:
    """Those that it holds, and those that it will ask for at its next start."""
    return tuple(dict.fromkeys((*container.addresses, *container.static_addresses)))


def matches(container: Container, search: str) -> bool:
    """Whether every word of `search` occurs in name, title, state or address."""
    shown = container.name, container.title, state_word(container.state)
    text = " ".join((*shown, *known_addresses(container))).casefold()
    return all(word in text for word in search.casefold().split())


def sort_key(container: Container) -> tuple[str, str]:
    """Order of the list: by name, without regard to case."""
    return container.name.casefold(), container.uuid


def delete_question(name: str) -> tuple[str, str]:
    """The question before a container is deleted, and what it means."""
    return (
        f"Delete “{name}”?",
        "Its definition is removed for good. Files in its mounted directories stay as they are.",
    )
