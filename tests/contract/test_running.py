"""What every engine promises about running containers and their consoles."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable

import pytest
from tests.bus.world import shell
from tests.contract.viewer import Viewer

from cloche_engine.api.client import Engine
from cloche_engine.api.console import NO_SIZE, Ended, Live, Output, Size, encode_size
from cloche_engine.api.errors import InvalidArgumentError, WrongStateError
from cloche_engine.api.model import Change, Container, ExecRequest, State

View = Callable[[str], Awaitable[Viewer]]


class Heard:
    """Changes of one engine, to wait for."""

    def __init__(self, engine: Engine) -> None:
        self._changes: asyncio.Queue[Change] = asyncio.Queue()
        self.states: list[State] = []
        self.end = engine.subscribe(self._changes.put_nowait)

    async def until(self, state: State) -> Container:
        """The container when it gets into this state."""
        async with asyncio.timeout(30):
            while True:
                change = await self._changes.get()
                if isinstance(change, Container):
                    self.states.append(change.state)
                    if change.state is state:
                        return change


async def test_a_started_container_runs_and_says_so(engine: Engine) -> None:
    await engine.define(shell("one"))
    heard = Heard(engine)
    started = await engine.start("one")
    assert started.state is State.RUNNING
    assert started.pid
    assert started.started
    told = await heard.until(State.RUNNING)
    assert State.STARTING in heard.states
    assert told == await engine.container("one")


async def test_what_runs_cannot_be_started_again(engine: Engine, running: str) -> None:
    with pytest.raises(WrongStateError) as caught:
        await engine.start(running)
    assert caught.value.hint


@pytest.mark.parametrize("method", ["stop", "kill", "pause", "resume", "stats"])
async def test_what_does_not_run_cannot_be_told_to_do_anything(engine: Engine, method: str) -> None:
    await engine.define(shell("one"))
    with pytest.raises(WrongStateError):
        await getattr(engine, method)("one")


async def test_stop_ends_it(engine: Engine, running: str) -> None:
    stopped = await engine.stop(running, 0.2)
    assert stopped.state is State.STOPPED
    assert stopped.pid is None
    assert stopped.exit_code is not None
    assert stopped.exit_code >= 128


async def test_kill_ends_it_at_once(engine: Engine, running: str) -> None:
    killed = await engine.kill(running)
    assert (killed.state, killed.exit_code) == (State.STOPPED, 128 + 9)


async def test_a_signal_that_there_is_not_is_refused(engine: Engine, running: str) -> None:
    with pytest.raises(InvalidArgumentError):
        await engine.kill(running, 1000)


@pytest.mark.parametrize("grace", [-1.0, float("nan")])
async def test_a_time_that_is_none_is_refused(engine: Engine, running: str, grace: float) -> None:
    with pytest.raises(InvalidArgumentError):
        await engine.stop(running, grace)
    assert (await engine.container(running)).state is State.RUNNING


async def test_no_program_is_run_in_a_paused_container(engine: Engine, running: str) -> None:
    await engine.pause(running)
    with pytest.raises(WrongStateError, match="is paused"):
        await engine.exec(running, ExecRequest(("echo", "hi"), terminal=True))
    await engine.resume(running)
    (await engine.exec(running, ExecRequest(("echo", "hi"), terminal=True))).close()


async def test_a_paused_container_goes_on_when_resumed(
    engine: Engine, running: str, view: View
) -> None:
    assert (await engine.pause(running)).state is State.PAUSED
    with pytest.raises(WrongStateError, match=r"is paused already \(resume it"):
        await engine.pause(running)
    with pytest.raises(WrongStateError, match=r"paused and cannot be started \(resume it\)"):
        await engine.start(running)
    with pytest.raises(WrongStateError, match=r"paused and cannot be deleted \(stop it first\)"):
        await engine.undefine(running)
    assert (await engine.resume(running)).state is State.RUNNING
    with pytest.raises(WrongStateError, match="nothing to do"):
        await engine.resume(running)
    viewer = await view(running)
    viewer.enter("echo still he''re\r")
    await viewer.until(b"still here")


async def test_a_restart_gives_a_new_program(engine: Engine, running: str) -> None:
    before = await engine.container(running)
    after = await engine.restart(running, 0.2)
    assert after.state is State.RUNNING
    assert after.pid != before.pid


async def test_a_restart_starts_what_does_not_run(engine: Engine) -> None:
    await engine.define(shell("one"))
    assert (await engine.restart("one")).state is State.RUNNING


async def test_the_console_answers_what_is_typed(engine: Engine, running: str, view: View) -> None:
    viewer = await view(running)
    viewer.enter("echo hel''lo\r")
    await viewer.until(b"hello\r\n")  # what was typed before the prompt is shown before it


async def test_many_lines_pasted_at_once_close_no_console(
    engine: Engine, running: str, view: View
) -> None:
    console = await view(running)
    console.enter("echo a''b\r" * 400 + "echo the en''d\r")
    await console.until(b"the end")


async def test_the_exit_status_is_told_to_viewers_and_kept(
    engine: Engine, running: str, view: View
) -> None:
    heard = Heard(engine)
    viewer = await view(running)
    viewer.enter("exit 3\r")
    assert (await viewer.end()).code == 3
    told = await heard.until(State.STOPPED)
    assert (told.exit_code, told.pid) == (3, None)
    heard.end()


async def test_a_second_viewer_sees_what_was_said_before(
    engine: Engine, running: str, view: View
) -> None:
    first = await view(running)
    first.enter("echo ear''lier\r")
    await first.until(b"earlier\r\n")
    second = await view(running)
    await second.until(b"earlier\r\n")
    second.enter("echo la''ter\r")
    await first.until(b"later\r\n")


async def test_what_was_said_before_a_second_viewer_came_is_marked_as_old(
    engine: Engine, running: str, view: View
) -> None:
    first = await view(running)
    first.enter("echo ear''lier\r")
    await first.until(b"earlier\r\n")
    second = await view(running)
    await second.frame(Live)
    second.enter("echo la''ter\r")
    await second.until(b"later\r\n")
    mark = second.frames.index(Live())
    old = b"".join(each.payload for each in second.frames[:mark] if isinstance(each, Output))
    assert b"earlier\r\n" in old
    assert b"later\r\n" not in old
    assert second.frames.count(Live()) == 1


async def test_a_new_size_is_told_to_the_other_viewers(
    engine: Engine, running: str, view: View
) -> None:
    first, second = await view(running), await view(running)
    await second.frame(Live)  # it looks on: a size of before would be no news to it
    first.link.send(encode_size(Size(31, 97)))
    while (size := await second.frame(Size)) != Size(31, 97):
        second.frames.remove(size)


async def test_who_only_looks_is_told_the_size_and_changes_none(
    engine: Engine, running: str, view: View
) -> None:
    first = await view(running)
    first.link.send(encode_size(Size(31, 97)))
    with await engine.open_console(running, 0, 0) as link:
        looking = Viewer(link)
        await looking.frame(Live)
        link.send(encode_size(NO_SIZE))
        while (size := await looking.frame(Size)) != Size(31, 97):
            looking.frames.remove(size)


async def test_last_words_are_kept_after_the_end(engine: Engine, running: str, view: View) -> None:
    heard = Heard(engine)
    viewer = await view(running)
    viewer.enter("echo fare''well\r")
    await viewer.until(b"farewell\r\n")
    viewer.enter("exit 7\r")
    await heard.until(State.STOPPED)
    assert b"farewell" in await engine.logs(running)
    late = await view(running)
    assert await late.end() == Ended(7)
    assert b"farewell" in late.said


async def test_an_ended_subscription_hears_nothing(engine: Engine) -> None:
    heard: list[Change] = []
    end = engine.subscribe(heard.append)
    other = Heard(engine)
    end()
    end()
    await engine.define(shell("one"))
    await engine.start("one")
    await other.until(State.RUNNING)
    assert heard == []


async def test_limits_of_a_running_container_change_when_they_are_saved(
    engine: Engine, running: str
) -> None:
    for limits, memory, shares in (
        ("<cpushare>512</cpushare><memory>65536</memory>", 64 << 20, 512),
        ("<cpushare>2048</cpushare><memory>131072</memory>", 128 << 20, 2048),
        ("<memory>32768</memory>", 32 << 20, None),
        ("", None, None),
    ):
        stored = await engine.definition(running)
        text = re.sub(b"<(cpushare|memory)>.*?</.*?>", b"", stored.text)
        text = text.replace(b"</domain>", limits.encode() + b"</domain>")
        await engine.define(text, stored.etag)
        usage = await engine.stats(running)
        assert usage.memory_limit_bytes == memory
        assert usage.cpu_shares in {shares, shares or 1024}


async def test_usage_of_a_running_container(engine: Engine, running: str) -> None:
    stats = await engine.stats(running)
    assert stats.memory_bytes > 0
    assert stats.processes >= 1
    assert stats.memory_limit_bytes is None


async def test_the_last_start_is_explained_step_by_step(engine: Engine) -> None:
    await engine.define(shell("one"))
    with pytest.raises(WrongStateError) as caught:
        await engine.explain("one")
    assert caught.value.hint
    before = time.time()
    await engine.start("one")
    report = await engine.explain("one")
    assert before <= report.at <= time.time()
    assert "compile the definition" in [step.name for step in report.steps]
    assert any(step.inside for step in report.steps)
    assert all(step.took_ms >= 0 for step in report.steps)
    assert (report.error, report.hint, report.details) == ("", "", ())


async def test_what_runs_is_listed_with_its_pid_inside(engine: Engine, running: str) -> None:
    container = await engine.container(running)
    (first,) = await engine.processes(running)
    assert (first.pid, first.inside, first.user) == (container.pid, 1, "root")
    assert first.command.startswith("/bin/sh")
    assert not first.escaped
    link = await engine.exec(running, ExecRequest(("/bin/sh",), terminal=True))
    viewer = Viewer(link)
    found = await engine.processes(running)
    assert [each.pid for each in found] == sorted({each.pid for each in found})
    assert len(found) == 2
    viewer.enter("exit\r")
    await viewer.end()
    viewer.close()
    assert len(await engine.processes(running)) == 1
    await engine.kill(running)
    with pytest.raises(WrongStateError):
        await engine.processes(running)


def restarting(name: str) -> bytes:
    """A shell that is started again when it ends."""
    policies = b"<on_poweroff>restart</on_poweroff><on_crash>restart</on_crash></domain>"
    return shell(name).replace(b"</domain>", policies)


async def test_what_ends_badly_is_started_again_where_that_is_wanted(
    engine: Engine, view: View
) -> None:
    await engine.define(restarting("one"))
    first = await engine.start("one")
    heard = Heard(engine)
    (await view("one")).enter("exit 3\r")
    waiting = await heard.until(State.WAITING)
    assert waiting.exit_code == 3
    assert "ended with status 3; it is started again at " in waiting.error
    assert "stop it" in waiting.hint
    again = await heard.until(State.RUNNING)
    assert again.pid != first.pid
    assert (again.error, again.exit_code) == ("", None)
    told = await engine.explain("one")
    assert (told.restarts, told.restart_cause) == (1, "its program ended with status 3")
    assert told.restarted_at >= (again.started or 0) - 60
    await engine.kill("one")
    assert (await engine.explain("one")).restarts == 1
    await engine.start("one")
    assert (await engine.explain("one")).restarts == 0
    heard.end()


async def test_a_stop_ends_the_waiting(engine: Engine, view: View) -> None:
    await engine.define(restarting("one"))
    await engine.start("one")
    heard = Heard(engine)
    (await view("one")).enter("exit 0\r")
    assert "started again" in (await heard.until(State.WAITING)).error
    stopped = await engine.stop("one")
    assert (stopped.state, stopped.error) == (State.STOPPED, "")
    await engine.undefine("one")
    heard.end()


async def test_what_was_stopped_or_killed_is_not_started_again(engine: Engine) -> None:
    await engine.define(restarting("one"))
    await engine.start("one")
    assert (await engine.stop("one", 0.2)).state is State.STOPPED
    await engine.start("one")
    assert (await engine.kill("one")).state is State.STOPPED
