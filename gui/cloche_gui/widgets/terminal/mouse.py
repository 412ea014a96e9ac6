"""What the mouse does: selects text, or is reported to a program that asked for it."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from PyQt6.QtCore import QObject, QPointF, Qt, QTimer
from PyQt6.QtGui import QGuiApplication, QMouseEvent, QWheelEvent

from cloche_gui.widgets.terminal import keys
from cloche_gui.widgets.terminal.core import Mode, TerminalCore
from cloche_gui.widgets.terminal.display import Display
from cloche_gui.widgets.terminal.encoders import MouseAction, MouseButton, MouseEncoder
from cloche_gui.widgets.terminal.marks import Unit
from cloche_gui.widgets.terminal.selection import Selector

_BUTTONS = {
    Qt.MouseButton.LeftButton: MouseButton.LEFT,
    Qt.MouseButton.RightButton: MouseButton.RIGHT,
    Qt.MouseButton.MiddleButton: MouseButton.MIDDLE,
}
_UNITS = (Unit.CHARACTER, Unit.WORD, Unit.LINE)
_NOTCH = 120
_AUTOSCROLL_MS = 40


@dataclass(frozen=True, slots=True)
class MouseEffects:
    """What the mouse brings about outside the terminal."""

    send: Callable[[bytes], None]
    changed: Callable[[], None]
    selected: Callable[[], None]
    paste_selection: Callable[[], None]
    zoom: Callable[[int], None]


class MouseHandler(QObject):
    """Follows the mouse over one terminal."""

    def __init__(
        self,
        parent: QObject,
        core: TerminalCore,
        display: Display,
        selector: Selector,
        effects: MouseEffects,
    ) -> None:
        super().__init__(parent)
        self._core, self._display, self._selector = core, display, selector
        self._effects = effects
        self._encoder = MouseEncoder(core)
        self.reports_allowed = True
        self._reported: set[Qt.MouseButton] = set()
        self._last_motion = b""
        self._clicks, self._clicked_at, self._clicked = 0, 0.0, QPointF()
        self._selecting = False
        self._pointer = QPointF()
        self._wheel = 0.0
        self._autoscroll = QTimer(self)
        self._autoscroll.setInterval(_AUTOSCROLL_MS)
        self._autoscroll.timeout.connect(self._scroll_while_dragging)

    def press(self, event: QMouseEvent) -> None:
        """A button goes down, also as the second click of two."""
        if self.is_reported(event.modifiers()):
            self._reported.add(event.button())
            self._report(MouseAction.PRESS, event.button(), event.position(), event.modifiers())
        elif event.button() is Qt.MouseButton.LeftButton:
            self._select(event)
        elif event.button() is Qt.MouseButton.MiddleButton:
            self._effects.paste_selection()

    def move(self, event: QMouseEvent) -> None:
        """The mouse moves, with a button down or without."""
        if self._selecting:
            self._drag_to(event.position())
        elif self._reported or (not event.buttons() and self.is_reported(event.modifiers())):
            button = next(iter(self._reported), Qt.MouseButton.NoButton)
            self._report(MouseAction.MOTION, button, event.position(), event.modifiers())

    def release(self, event: QMouseEvent) -> None:
        """A button goes up."""
        if event.button() in self._reported:
            self._reported.discard(event.button())
            self._report(MouseAction.RELEASE, event.button(), event.position(), event.modifiers())
        elif self._selecting and event.button() is Qt.MouseButton.LeftButton:
            self._selecting = False
            self._autoscroll.stop()
            self._effects.selected()

    def wheel(self, event: QWheelEvent) -> None:
        """Scrolls, or tells the program, or moves its cursor where there is no scrollback."""
        self._wheel += event.angleDelta().y() / _NOTCH
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._turn(1, self._effects.zoom)
        elif self.is_reported(event.modifiers()):
            self._turn(1, lambda steps: self._report_wheel(steps, event))
        elif self._core.alternate_screen:
            self._turn(self._lines(), self._send_arrows)
        else:
            self._turn(self._lines(), self._scroll)

    def _turn(self, lines: int, act: Callable[[int], None]) -> None:
        """Acts on whole steps, up being positive; a part of a step waits for the rest."""
        steps = int(self._wheel * lines)
        self._wheel -= steps / lines
        if steps:
            act(steps)

    def _lines(self) -> int:
        hints = QGuiApplication.styleHints()
        return max(1, hints.wheelScrollLines() if hints is not None else 3)

    def _scroll(self, steps: int) -> None:
        self._core.scroll_by(-steps)
        self._effects.changed()

    def _send_arrows(self, steps: int) -> None:
        if self.reports_allowed and self._core.mode(Mode.ALTERNATE_SCROLL):
            key = Qt.Key.Key_Up if steps > 0 else Qt.Key.Key_Down
            arrow = keys.encode(
                keys.Press(key, 0, ""), application_cursor=self._core.mode(Mode.APPLICATION_CURSOR)
            )
            self._effects.send(arrow * abs(steps))

    def _report_wheel(self, steps: int, event: QWheelEvent) -> None:
        button = MouseButton.WHEEL_UP if steps > 0 else MouseButton.WHEEL_DOWN
        for _ in range(abs(steps)):
            self._send_report(MouseAction.PRESS, button, event.position(), event.modifiers())

    def is_reported(self, held: Qt.KeyboardModifier) -> bool:
        """Whether the mouse is the program's; Shift takes it back."""
        shift = bool(held & Qt.KeyboardModifier.ShiftModifier)
        return self.reports_allowed and not shift and self._core.tracks_mouse

    def _report(
        self, action: MouseAction, button: Qt.MouseButton, place: QPointF, held: Qt.KeyboardModifier
    ) -> None:
        self._send_report(action, _BUTTONS.get(button, MouseButton.NONE), place, held)

    def _send_report(
        self, action: MouseAction, button: MouseButton, place: QPointF, held: Qt.KeyboardModifier
    ) -> None:
        self._encoder.set_size((self._core.columns, self._core.rows), self._display.cell_size)
        report = self._encoder.encode(
            action, button, self._display.grid_position(place), keys.modifiers(held),
            pressed=bool(self._reported),
        )  # fmt: skip
        repeated = action is MouseAction.MOTION and report == self._last_motion
        self._last_motion = report if action is MouseAction.MOTION else b""
        if report and self.reports_allowed and not repeated:
            self._effects.send(report)

    def _select(self, event: QMouseEvent) -> None:
        spot = self._display.spot_at(event.position())
        point = self._display.point_at(spot)
        self._selecting = True
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier and not self._core.tracks_mouse:
            self._selector.extend(point, right_half=spot.right_half)
        else:
            unit = _UNITS[self._count_click(event.position()) - 1]
            if event.modifiers() & Qt.KeyboardModifier.AltModifier:
                unit = Unit.BLOCK
            self._selector.press(point, unit, right_half=spot.right_half)
        self._effects.changed()

    def _count_click(self, place: QPointF) -> int:
        hints = QGuiApplication.styleHints()
        interval = hints.mouseDoubleClickInterval() / 1000 if hints is not None else 0.4
        near = (place - self._clicked).manhattanLength() < 6
        again = near and time.monotonic() - self._clicked_at < interval
        self._clicks = self._clicks % len(_UNITS) + 1 if again else 1
        self._clicked_at, self._clicked = time.monotonic(), place
        return self._clicks

    def _drag_to(self, place: QPointF) -> None:
        self._pointer = place
        if self._beyond():
            self._autoscroll.start()
        else:
            self._autoscroll.stop()
        spot = self._display.spot_at(place)
        self._selector.drag(self._display.point_at(spot), right_half=spot.right_half)
        self._effects.changed()

    def _beyond(self) -> int:
        """How many lines to scroll while the pointer is above or below the grid."""
        _, y = self._display.grid_position(self._pointer)
        height = self._display.cell_size[1]
        if y < 0:
            return int(y // height)
        return max(0, int((y - self._core.rows * height) // height) + 1)

    def _scroll_while_dragging(self) -> None:
        self._core.scroll_by(self._beyond())
        self._drag_to(self._pointer)
