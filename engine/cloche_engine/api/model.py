"""The objects that the engine shows: containers, their state, usage and exit."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum


class State(StrEnum):
    """Where a container is in its life; the properties say what may be asked of it.

    A waiting one ended and is started again after a while, as its definition wants.
    """

    STOPPED = "stopped"
    STARTING = "starting"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPING = "stopping"
    WAITING = "waiting"
    FAILED = "failed"

    @property
    def is_live(self) -> bool:
        """Whether an init process exists, is being made, or will be after a while."""
        return self not in {State.STOPPED, State.FAILED}

    @property
    def can_start(self) -> bool:
        """Whether start is possible."""
        return not self.is_live or self is State.WAITING

    @property
    def can_stop(self) -> bool:
        """Whether a stop with grace is possible."""
        return self in {State.RUNNING, State.PAUSED, State.WAITING}

    @property
    def can_kill(self) -> bool:
        """Whether there is something to kill."""
        live = {State.RUNNING, State.PAUSED, State.STOPPING, State.STARTING}
        return self in live or self is State.WAITING

    @property
    def can_pause(self) -> bool:
        """Whether its processes can be frozen."""
        return self is State.RUNNING

    @property
    def can_resume(self) -> bool:
        """Whether its processes can be thawed."""
        return self is State.PAUSED

    @property
    def can_delete(self) -> bool:
        """Whether the definition may be removed."""
        return not self.is_live


class End(StrEnum):
    """How a container ended last."""

    EXIT = "exit"
    STOP = "stop"
    CRASH = "crash"
    OUT_OF_MEMORY = "out of memory"
    POWEROFF = "poweroff"
    REBOOT = "reboot"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Container:
    """One container as the engine sees it now.

    pid is the init's on the host; exit_code is the program's, or 128 + signal; started is seconds
    since 1970; error and hint explain a failed start or a program that ended badly. system and
    privileged are as its definition says, whatever runs, and so is network_of: whose network it is
    in where that is another's, in words. addresses are those that it holds, none while it does not
    run; static_addresses those that its definition gives it, of which etag is the mark: it changes
    with every save. ended tells how it ended last and
    ended_at when, until it runs again; stop is whatever somebody asked for.
    """

    uuid: str
    name: str
    state: State = State.STOPPED
    title: str = ""
    pid: int | None = None
    exit_code: int | None = None
    started: float | None = None
    addresses: tuple[str, ...] = ()
    static_addresses: tuple[str, ...] = ()
    error: str = ""
    hint: str = ""
    shares_host_root: bool = False
    shares_host_network: bool = False
    network_of: str = ""
    system: bool = False
    privileged: bool = False
    ended: End | None = None
    ended_at: float | None = None
    etag: str = ""


@dataclass(frozen=True, slots=True)
class Removed:
    """A container whose definition was removed."""

    uuid: str


Change = Container | Removed
"""What a subscriber hears: the whole new state of one container, or its end."""


@dataclass(frozen=True, slots=True)
class StoredDefinition:
    """A definition as it is on disk, and the etag that a later save has to name."""

    text: bytes
    etag: str


@dataclass(frozen=True, slots=True)
class Stats:
    """Usage of a running container, and the limits that the kernel has; None where there is none.

    Whoever set a limit, it is the one that holds. throttled is what its quota of processor time
    took from it; memory_swap_limit_bytes is memory and swap together; pressures are the percent of
    the last ten seconds in which some of it waited. notices are sentences on limits of the
    definition of which the kernel made something else.
    """

    cpu_usec: int
    memory_bytes: int
    memory_peak_bytes: int
    memory_limit_bytes: int | None
    processes: int
    cpu_shares: int | None = None
    cpu_quota_usec: int | None = None
    cpu_period_usec: int | None = None
    cpus: str | None = None
    mems: str | None = None
    throttled_usec: int = 0
    throttled_periods: int = 0
    memory_soft_bytes: int | None = None
    memory_swap_limit_bytes: int | None = None
    processes_limit: int | None = None
    io_weight: int | None = None
    read_bytes: int = 0
    written_bytes: int = 0
    oom_kills: int = 0
    cpu_pressure: float = 0.0
    memory_pressure: float = 0.0
    io_pressure: float = 0.0
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sample:
    """What a running container used at a moment; `at` is seconds of a clock that only goes on.

    The other fields are those of Stats.
    """

    uuid: str
    at: float
    cpu_usec: int
    memory_bytes: int
    processes: int
    throttled_usec: int = 0
    throttled_periods: int = 0
    oom_kills: int = 0
    read_bytes: int = 0
    written_bytes: int = 0
    cpu_pressure: float = 0.0
    memory_pressure: float = 0.0
    io_pressure: float = 0.0


def sample_of(uuid: str, at: float, stats: Stats) -> Sample:
    """What of the stats a sample has."""
    names = (entry.name for entry in fields(Sample) if entry.name not in {"uuid", "at"})
    return Sample(uuid, at, **{name: getattr(stats, name) for name in names})


Samples = tuple[Sample, ...]
"""All that ran at one moment."""


@dataclass(frozen=True, slots=True)
class Copied:
    """What a copy carried; left_out are sockets, device nodes and what could not be read."""

    files: int
    size: int
    left_out: int


@dataclass(frozen=True, slots=True)
class ExecRequest:
    """A further program to run in a container; user is a name or `uid[:gid]`, root if empty.

    With terminal set the program gets a pty of rows by columns; otherwise the caller's three pipes.
    """

    argv: tuple[str, ...]
    environment: tuple[tuple[str, str], ...] = ()
    directory: str = ""
    user: str = ""
    terminal: bool = False
    rows: int = 24
    columns: int = 80
    stdio: tuple[int, int, int] | None = None


@dataclass(frozen=True, slots=True)
class Process:
    """One process of a container: its pid on the host, and inside (0 where it is not in there).

    user is one of the container's, by name where it has one; state is a letter as in ps(1); started
    is seconds since 1970. escaped: it runs in the container, but its limits do not hold it.
    """

    pid: int
    inside: int
    user: str
    command: str
    state: str
    cpu_seconds: float
    memory_bytes: int
    started: float
    escaped: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a start: when it began after the start was asked for, and how long it took.

    What was done ahead began before 0. inside: by the container's own first process.
    """

    name: str
    begun_ms: float
    took_ms: float
    inside: bool = False


@dataclass(frozen=True, slots=True)
class StartReport:
    """The last start of a container: what was done, and why it failed; error is empty if it ran.

    at is seconds since 1970; details are those of StartFailedError; console is what was said last.
    restarts counts the starts by its policy since somebody started it; restarted_at and
    restart_cause are those of the last one.
    """

    at: float
    steps: tuple[Step, ...]
    error: str = ""
    hint: str = ""
    details: tuple[tuple[str, str], ...] = ()
    console: bytes = b""
    restarts: int = 0
    restarted_at: float = 0.0
    restart_cause: str = ""


@dataclass(frozen=True, slots=True)
class About:
    """What engine answers: its version, who may do what, and where its state lies."""

    version: str
    private: bool
    directory: str
