"""Keys into an X display and pixels out of it, by Xlib, whatever program shows them."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import byref, c_char_p, c_int, c_long, c_uint, c_ulong, c_void_p
from dataclasses import dataclass

_Z_PIXMAP, _ALL_PLANES = 2, 0xFFFFFFFF
_IS_VIEWABLE = 2
_REVERT_TO_PARENT = 2
_POLL = 0.0001
_LONGEST = 2.0


class _Attributes(ctypes.Structure):
    """The head of XWindowAttributes, and room for its rest."""

    _fields_ = (
        ("x", c_int), ("y", c_int), ("width", c_int), ("height", c_int), ("border_width", c_int),
        ("depth", c_int), ("visual", c_void_p), ("root", c_ulong), ("c_class", c_int),
        ("bit_gravity", c_int), ("win_gravity", c_int), ("backing_store", c_int),
        ("backing_planes", c_ulong), ("backing_pixel", c_ulong), ("save_under", c_int),
        ("colormap", c_ulong), ("map_installed", c_int), ("map_state", c_int),
        ("rest", c_long * 8),
    )  # fmt: skip


class _Image(ctypes.Structure):
    """The head of XImage."""

    _fields_ = (
        ("width", c_int), ("height", c_int), ("xoffset", c_int), ("format", c_int),
        ("data", c_void_p), ("byte_order", c_int), ("bitmap_unit", c_int),
        ("bitmap_bit_order", c_int), ("bitmap_pad", c_int), ("depth", c_int),
        ("bytes_per_line", c_int),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Area:
    """A part of the screen."""

    left: int
    top: int
    width: int
    height: int


class Display:
    """One X display."""

    def __init__(self, name: str) -> None:
        self._x = ctypes.CDLL("libX11.so.6")
        self._test = ctypes.CDLL("libXtst.so.6")
        for function, result, *arguments in (
            ("XOpenDisplay", c_void_p, c_char_p),
            ("XDefaultRootWindow", c_ulong, c_void_p),
            ("XGetImage", ctypes.POINTER(_Image), c_void_p, c_ulong, c_int, c_int, c_uint, c_uint,
             c_ulong, c_int),
            ("XDestroyImage", c_int, ctypes.POINTER(_Image)),
            ("XQueryTree", c_int, c_void_p, c_ulong, c_void_p, c_void_p, c_void_p, c_void_p),
            ("XGetWindowAttributes", c_int, c_void_p, c_ulong, c_void_p),
            ("XSetInputFocus", c_int, c_void_p, c_ulong, c_int, c_ulong),
            ("XStringToKeysym", c_ulong, c_char_p),
            ("XKeysymToKeycode", ctypes.c_ubyte, c_void_p, c_ulong),
            ("XSync", c_int, c_void_p, c_int),
            ("XFree", c_int, c_void_p),
            ("XCloseDisplay", c_int, c_void_p),
        ):  # fmt: skip
            getattr(self._x, function).restype = result
            getattr(self._x, function).argtypes = arguments
        self._test.XTestFakeKeyEvent.argtypes = (c_void_p, c_uint, c_int, c_ulong)
        self._display = self._x.XOpenDisplay(name.encode())
        if not self._display:
            raise OSError(f"the display {name} cannot be opened")
        self._root = self._x.XDefaultRootWindow(self._display)

    def close(self) -> None:
        """Let go of the display."""
        self._x.XCloseDisplay(self._display)

    def window(self) -> tuple[int, Area] | None:
        """The largest window that is shown."""
        children, count = ctypes.POINTER(c_ulong)(), c_uint()
        root, parent = c_ulong(), c_ulong()
        self._x.XQueryTree(
            self._display, self._root, byref(root), byref(parent), byref(children), byref(count)
        )
        shown = [(one, self._area(one)) for one in children[: count.value]]
        if count.value:
            self._x.XFree(children)
        found = [(one, area) for one, area in shown if area is not None]
        return max(found, key=lambda one: one[1].width * one[1].height, default=None)

    def _area(self, window: int) -> Area | None:
        about = _Attributes()
        self._x.XGetWindowAttributes(self._display, window, byref(about))
        if about.map_state != _IS_VIEWABLE:
            return None
        return Area(about.x, about.y, about.width, about.height)

    def focus(self, window: int) -> None:
        """Gives the keyboard to a window."""
        self._x.XSetInputFocus(self._display, window, _REVERT_TO_PARENT, 0)
        self._x.XSync(self._display, 0)

    def press(self, key: str) -> None:
        """Presses and releases a key of this name."""
        code = self._x.XKeysymToKeycode(self._display, self._x.XStringToKeysym(key.encode()))
        for down in (1, 0):
            self._test.XTestFakeKeyEvent(self._display, code, down, 0)
        self._x.XSync(self._display, 0)

    def pixels(self, area: Area) -> bytes:
        """The pixels there, four bytes each, row by row."""
        image = self._x.XGetImage(
            self._display, self._root, area.left, area.top, area.width, area.height,
            _ALL_PLANES, _Z_PIXMAP,
        )  # fmt: skip
        size = image.contents.bytes_per_line * area.height
        data = ctypes.string_at(image.contents.data, size)
        self._x.XDestroyImage(image)
        return data

    def milliseconds_until_change(self, area: Area, key: str) -> float:
        """From a key going down until these pixels are others."""
        before = self.pixels(area)
        start = time.perf_counter()
        self.press(key)
        while self.pixels(area) == before:
            if time.perf_counter() - start > _LONGEST:
                raise TimeoutError("a key changed nothing on the screen")
            time.sleep(_POLL)
        return (time.perf_counter() - start) * 1000

    def changing_area(self, area: Area, key: str, wait: float = 0.4) -> Area:
        """The smallest part around what a key changes."""
        before = self.pixels(area)
        self.press(key)
        time.sleep(wait)
        after = self.pixels(area)
        places = [
            at // 4 for at in range(0, len(before), 4) if before[at : at + 3] != after[at : at + 3]
        ]
        if not places:
            raise TimeoutError("a key changed nothing in the window")
        columns, rows = [at % area.width for at in places], [at // area.width for at in places]
        return Area(
            area.left + min(columns), area.top + min(rows),
            max(columns) - min(columns) + 1, max(rows) - min(rows) + 1,
        )  # fmt: skip


@contextmanager
def opened(name: str) -> Iterator[Display]:
    """A connection to a display, closed afterwards."""
    display = Display(name)
    try:
        yield display
    finally:
        display.close()
