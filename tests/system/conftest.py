"""Tests with a window run in Qt's loop, the others in a plain one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from tests.gui import conftest as gui

real_driver = gui.real_driver
events_only_in_the_loop = gui._events_only_in_the_loop


def pytest_asyncio_loop_factories(
    item: pytest.Item,
) -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    if item.get_closest_marker("screen"):
        return gui.pytest_asyncio_loop_factories()
    return {"asyncio": asyncio.new_event_loop}
