"""The colours of a console."""

from dataclasses import dataclass, field

from PyQt6.QtGui import QPalette

_CUBE = (0, 95, 135, 175, 215, 255)


@dataclass(frozen=True, slots=True)
class Theme:
    """Default and named colours, those of cursor, selection and matches, as 0xRRGGBB."""

    foreground: int
    background: int
    cursor: int
    cursor_text: int
    selection: int
    selection_text: int
    match: int
    match_text: int
    named: tuple[int, ...]
    palette: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "palette", self.named + _cube() + _greys())

    @property
    def focus(self) -> int:
        """The mark of the keyboard: blue, as it is chosen to be read on the background."""
        return self.named[4]


def _cube() -> tuple[int, ...]:
    return tuple(
        red << 16 | green << 8 | blue for red in _CUBE for green in _CUBE for blue in _CUBE
    )


def _greys() -> tuple[int, ...]:
    return tuple((8 + 10 * step) * 0x010101 for step in range(24))


def mix(color: int, other: int, share: float) -> int:
    """`share` of the first colour, the rest of the second."""
    parts = ((color >> shift & 255, other >> shift & 255) for shift in (16, 8, 0))
    red, green, blue = (round(one * share + two * (1 - share)) for one, two in parts)
    return red << 16 | green << 8 | blue


DARK = Theme(
    foreground=0xD8DEE4,
    background=0x16191D,
    cursor=0xE8EEF4,
    cursor_text=0x16191D,
    selection=0x34598A,
    selection_text=0xFFFFFF,
    match=0xE0B050,
    match_text=0x16191D,
    named=(
        0x2A2F36, 0xF0716B, 0x6CC070, 0xE0B050, 0x6CA4F0, 0xC78BE0, 0x52BFC4, 0xC3CAD2,
        0x6E7782, 0xFF938C, 0x8FDB92, 0xF5CC78, 0x93BFFF, 0xDDAAF2, 0x7BDCE0, 0xFFFFFF,
    ),
)  # fmt: skip

LIGHT = Theme(
    foreground=0x24292E,
    background=0xFFFFFF,
    cursor=0x24292E,
    cursor_text=0xFFFFFF,
    selection=0xB3D4FC,
    selection_text=0x10151A,
    match=0xFFE08A,
    match_text=0x24292E,
    named=(
        0x24292E, 0xB3261E, 0x1E7B34, 0x8A6100, 0x0B5CC5, 0x8433A8, 0x0E7A80, 0x6A737D,
        0x57606A, 0xD1372E, 0x2A9245, 0xA87700, 0x2A74E0, 0x9C4BC2, 0x17929A, 0x8C959F,
    ),
)  # fmt: skip


def theme_for(palette: QPalette) -> Theme:
    """The theme that goes with the colours of a window."""
    lightness = palette.color(QPalette.ColorRole.Base).lightness()
    return DARK if lightness < 128 else LIGHT
