"""Light and dark: one set of colours for each."""

from __future__ import annotations

from dataclasses import dataclass

from PyQt6.QtGui import QColor, QPalette
from PyQt6.QtWidgets import QApplication

from cloche_gui.presenters.notice import Tone


@dataclass(frozen=True, slots=True)
class Colors:
    """The colours of one scheme, as #rrggbb; every text keeps 4.5:1 on its ground."""

    window: str
    base: str
    alternate: str
    text: str
    faint: str
    disabled: str
    button: str
    border: str
    mark: str
    accent: str
    link: str
    running: str
    paused: str
    failed: str
    tones: dict[Tone, str]
    grounds: dict[Tone, str]


LIGHT = Colors(
    window="#f4f4f6",
    base="#ffffff",
    alternate="#f0f1f4",
    text="#1c1d21",
    faint="#5b5e68",
    disabled="#8d909a",
    button="#fbfbfc",
    border="#cfd1d8",
    mark="#8b8e99",
    accent="#2f6bdb",
    link="#1f55bd",
    running="#1b8540",
    paused="#9a6200",
    failed="#c4302b",
    tones={
        Tone.INFO: "#2459b8",
        Tone.SUCCESS: "#1b7a3c",
        Tone.WARNING: "#8a5700",
        Tone.ERROR: "#b3261e",
    },
    grounds={
        Tone.INFO: "#e6eefc",
        Tone.SUCCESS: "#e3f4e8",
        Tone.WARNING: "#fdf1d8",
        Tone.ERROR: "#fce6e4",
    },
)
DARK = Colors(
    window="#232428",
    base="#1a1b1e",
    alternate="#26272c",
    text="#ececef",
    faint="#a6a9b4",
    disabled="#737682",
    button="#303136",
    border="#44464e",
    mark="#7d818d",
    accent="#3a74e0",
    link="#8ab4ff",
    running="#4cc274",
    paused="#e0a33c",
    failed="#ff7b72",
    tones={
        Tone.INFO: "#8ab4ff",
        Tone.SUCCESS: "#63d58b",
        Tone.WARNING: "#f0b95a",
        Tone.ERROR: "#ff8f87",
    },
    grounds={
        Tone.INFO: "#22304c",
        Tone.SUCCESS: "#1f3a2a",
        Tone.WARNING: "#43351a",
        Tone.ERROR: "#4a2625",
    },
)


def palette(colors: Colors) -> QPalette:
    """The Qt palette of a scheme."""
    role, made = QPalette.ColorRole, QPalette(QColor(colors.button), QColor(colors.window))
    for key, value in {
        role.Window: colors.window,
        role.WindowText: colors.text,
        role.Base: colors.base,
        role.AlternateBase: colors.alternate,
        role.Text: colors.text,
        role.Button: colors.button,
        role.ButtonText: colors.text,
        role.BrightText: "#ffffff",
        role.PlaceholderText: colors.faint,
        role.Highlight: colors.accent,
        role.HighlightedText: "#ffffff",
        role.Link: colors.link,
        role.LinkVisited: colors.link,
        role.ToolTipBase: colors.base,
        role.ToolTipText: colors.text,
    }.items():
        made.setColor(key, QColor(value))
    for key in (role.WindowText, role.Text, role.ButtonText, role.PlaceholderText):
        made.setColor(QPalette.ColorGroup.Disabled, key, QColor(colors.disabled))
    made.setColor(QPalette.ColorGroup.Disabled, role.Base, QColor(colors.window))
    made.setColor(QPalette.ColorGroup.Disabled, role.Highlight, QColor(colors.border))
    return made


def is_dark() -> bool:
    """Whether the application's palette is a dark one."""
    return QApplication.palette().color(QPalette.ColorRole.Window).lightness() < 128


def colors() -> Colors:
    """The colours in use now."""
    return DARK if is_dark() else LIGHT
