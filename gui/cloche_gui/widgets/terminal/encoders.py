"""What the core encodes for us: the mouse, the focus, and keys of the kitty protocol."""

from enum import IntEnum

from pyghostty import ffi, lib

from cloche_gui.widgets.terminal import keys
from cloche_gui.widgets.terminal.core import Mode, TerminalCore

FOCUS_IN, FOCUS_OUT = b"\x1b[I", b"\x1b[O"


class MouseAction(IntEnum):
    """What a mouse did."""

    PRESS = 0
    RELEASE = 1
    MOTION = 2


class MouseButton(IntEnum):
    """Buttons as the protocol counts them; the wheel is buttons four to seven."""

    NONE = 0
    LEFT = 1
    RIGHT = 2
    MIDDLE = 3
    WHEEL_UP = 4
    WHEEL_DOWN = 5
    WHEEL_LEFT = 6
    WHEEL_RIGHT = 7


class MouseEncoder:
    """Turns mouse events into the reports that the program asked for."""

    def __init__(self, core: TerminalCore) -> None:
        self._core = core
        encoder, event = ffi.new("GhosttyMouseEncoder*"), ffi.new("GhosttyMouseEvent*")
        lib.ghostty_mouse_encoder_new(ffi.NULL, encoder)
        lib.ghostty_mouse_event_new(ffi.NULL, event)
        self._encoder = ffi.gc(encoder[0], lib.ghostty_mouse_encoder_free)
        self._event = ffi.gc(event[0], lib.ghostty_mouse_event_free)

    def set_size(self, grid: tuple[int, int], cell: tuple[int, int]) -> None:
        """The size of the grid (columns, rows) and of a cell, in pixels of the positions."""
        size = ffi.new("GhosttyMouseEncoderSize*")
        size.size = ffi.sizeof("GhosttyMouseEncoderSize")
        size.screen_width, size.screen_height = grid[0] * cell[0], grid[1] * cell[1]
        size.cell_width, size.cell_height = cell
        self._option("SIZE", size)

    def encode(
        self, action: MouseAction, button: MouseButton, position: tuple[float, float],
        modifiers: int, *, pressed: bool,
    ) -> bytes:  # fmt: skip
        """The report, or nothing if the program does not want this event."""
        lib.ghostty_mouse_encoder_setopt_from_terminal(self._encoder, self._core.handle)
        self._option("ANY_BUTTON_PRESSED", ffi.new("bool*", pressed))
        lib.ghostty_mouse_event_set_action(self._event, int(action))
        if button is MouseButton.NONE:
            lib.ghostty_mouse_event_clear_button(self._event)
        else:
            lib.ghostty_mouse_event_set_button(self._event, int(button))
        lib.ghostty_mouse_event_set_mods(self._event, modifiers)
        lib.ghostty_mouse_event_set_position(self._event, {"x": position[0], "y": position[1]})
        return _encoded(lib.ghostty_mouse_encoder_encode, self._encoder, self._event)

    def _option(self, name: str, value: object) -> None:
        option = getattr(lib, f"GHOSTTY_MOUSE_ENCODER_OPT_{name}")
        lib.ghostty_mouse_encoder_setopt(self._encoder, option, value)


class KeyEncoder:
    """Encodes keys as the program asked: classic, or by the kitty keyboard protocol."""

    def __init__(self, core: TerminalCore) -> None:
        self._core = core
        encoder, event = ffi.new("GhosttyKeyEncoder*"), ffi.new("GhosttyKeyEvent*")
        lib.ghostty_key_encoder_new(ffi.NULL, encoder)
        lib.ghostty_key_event_new(ffi.NULL, event)
        self._encoder = ffi.gc(encoder[0], lib.ghostty_key_encoder_free)
        self._event = ffi.gc(event[0], lib.ghostty_key_event_free)

    def encode(self, press: keys.Press) -> bytes:
        """The bytes of a pressed key; empty if it types nothing."""
        if self._core.keyboard_flags:
            return self._encode_kitty(press)
        return keys.encode(
            press,
            application_cursor=self._core.mode(Mode.APPLICATION_CURSOR),
            backspace_is_bs=self._core.mode(Mode.BACKARROW_IS_BACKSPACE),
        )

    def _encode_kitty(self, press: keys.Press) -> bytes:
        lib.ghostty_key_encoder_setopt_from_terminal(self._encoder, self._core.handle)
        name = getattr(lib, f"GHOSTTY_KEY_{press.library_name}")
        utf8 = ffi.new("char[]", press.text.encode("utf-8", "ignore"))
        lib.ghostty_key_event_set_action(self._event, int(press.action))
        lib.ghostty_key_event_set_key(self._event, name)
        lib.ghostty_key_event_set_mods(self._event, press.modifiers)
        used = press.modifiers & keys.SHIFT if press.text.isprintable() and press.text else 0
        lib.ghostty_key_event_set_consumed_mods(self._event, used)
        lib.ghostty_key_event_set_utf8(self._event, utf8, len(utf8) - 1)
        lib.ghostty_key_event_set_unshifted_codepoint(self._event, press.unshifted)
        return _encoded(lib.ghostty_key_encoder_encode, self._encoder, self._event)


def focus_report(core: TerminalCore, *, focused: bool) -> bytes:
    """What a program that wants to know about the focus is told."""
    if not core.mode(Mode.FOCUS_EVENTS):
        return b""
    return FOCUS_IN if focused else FOCUS_OUT


def _encoded(encode: "ffi.CData", encoder: "ffi.CData", event: "ffi.CData") -> bytes:
    out, length = ffi.new("char[128]"), ffi.new("size_t*")
    if encode(encoder, event, out, len(out), length):
        return b""
    return bytes(ffi.buffer(out, length[0]))
