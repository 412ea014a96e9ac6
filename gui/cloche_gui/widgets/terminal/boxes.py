"""Line drawing, block, sextant and braille characters, drawn so that neighbours join without a gap.

A font's own glyphs seldom fill the cell to the last pixel, so these are made of rectangles. What
lines a character has is read from its Unicode name ("BOX DRAWINGS DOWN HEAVY AND RIGHT LIGHT").
"""

import unicodedata
from dataclasses import dataclass
from functools import cache

from PyQt6.QtCore import QPoint, QPointF, QRect, Qt
from PyQt6.QtGui import QColor, QPainter, QPainterPath, QPen

_LIGHT, _HEAVY, _DOUBLE = 1, 2, 3
_WEIGHTS = {"LIGHT": _LIGHT, "SINGLE": _LIGHT, "HEAVY": _HEAVY, "DOUBLE": _DOUBLE}
_DIRECTIONS = {
    "UP": "u", "DOWN": "d", "LEFT": "l", "RIGHT": "r", "HORIZONTAL": "lr", "VERTICAL": "ud",
}  # fmt: skip
_DASHES = {"DOUBLE DASH": 2, "TRIPLE DASH": 3, "QUADRUPLE DASH": 4}
_QUADRANTS = {
    "▘": "1", "▝": "2", "▖": "3", "▗": "4", "▚": "14",
    "▞": "23", "▛": "123", "▜": "124", "▙": "134", "▟": "234",
}  # fmt: skip
_BRAILLE_DOTS = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))
_WHITE = QColor(255, 255, 255)


def draws(cluster: str) -> bool:
    """Whether this character is one of those that are drawn here."""
    return len(cluster) == 1 and (
        "\u2500" <= cluster <= "\u259f"
        or "\u2800" <= cluster <= "\u28ff"
        or "\U0001fb00" <= cluster <= "\U0001fb3b"
    )


def draw(painter: QPainter, width: int, height: int, character: str) -> None:
    """Draws one character in white into a cell of this size at the origin."""
    cell = _CellSize(width, height)
    if character >= "\U0001fb00":
        _draw_sextants(painter, cell, ord(character) - 0x1FB00)
    elif character >= "\u2800":
        _draw_braille(painter, cell, ord(character) - 0x2800)
    elif character >= "\u2580":
        _draw_block(painter, cell, character)
    else:
        _draw_box(painter, cell, unicodedata.name(character).removeprefix("BOX DRAWINGS "))


@dataclass(frozen=True, slots=True)
class _CellSize:
    width: int
    height: int

    @property
    def thin(self) -> int:
        """The thickness of a light line."""
        return max(1, round(min(self.width, self.height / 2) / 8))

    def thickness(self, weight: int) -> int:
        """A heavy line stands out by the same on both sides of a light one."""
        return self.thin + 2 * max(1, self.thin // 2) if weight == _HEAVY else self.thin

    @property
    def gap(self) -> int:
        """From the middle to each line of a double one."""
        return max(self.thin + 1, round(self.width / 6))

    @property
    def middle(self) -> tuple[int, int]:
        """The top left corner of a thin dot in the middle."""
        return (self.width - self.thin) // 2, (self.height - self.thin) // 2


@cache
def _arms(name: str) -> dict[str, int]:
    """The weight of the line towards each side that has one."""
    arms: dict[str, int] = {}
    parts = [part.split() for part in name.split(" AND ")]
    inherited = next(
        (_WEIGHTS[word] for part in parts for word in part if word in _WEIGHTS), _LIGHT
    )
    for part in parts:
        weight = next((_WEIGHTS[word] for word in part if word in _WEIGHTS), inherited)
        for word in part:
            arms |= dict.fromkeys(_DIRECTIONS.get(word, ""), weight)
    return arms


def _draw_box(painter: QPainter, cell: _CellSize, name: str) -> None:
    dashes = next((count for dash, count in _DASHES.items() if dash in name), 0)
    if "DIAGONAL" in name:
        _draw_diagonals(painter, cell, name)
    elif dashes:
        heavy = _HEAVY if name.startswith("HEAVY") else _LIGHT
        _draw_dashes(painter, cell, (dashes, heavy), vertical="VERTICAL" in name)
    elif "ARC" in name:
        _draw_arc(painter, cell, name)
    else:
        for rect in _box_rects(cell, _arms(name)):
            painter.fillRect(rect, _WHITE)


def _box_rects(cell: _CellSize, arms: dict[str, int]) -> list[QRect]:
    rects = []
    for side, weight in arms.items():
        across = "ud" if side in "lr" else "lr"
        for offset in (-cell.gap, cell.gap) if weight == _DOUBLE else (0,):
            near = across[0] if offset < 0 else across[1]
            start = _start(cell, arms, side, across, near if offset else "")
            rects.append(_line(cell, side, weight, (offset, start)))
    return rects


def _start(cell: _CellSize, arms: dict[str, int], side: str, across: str, near: str) -> int:
    """How far from the middle, towards `side`, a line begins; negative reaches over the middle."""
    crossing = [arms.get(direction, 0) for direction in across]
    wider = max(map(cell.thickness, crossing)) - cell.thin
    reach = cell.gap if _DOUBLE in crossing else (wider + (side in "lu")) // 2
    if near:  # one of two lines: it stops at what it would cross, or closes a corner
        return reach if arms.get(near) == _DOUBLE else -reach if _DOUBLE in crossing else 0
    opposite = {"u": "d", "d": "u", "l": "r", "r": "l"}[side]
    if _DOUBLE in crossing and opposite not in arms:
        return reach if all(crossing) else -reach
    return 0 if opposite in arms and _DOUBLE in crossing else -reach


def _line(cell: _CellSize, side: str, weight: int, place: tuple[int, int]) -> QRect:
    """A line from `start` beyond the middle to the edge, `offset` beside the middle."""
    offset, start = place
    thick = cell.thickness(weight)
    middle_x, middle_y = cell.middle
    if side in "lr":
        top = middle_y + offset - (thick - cell.thin) // 2
        if side == "r":
            return QRect(middle_x + start, top, cell.width - middle_x - start, thick)
        return QRect(0, top, middle_x + cell.thin - start, thick)
    left = middle_x + offset - (thick - cell.thin) // 2
    if side == "d":
        return QRect(left, middle_y + start, thick, cell.height - middle_y - start)
    return QRect(left, 0, thick, middle_y + cell.thin - start)


def _draw_dashes(
    painter: QPainter, cell: _CellSize, dash: tuple[int, int], *, vertical: bool
) -> None:
    count, weight = dash
    thick = cell.thickness(weight)
    length = cell.height if vertical else cell.width
    across = (cell.middle[0] if vertical else cell.middle[1]) - (thick - cell.thin) // 2
    for number in range(count):
        start, end = length * number // count, length * (number + 1) // count
        stroke = max(1, round((end - start) * 0.6))
        begin = start + (end - start - stroke + 1) // 2
        rect = (
            QRect(across, begin, thick, stroke) if vertical else QRect(begin, across, stroke, thick)
        )
        painter.fillRect(rect, _WHITE)


def _draw_arc(painter: QPainter, cell: _CellSize, name: str) -> None:
    middle = QPointF(cell.middle[0] + cell.thin / 2, cell.middle[1] + cell.thin / 2)
    end_x = float(cell.width if "RIGHT" in name else 0)
    end_y = float(cell.height if "DOWN" in name else 0)
    radius = min(cell.width, cell.height) / 2
    toward_x, toward_y = (1 if end_x else -1), (1 if end_y else -1)
    path = QPainterPath(QPointF(middle.x(), end_y))
    path.lineTo(middle.x(), middle.y() + toward_y * radius)
    path.quadTo(middle, QPointF(middle.x() + toward_x * radius, middle.y()))
    path.lineTo(end_x, middle.y())
    _stroke(painter, cell, path)


def _draw_diagonals(painter: QPainter, cell: _CellSize, name: str) -> None:
    path = QPainterPath()
    if "UPPER RIGHT TO LOWER LEFT" in name or "CROSS" in name:
        path.moveTo(cell.width, 0)
        path.lineTo(0, cell.height)
    if "UPPER LEFT TO LOWER RIGHT" in name or "CROSS" in name:
        path.moveTo(0, 0)
        path.lineTo(cell.width, cell.height)
    _stroke(painter, cell, path)


def _stroke(painter: QPainter, cell: _CellSize, path: QPainterPath) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.strokePath(path, QPen(_WHITE, cell.thin, cap=Qt.PenCapStyle.FlatCap))


def _draw_block(painter: QPainter, cell: _CellSize, character: str) -> None:
    width, height, code = cell.width, cell.height, ord(character)
    if character in "░▒▓":
        painter.fillRect(0, 0, width, height, QColor(255, 255, 255, 64 * (code - 0x2590)))
    elif character in _QUADRANTS:
        _draw_quadrants(painter, cell, _QUADRANTS[character])
    elif character == "▀":
        painter.fillRect(0, 0, width, height // 2, _WHITE)
    elif character == "▐":
        painter.fillRect(width // 2, 0, width - width // 2, height, _WHITE)
    elif character == "▔":
        painter.fillRect(0, 0, width, max(1, round(height / 8)), _WHITE)
    elif character == "▕":
        stroke = max(1, round(width / 8))
        painter.fillRect(width - stroke, 0, stroke, height, _WHITE)
    elif code <= 0x2588:  # the lower eighths, up to the full block
        top = (
            height // 2 if code == 0x2584 else height - max(1, round(height * (code - 0x2580) / 8))
        )
        painter.fillRect(0, top, width, height - top, _WHITE)
    else:  # the left eighths
        filled = width // 2 if code == 0x258C else max(1, round(width * (0x2590 - code) / 8))
        painter.fillRect(0, 0, filled, height, _WHITE)


def _draw_quadrants(painter: QPainter, cell: _CellSize, filled: str) -> None:
    half_x, half_y = cell.width // 2, cell.height // 2
    corners = {
        "1": QRect(0, 0, half_x, half_y),
        "2": QRect(half_x, 0, cell.width - half_x, half_y),
        "3": QRect(0, half_y, half_x, cell.height - half_y),
        "4": QRect(half_x, half_y, cell.width - half_x, cell.height - half_y),
    }
    for corner in filled:
        painter.fillRect(corners[corner], _WHITE)


def _draw_sextants(painter: QPainter, cell: _CellSize, number: int) -> None:
    """Sixths, bit by bit: those that would be a half or the whole are block characters already."""
    sixths = number + 1 + (number >= 20) + (number >= 40)
    across, down = (0, cell.width // 2, cell.width), [cell.height * row // 3 for row in range(4)]
    for sixth in range(6):
        if sixths >> sixth & 1:
            row, column = divmod(sixth, 2)
            corner, opposite = (across[column], down[row]), (across[column + 1], down[row + 1])
            painter.fillRect(QRect(QPoint(*corner), QPoint(*opposite) - QPoint(1, 1)), _WHITE)


def _draw_braille(painter: QPainter, cell: _CellSize, dots: int) -> None:
    size = max(1, round(min(cell.width / 4, cell.height / 8)))
    for number, (column, row) in enumerate(_BRAILLE_DOTS):
        if dots >> number & 1:
            x = round((column + 0.5) * cell.width / 2 - size / 2)
            y = round((row + 0.5) * cell.height / 4 - size / 2)
            painter.fillRect(x, y, size, size, _WHITE)
