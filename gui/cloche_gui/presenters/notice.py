"""What the window tells its user: a title, one sentence and the next step."""

from __future__ import annotations

import html
from dataclasses import dataclass
from enum import StrEnum

from cloche_engine.api import shown
from cloche_engine.api.errors import EngineError
from cloche_gui.presenters.remedy import in_window


class Tone(StrEnum):
    """How a notice is meant; it is shown by icon and colour."""

    INFO = "info"
    SUCCESS = "success"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Notice:
    """One message for the user."""

    tone: Tone
    title: str
    text: str = ""
    hint: str = ""

    @property
    def spoken(self) -> str:
        """All of it in one line, for a screen reader and for tests."""
        return " ".join(part for part in (self.title + ".", self.text, self.hint) if part)


_NOTHING_IS_LOST = "Your containers go on and nothing you edited is lost."


def without_helper(problem: EngineError | None) -> Notice:
    """What to say while the window tries to connect again; problem is why nobody answers."""
    if problem is None:
        title, hint = "The helper went away", "Reconnecting …"
        return Notice(Tone.WARNING, title, _NOTHING_IS_LOST, hint)
    text = f"{sentence(problem.message)} {sentence(problem.hint)}"
    return Notice(Tone.WARNING, "The helper does not answer", text, _NOTHING_IS_LOST)


def failure(title: str, error: EngineError, name: str = "") -> Notice:
    """A failed call as a notice; name is that of the container it was for."""
    message, hint = (sentence(in_window(text), name) for text in (error.message, error.hint))
    return Notice(Tone.ERROR, title, message, hint)


def sentence(text: str, name: str = "") -> str:
    """The text with a capital letter and a full stop, as messages of the engine may lack both.

    A name at its beginning, that of a container, stays as it is. Controls are written out.
    """
    text = shown.line(text)
    if not text:
        return ""
    begins_with_name = name and text.split()[0].strip("'“”:,") == name
    if text[:1].islower() and " " in text and not begins_with_name:
        text = text[0].upper() + text[1:]
    return text if text.endswith((".", "!", "?", "…")) else text + "."


def plain_tip(text: str) -> str:
    """A tooltip in these very words: Qt takes text with a tag in it for HTML."""
    return f"<span>{html.escape(text)}</span>" if "<" in text else text
