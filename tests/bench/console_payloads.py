"""What the terminals have to show: four kinds of output, the same bytes for all."""

from __future__ import annotations

import random
from pathlib import Path

_MB = 1_000_000
SIZES = {"plain": 8 * _MB, "SGR": 4 * _MB, "cursor": 4 * _MB, "CJK": 3 * _MB}
_WORDS = "the quick brown fox jumps over a lazy dog and runs through every line of this log".split()
_CJK = [chr(code) for code in range(0x4E00, 0x4E00 + 400)]
_EMOJI = [*"😀🚀🔥🌍🎉👍", "👩\u200d💻", "e\u0301", "🇩🇪"]


def write(folder: Path, share: int = 1) -> dict[str, Path]:
    """The files by kind, each this part of its full size."""
    chance = random.Random(7)  # noqa: S311 - the same for all
    makers = {"plain": _plain, "SGR": _sgr, "cursor": _cursor, "CJK": _cjk}
    files = {}
    for kind, make in makers.items():
        block = "".join(make(chance) for _ in range(2000)).encode()
        size = SIZES[kind] // share
        files[kind] = folder / f"{kind}-{share}"
        files[kind].write_bytes((block * (size // len(block) + 1))[:size] + b"\x18\x1b[m\r\n")
    return files


def _plain(chance: random.Random) -> str:
    return " ".join(chance.choices(_WORDS, k=chance.randrange(4, 16)))[:79] + "\r\n"


def _sgr(chance: random.Random) -> str:
    """Words in colours of all three kinds, as `ls`, compilers and `bat` write them."""
    looks = ("1;31", "4;32", "01;34", "38;5;{}", "48;5;{}", "38;2;{};120;200", "7", "3;33", "36")
    words = (
        f"\x1b[{chance.choice(looks).format(chance.randrange(256))}m{chance.choice(_WORDS)}\x1b[0m"
        for _ in range(10)
    )
    return " ".join(words) + "\r\n"


def _cursor(chance: random.Random) -> str:
    """Words all over the screen, lines erased and inserted, as of full-screen programs."""
    row, column = chance.randrange(1, 25), chance.randrange(1, 70)
    what = chance.choice(("", "\x1b[K", "\x1b[L", "\x1b[M", "\x1b[1A", "\x1b[5D", "\x1b[2P"))
    return f"\x1b[{row};{column}H{what}{chance.choice(_WORDS)}"


def _cjk(chance: random.Random) -> str:
    letters = chance.choices(_CJK, k=30)
    if chance.random() < 0.3:
        letters[chance.randrange(30)] = chance.choice(_EMOJI)
    return "".join(letters) + "\r\n"
