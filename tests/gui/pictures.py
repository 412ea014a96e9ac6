"""Pictures of every page, light and dark: `python -m tests.gui.pictures FOLDER`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.gui.screen import virtual_screen


def main(folder: Path) -> int:
    """Save all pictures in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    with virtual_screen():
        from tests.gui.picture_book import PictureBook  # noqa: PLC0415 - needs the display

        with tempfile.TemporaryDirectory() as settings:
            PictureBook(folder, Path(settings)).save_all()
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
