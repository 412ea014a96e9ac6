"""Keys and mouse events at cells of a console."""

from typing import Any, cast

from PyQt6.QtCore import QPoint, QPointF, Qt
from PyQt6.QtGui import QWheelEvent
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QWidget  # noqa: TID251 - it acts on them

from cloche_gui.widgets.terminal.widget import TerminalWidget

NONE = Qt.KeyboardModifier.NoModifier
LEFT, MIDDLE, RIGHT = (
    Qt.MouseButton.LeftButton,
    Qt.MouseButton.MiddleButton,
    Qt.MouseButton.RightButton,
)
_events = cast("Any", QTest)  # the stubs take its static methods for methods of an instance


def at(console: TerminalWidget, row: int, column: float) -> QPoint:
    """A place in a cell; .0 is near its left edge, .9 near its right."""
    display = console._display
    width, height = (side / display.scale for side in display.cell_size)
    return QPoint(round(4 + column * width + 0.5), round(4 + row * height + height / 2))


def tap(target: QWidget, which: Qt.Key, held: Qt.KeyboardModifier = NONE) -> None:
    """Presses and releases a key."""
    _events.keyClick(target, which, held)


def key_in_window(target: QWidget, which: Qt.Key, held: Qt.KeyboardModifier = NONE) -> None:
    """Presses a key as the desktop does, so that shortcuts see it."""
    _events.keyClick(target.window().windowHandle(), which, held)  # type: ignore[union-attr]


def type_text(target: QWidget, text: str) -> None:
    """Types these characters."""
    _events.keyClicks(target, text)


def press(
    target: QWidget, place: QPoint, button: Qt.MouseButton = LEFT, held: Qt.KeyboardModifier = NONE
) -> None:
    """Puts a button down."""
    _events.mousePress(target, button, held, place)


def release(
    target: QWidget, place: QPoint, button: Qt.MouseButton = LEFT, held: Qt.KeyboardModifier = NONE
) -> None:
    """Lets a button go."""
    _events.mouseRelease(target, button, held, place)


def move(target: QWidget, place: QPoint) -> None:
    """Moves the pointer."""
    _events.mouseMove(target, place)


def click(target: QWidget, place: QPoint, button: Qt.MouseButton = LEFT) -> None:
    """Clicks once."""
    _events.mouseClick(target, button, NONE, place)


def double_click(target: QWidget, place: QPoint) -> None:
    """Clicks twice."""
    _events.mouseDClick(target, LEFT, NONE, place)


def drag(
    console: TerminalWidget, start: QPoint, end: QPoint, held: Qt.KeyboardModifier = NONE
) -> None:
    """Drags with the left button."""
    press(console, start, LEFT, held)
    move(console, end)
    release(console, end, LEFT, held)


def turn_wheel(console: TerminalWidget, notches: int, held: Qt.KeyboardModifier = NONE) -> None:
    """Turns the wheel over the middle, up if positive."""
    place = QPointF(console.rect().center())
    turned, still = QPoint(0, 120 * notches), QPoint()
    event = QWheelEvent(
        place,
        console.mapToGlobal(place),
        still,
        turned,
        Qt.MouseButton.NoButton,
        held,
        Qt.ScrollPhase.NoScrollPhase,
        False,  # noqa: FBT003 - not inverted; Qt takes no keyword here
    )
    QApplication.sendEvent(console, event)
