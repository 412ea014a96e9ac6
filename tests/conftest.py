"""For all tests: skip with a reason what cannot run here, and let nothing stay behind.

With CLOCHE_MUST_RUN=1 the machine is ours alone and has everything: a skip is then a failure.
"""

from __future__ import annotations

import gc
import os
import signal
import uuid
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from hypothesis import settings
from tests import leftovers, needs

MUST_RUN = os.environ.get("CLOCHE_MUST_RUN") == "1"

# A busy machine is no mistake of an example; what may not take long is measured by itself.
settings.register_profile("cloche", deadline=None)
settings.load_profile("cloche")

_watch = pytest.StashKey[leftovers.Watch]()
_before = pytest.StashKey[leftovers.Snapshot]()


def pytest_configure(config: pytest.Config) -> None:
    _hear_what_the_background_ignores()
    mark = os.environ[leftovers.MARK] = uuid.uuid4().hex
    config.stash[_watch] = leftovers.Watch(mark, alone=MUST_RUN)


def _hear_what_the_background_ignores() -> None:
    """What a shell starts by `&` ignores Ctrl+C, and so would all programs that tests start."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGQUIT, signal.SIG_DFL)


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Python 3.11 cannot bear that an error of a finalizer is printed while it parses source."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    with _without_garbage_collection():
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_terminal_summary() -> Generator[None, None, None]:
    with _without_garbage_collection():
        return (yield)


def _markers(item: pytest.Item) -> list[str]:
    return [name for name in needs.MARKERS if item.get_closest_marker(name)]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    for reason in filter(None, map(needs.missing, _markers(item))):
        pytest.skip(reason)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if MUST_RUN and report.skipped and _markers(item) and not hasattr(report, "wasxfail"):
        _turn_into_failure(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if MUST_RUN and report.skipped:
        _turn_into_failure(report)
    return report


def _turn_into_failure(report: pytest.TestReport | pytest.CollectReport) -> None:
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    report.outcome = "failed"
    report.longrepr = f"it must run here (CLOCHE_MUST_RUN=1), but: {reason}"


@pytest.fixture(scope="session")
def watch(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> leftovers.Watch:
    """What sees leftovers of this run, those below its temporary folder included."""
    plain = pytestconfig.stash[_watch]
    return replace(plain, folders=(f"{tmp_path_factory.getbasetemp()}/",))


@pytest.fixture(autouse=True)
def _nothing_left(request: pytest.FixtureRequest, watch: leftovers.Watch) -> Iterator[None]:
    if not _markers(request.node):
        yield
        return
    before = watch.snapshot()
    yield
    left = watch.remaining(before)
    if left:
        pytest.fail("the test left behind: " + "; ".join(map(str, left)), pytrace=False)


def pytest_collection_finish(session: pytest.Session) -> None:
    """A run without a real engine leaves the machine to others, which change it meanwhile."""
    gc.freeze()  # what pytest has made so far stays: the watch's collections need not look at it
    if not any("kernel" in _markers(item) for item in session.items):
        watch = session.config.stash[_watch]
        session.config.stash[_watch] = replace(watch, alone=False, machine=False)
    session.stash[_before] = session.config.stash[_watch].snapshot()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if session.config.option.collectonly or _before not in session.stash:
        return
    left = session.config.stash[_watch].remaining(session.stash[_before])
    if left:
        session.config.get_terminal_writer().line(
            "\nthe test run left behind: " + "; ".join(map(str, left)), red=True
        )
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
