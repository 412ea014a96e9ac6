"""Pictures of every page, light and dark: `python -m tests.gui.pictures FOLDER`.

Where konsole is installed, also of the console beside it.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.gui.screen import virtual_screen


def main(folder: Path) -> int:
    """Save all pictures in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    with virtual_screen():
        from tests.gui import beside_konsole  # noqa: PLC0415 - needs the display
        from tests.gui.picture_book import PictureBook  # noqa: PLC0415 - as above

        with tempfile.TemporaryDirectory() as settings:
            book = PictureBook(folder, Path(settings))
            book.save_all()
            if beside_konsole.can_be_taken():
                beside_konsole.save_all(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
