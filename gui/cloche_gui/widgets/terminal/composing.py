"""What an input method composes before it becomes text."""

from dataclasses import dataclass

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QInputMethodEvent

HINTS = (
    Qt.InputMethodHint.ImhNoPredictiveText
    | Qt.InputMethodHint.ImhNoAutoUppercase
    | Qt.InputMethodHint.ImhSensitiveData
)
"""A shell's words are no prose: nothing is to be guessed, or kept."""


@dataclass(frozen=True, slots=True)
class Preedit:
    """Text that is not sent yet, and where in it the input method's cursor stands."""

    text: str = ""
    cursor: int | None = None


def preedit_of(event: QInputMethodEvent) -> Preedit:
    """What the input method shows now; a cursor of no length is one that it hides."""
    text = event.preeditString()
    for attribute in event.attributes():
        if attribute.type == QInputMethodEvent.AttributeType.Cursor:
            at = min(max(attribute.start, 0), len(text))
            return Preedit(text, at if attribute.length else None)
    return Preedit(text, len(text))
