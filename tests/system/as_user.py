"""`clochectl` as another user: `python -m tests.system.as_user UID WORD…`.

Everything is imported before the uid changes, because the interpreter may lie in root's home.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys

import cloche_engine.api
import cloche_engine.cli


def main(user: int, words: list[str]) -> int:
    for package in (cloche_engine.api, cloche_engine.cli):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    from cloche_engine.cli.__main__ import main as clochectl  # noqa: PLC0415  # not while importing

    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    sys.argv = ["clochectl", *words]
    return clochectl()


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
