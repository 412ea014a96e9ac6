"""Consoles, further programs, logs and usage of containers."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import stat
from dataclasses import replace
from pathlib import Path

from cloche_engine.api.console import MAX_FRAME, Ended, Output, encode_output
from cloche_engine.api.errors import (
    EngineError,
    InvalidArgumentError,
    StartFailedError,
    WrongStateError,
)
from cloche_engine.api.model import End, ExecRequest, Process, StartReport, State, Stats
from cloche_engine.core.entry import Entry
from cloche_engine.core.explaining.failure import start_failed
from cloche_engine.core.explaining.record import last_lines, load_report
from cloche_engine.core.lifecycle import Lifecycle
from cloche_engine.core.monitor_link import open_session
from cloche_engine.core.places import Places
from cloche_engine.core.process_list import processes
from cloche_engine.core.usage import stats_of
from cloche_engine.monitor.protocol import Do, Fields
from cloche_engine.sandbox.plan.launch import LaunchPlan

_MAX_REQUEST = 128 * 1024  # a packet to the monitor has room for 160 KiB
_MAX_PATH = 4096


class Programs:
    """What is asked of a container besides its life."""

    def __init__(self, lifecycle: Lifecycle, places: Places) -> None:
        self._lifecycle = lifecycle
        self._places = places
        self._telling: set[asyncio.Task[None]] = set()

    async def open_console(self, entry: Entry, rows: int, columns: int) -> socket.socket:
        """The console, also of a container that is just starting; or last words after the end."""
        if entry.running is not None or entry.state is State.STARTING:
            runtime = self._places.runtime / entry.uuid
            fields = {"do": Do.CONSOLE, "rows": rows, "columns": columns}
            try:
                return await open_session(runtime, fields)
            except WrongStateError:
                if entry.running is not None:  # it is ending: its last words are being written
                    await entry.gone.wait()
        return self._last_words(entry)

    def _last_words(self, entry: Entry) -> socket.socket:
        """They may be longer than a socket holds: told as fast as whoever asked reads them."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ended = Ended(entry.exit_code or 0, entry.ended is End.OUT_OF_MEMORY)
        telling = asyncio.ensure_future(_tell(ours, self._said(entry), ended))
        self._telling.add(telling)
        telling.add_done_callback(self._telling.discard)
        return theirs

    def _said(self, entry: Entry) -> bytes:
        try:
            return self._places.log(entry.uuid).read_bytes()
        except OSError:
            return b""

    async def exec(self, entry: Entry, request: ExecRequest) -> socket.socket:
        """Run a further program; StartFailedError where it does not run."""
        running = entry.running
        if running is None:
            raise WrongStateError(f"{entry.name!r} does not run", "start it first")
        if entry.state is State.PAUSED:
            raise WrongStateError(f"{entry.name!r} is paused", "resume it first")
        fields = _exec_fields(request)
        streams = () if request.terminal else _pipes(request)
        link = await open_session(Path(running.plan.runtime), fields, streams)
        answer = await self._first_answer(link)
        if answer is None:
            link.close()
            raise WrongStateError(f"{entry.name!r} ended just now", "start it first")
        if "error" in answer:
            link.close()
            plan = await self._plan_now(entry, running.plan)
            raise await asyncio.to_thread(_not_run, answer["error"], plan, request)
        return link

    async def _plan_now(self, entry: Entry, plan: LaunchPlan) -> LaunchPlan:
        """The plan with what the kernel holds it to now: limits change while it runs."""
        try:
            usage, _ = await self._lifecycle.ask(entry, {"do": Do.USAGE})
        except EngineError:  # it ended just now
            return plan
        limits = replace(
            plan.limits, memory=usage["memory_limit"], processes=usage["processes_limit"]
        )
        return replace(plan, limits=limits)

    async def _first_answer(self, link: socket.socket) -> Fields | None:
        link.settimeout(0)
        packet = await asyncio.get_running_loop().sock_recv(link, MAX_FRAME)
        answer: Fields | None = json.loads(packet) if packet else None
        return answer

    async def logs(self, entry: Entry) -> bytes:
        """What the console said last."""
        if entry.running is None:
            return self._said(entry)
        _, descriptors = await self._lifecycle.ask(entry, {"do": Do.LOGS})
        return _read_from_start(descriptors[0])

    async def processes(self, entry: Entry) -> list[Process]:
        """What runs in it."""
        running = entry.running
        if running is None:
            raise WrongStateError(f"{entry.name!r} does not run", "start it first")
        return await asyncio.to_thread(processes, running)

    async def explain(self, entry: Entry) -> StartReport:
        """The last start, with the last of the console where its program ran."""
        record = self._places.start_record(entry.uuid)
        report = entry.last_start.report() if entry.last_start else load_report(record)
        if report is None:
            raise WrongStateError(f"{entry.name!r} was never started", "start it first")
        said = b"" if report.error else await self.logs(entry)
        again = self._lifecycle.again(entry)
        return replace(
            report,
            console=last_lines(said),
            restarts=again.restarts,
            restarted_at=again.restarted_at,
            restart_cause=again.restart_cause,
        )

    async def stats(self, entry: Entry) -> Stats:
        """Usage now."""
        usage, _ = await self._lifecycle.ask(entry, {"do": Do.USAGE})
        return stats_of(usage)


async def _tell(link: socket.socket, said: bytes, ended: Ended) -> None:
    loop, step = asyncio.get_running_loop(), MAX_FRAME - 64
    with link, contextlib.suppress(OSError):  # whoever asked has gone
        link.settimeout(0)
        for at in range(0, len(said), step):
            await loop.sock_sendall(link, encode_output(Output(at, said[at : at + step])))
        await loop.sock_sendall(link, encode_output(ended))


def _exec_fields(request: ExecRequest) -> Fields:
    if not request.argv or not request.argv[0]:
        raise InvalidArgumentError("no program is named", "name the program to run")
    if any(not name or "=" in name for name, _ in request.environment):
        raise InvalidArgumentError(
            "a variable has a name that is empty or holds '='", "name it by letters and digits"
        )
    if max(map(len, (request.argv[0], request.directory, request.user))) > _MAX_PATH:
        raise InvalidArgumentError(
            f"a name of a program, directory or user is longer than {_MAX_PATH}", "shorten it"
        )
    fields: Fields = {
        "do": Do.EXEC, "argv": request.argv, "environment": request.environment,
        "directory": request.directory, "user": request.user, "terminal": request.terminal,
        "rows": request.rows, "columns": request.columns,
    }  # fmt: skip
    if len(json.dumps(fields)) > _MAX_REQUEST:
        raise InvalidArgumentError(
            f"the arguments and variables take more than {_MAX_REQUEST // 1024} KiB",
            "pass them in a file",
        )
    return fields


def _pipes(request: ExecRequest) -> tuple[int, ...]:
    if request.stdio is None:
        raise InvalidArgumentError(
            "a program without a terminal needs three descriptors",
            "pass its input, output and error output, or ask for a terminal",
        )
    if not all(stat.S_ISFIFO(os.fstat(each).st_mode) for each in request.stdio):
        raise InvalidArgumentError(
            "only pipes may be handed into a container",
            "make three pipes and copy through them: a file or terminal would lead out of it",
        )
    return request.stdio


def _not_run(fields: Fields, plan: LaunchPlan, request: ExecRequest) -> StartFailedError:
    plan = replace(plan, argv=request.argv, user=request.user)
    return start_failed(fields, plan, request.argv[0])


def _read_from_start(descriptor: int) -> bytes:
    with os.fdopen(descriptor, "rb") as file:
        file.seek(0)
        return file.read()
