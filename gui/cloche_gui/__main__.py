"""The composition root of the window: `cloche [--connect TARGET] [--demo]`."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import traceback
import types
from collections.abc import Sequence

from PyQt6.QtCore import QSettings
from PyQt6.QtWidgets import QApplication
from qasync import QEventLoop

from cloche_engine.api.client import Engine
from cloche_engine.api.version import VERSION
from cloche_gui.services.engine import EngineService
from cloche_gui.services.jobs import Jobs
from cloche_gui.services.settings import Settings
from cloche_gui.views.main_window import MainWindow
from cloche_gui.widgets import icons
from cloche_gui.widgets.appearance import Appearance

APPLICATION_ID = "org.cloche.Cloche"


def main(arguments: Sequence[str] | None = None) -> int:
    """Open the window; returns the exit status."""
    options = _parse(sys.argv[1:] if arguments is None else arguments)
    app = make_application()
    appearance = Appearance(app)
    sys.excepthook = _report
    try:
        with QEventLoop(app) as loop:
            loop.run_until_complete(_run(options))
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # noqa: BLE001 - the last border before the user
        _report(type(error), error, error.__traceback__)
        return 1
    finally:
        appearance.deleteLater()
    return 0


def _report(
    kind: type[BaseException], error: BaseException, trace: types.TracebackType | None
) -> None:
    """Tell of a fault of ours; without this a fault in one slot would end the whole window."""
    traceback.print_exception(kind, error, trace, file=sys.stderr)
    sys.stderr.write(f"cloche: something unexpected happened: {error}; this is a fault of ours\n")


def make_application() -> QApplication:
    """The application object with its names and icon."""
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        # Qt hands a key on when ibus has answered; asked about several at once, it hands on a later
        # one first now and then. So ibus is waited for, unless the user has it otherwise.
        os.environ.setdefault("IBUS_ENABLE_SYNC_MODE", "1")
        app = QApplication(["cloche"])
    app.setApplicationName("cloche")
    app.setApplicationDisplayName("Cloche")
    app.setApplicationVersion(VERSION)
    app.setOrganizationName("cloche")
    app.setDesktopFileName(APPLICATION_ID)
    app.setWindowIcon(icons.application_icon())
    app.setQuitOnLastWindowClosed(False)
    return app


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="cloche", description="Manage local Linux containers.")
    target = parser.add_mutually_exclusive_group()
    target.add_argument(
        "--connect",
        metavar="TARGET",
        help="system, private:DIR or test: (without it: system where it is installed, "
        "otherwise a private helper)",
    )
    target.add_argument("--demo", action="store_true", help="try it out with containers in memory")
    parser.add_argument("--version", action="version", version=f"cloche {VERSION}")
    return parser.parse_args(arguments)


async def _run(options: argparse.Namespace) -> None:
    service = EngineService(lambda: _connect("test:" if options.demo else options.connect))
    jobs = Jobs(service)
    window = MainWindow(service, jobs, Settings(QSettings()))
    ended = asyncio.Event()
    window.closed.connect(ended.set)
    window.show()
    connection = asyncio.create_task(service.run())
    try:
        await ended.wait()
    finally:
        await jobs.stop()
        connection.cancel()
        await asyncio.gather(connection, return_exceptions=True)


async def _connect(target: str | None) -> Engine:
    from cloche_engine.api.connect import connect  # noqa: PLC0415 - after the window is shown

    return await connect(target)


if __name__ == "__main__":
    sys.exit(main())
