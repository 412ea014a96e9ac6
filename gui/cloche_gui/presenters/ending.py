"""How a container's program ended, in a sentence with the next step."""

from __future__ import annotations

import signal
from dataclasses import dataclass

from cloche_engine.api.errors import EngineError
from cloche_engine.api.model import Container, State
from cloche_gui.presenters.notice import sentence
from cloche_gui.presenters.remedy import Place, in_window, place_of_error, place_of_step


@dataclass(frozen=True, slots=True)
class Ending:
    """What happened, and what to do about it."""

    text: str
    hint: str = ""
    bad: bool = False
    place: Place | None = None
    """Where in the definition the next step is."""


def ending(container: Container) -> Ending | None:
    """What to say of a container that does not run; None where there is nothing to say."""
    if container.state.is_live and container.state is not State.WAITING:
        return None
    if container.error:
        return _trouble(
            container.error, container.hint, container.name, place_of_step(container.hint)
        )
    if container.state is State.FAILED:
        return Ending("The container failed.", "See what its program said last below.", bad=True)
    if container.exit_code is None:
        return None
    return exit_ending(container.exit_code)


def failed_start(error: EngineError, name: str) -> Ending:
    """What to say of a start of the container `name` that failed."""
    return _trouble(error.message, error.hint, name, place_of_error(error))


def _trouble(message: str, hint: str, name: str, place: Place | None) -> Ending:
    said, step = (sentence(in_window(text), name) for text in (message, hint))
    return Ending(said, step, bad=True, place=place)


def exit_ending(code: int, *, out_of_memory: bool = False) -> Ending:
    """What an exit status means; 128 + N stands for signal N."""
    if out_of_memory:
        return Ending(
            "The program was killed because it reached the memory limit.",
            "Raise the limit in Settings, then start it again.",
            bad=True,
            place=place_of_step("<memory>"),
        )
    name = _signal_name(code)
    if name:
        return Ending(f"The program was ended by {name} (status {code}).")
    return Ending(f"The program ended with status {code}.", bad=code != 0)


def not_started() -> Ending:
    """What stands over the console of a container that never ran."""
    return Ending("It has not been started yet.")


def _signal_name(code: int) -> str:
    try:
        return signal.Signals(code - 128).name if code > 128 else ""
    except ValueError:
        return ""
