"""A second look at the few tests that failed beside thousands of others: once more, and alone.

`python -m tests.again CACHE PYTEST-ARG...` after a run of pytest with that cache folder: exit 0
where all that failed in it pass alone, and they are named, for each of them hides a race.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

MOST = 3
"""More than that is no accident, and is not run again."""


def failed(cache: Path) -> list[str]:
    """What failed in the run with that cache folder, as pytest names it; nothing if none did."""
    kept = cache / "v/cache/lastfailed"
    return list(json.loads(kept.read_text())) if kept.exists() else []


def again(cache: Path, arguments: list[str]) -> int:
    """Run what failed once more, with the arguments of the first run; the status of both."""
    names = failed(cache)
    if not 0 < len(names) <= MOST:
        return 1
    options = ["-o", f"cache_dir={cache}", "--last-failed", "-p", "no:randomly"]
    words = [sys.executable, "-m", "pytest", *options, *arguments]
    status = subprocess.run(words, check=False).returncode
    verdict = "FAILED AGAIN" if status else "UNSTEADY, failed beside others and passed alone"
    sys.stdout.write(f"tests: {verdict}: {', '.join(names)}\n")
    return status


if __name__ == "__main__":
    sys.exit(again(Path(sys.argv[1]), sys.argv[2:]))
