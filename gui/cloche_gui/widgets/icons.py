"""Our own icons: one SVG per name, drawn in the colour of the text they stand beside."""

from __future__ import annotations

import functools
from pathlib import Path

from PyQt6.QtCore import QByteArray, QRect, QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QGuiApplication, QIcon, QIconEngine, QPainter, QPalette, QPixmap
from PyQt6.QtSvg import QSvgRenderer

_HERE = Path(__file__).resolve()
_PLACES = (_HERE.parents[1] / "icons", _HERE.parents[3] / "resources" / "icons")


class _SvgEngine(QIconEngine):
    """Paints an SVG in the palette's colour at the time of painting, so a theme change shows."""

    def __init__(self, name: str, color: QColor | None = None) -> None:
        super().__init__()
        self._name = name
        self._color = color

    def paint(
        self, painter: QPainter | None, rect: QRect, mode: QIcon.Mode, _state: QIcon.State
    ) -> None:
        if painter is not None:
            _renderer(self._name, self._color_for(mode).name()).render(painter, QRectF(rect))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        pixmap = QPixmap(size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, QRect(0, 0, size.width(), size.height()), mode, state)
        painter.end()
        return pixmap

    def clone(self) -> QIconEngine:
        return _SvgEngine(self._name, self._color)

    def _color_for(self, mode: QIcon.Mode) -> QColor:
        palette = QGuiApplication.palette()
        role = QPalette.ColorRole
        if mode == QIcon.Mode.Disabled:
            return palette.color(QPalette.ColorGroup.Disabled, role.ButtonText)
        if self._color is not None:
            return self._color
        return palette.color(
            role.HighlightedText if mode == QIcon.Mode.Selected else role.WindowText
        )


def icon(name: str, color: QColor | None = None) -> QIcon:
    """The icon of this name, in the palette's text colour or in `color`."""
    return QIcon(_SvgEngine(name, color))


def application_icon() -> QIcon:
    """The icon of the window, in its own colours."""
    return QIcon(str(_path("cloche")))


def paint(painter: QPainter, name: str, rect: QRectF, color: QColor) -> None:
    """Draw the icon of this name in `color`."""
    _renderer(name, color.name()).render(painter, rect)


@functools.lru_cache(maxsize=256)
def _renderer(name: str, color: str) -> QSvgRenderer:
    text = _source(name).replace("currentColor", color)
    return QSvgRenderer(QByteArray(text.encode()))


@functools.cache
def _source(name: str) -> str:
    return _path(name).read_text(encoding="utf-8")


def _path(name: str) -> Path:
    for place in _PLACES:
        path = place / f"{name}.svg"
        if path.is_file():
            return path
    raise FileNotFoundError(f"no icon {name}.svg in {' or '.join(map(str, _PLACES))}")
