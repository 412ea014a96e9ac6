"""The child between clone3 and execve: it waits for the launcher's words and does the steps."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
from collections.abc import Callable, Iterable, Iterator
from typing import NoReturn

from cloche_engine.kernel.sockets import receive_packet, send_packet
from cloche_engine.kernel.syscalls import close_on_exec_from
from cloche_engine.sandbox.identity import die_with_the_monitor
from cloche_engine.sandbox.init import (
    ahead,
    before_trees,
    connected,
    environment,
    program,
    trees,
)
from cloche_engine.sandbox.network import messages
from cloche_engine.sandbox.operation import (
    Blame,
    Context,
    Operation,
    OperationFailedError,
    run_all,
)
from cloche_engine.sandbox.plan.launch import LaunchPlan
from cloche_engine.sandbox.plan.mounts import HostRoot, Surroundings
from cloche_engine.sandbox.plan.rights import Network
from cloche_engine.sandbox.seccomp import Filters


def await_plan_and_run(link: socket.socket, filters: Filters, made: dict[str, int]) -> NoReturn:
    """The life of a child that was cloned ahead: wait for the plan, carry it out, never return.

    D: names of the descriptors beside it; A: what can be done ahead; R: a rehearsal; P: the plan;
    M: the id maps are written; T: the trees are open; N: its links are there, which a prepared
    start has first; Q: to be answered when all before it is done; G: the limits are set, and 2
    where it has a group in the unified tree. A comes with the capabilities that it may have, and
    whose the network is. made are detached mounts, by their places, that only the owner of
    another's namespace can make.
    """

    def steps(context: Context) -> Iterator[Operation]:
        die_with_the_monitor()
        kept, network = map(int, _await(b"A", link, context).split())
        context.descriptors.update(made)
        yield from ahead(kept, Network(network))
        plan = LaunchPlan.from_json(_await(b"P", link, context))
        context.environment.update(environment(plan))
        before = before_trees(plan)
        _await(b"M", link, context)
        yield from before
        for _ in range(2):
            kind, text = _await_one_of(b"TN", link, context)
            if kind == b"T":
                yield from trees(plan, Surroundings.from_json(text))
            else:
                yield from connected(plan)
        version = _await(b"G", link, context)
        yield from program(plan, filters, unified=version == "2")

    run_child(steps, link)


def run_child(steps: Callable[[Context], Iterable[Operation]], link: socket.socket) -> NoReturn:
    """Run the steps in the new process; a failure goes up the link and ends the process."""

    def send_up(name: str, descriptor: int) -> None:
        send_packet(link, b"F" + name.encode(), [descriptor])

    def tell(account: str) -> None:
        send_packet(link, b"S" + account.encode())

    context = Context({}, send_up, tell)
    try:
        _reset_signals()
        close_on_exec_from(3)
        run_all(steps(context), context)
    except OperationFailedError as failure:
        with contextlib.suppress(OSError):
            tell(context.account())
        _report(link, failure.blame)
    except Exception as error:  # noqa: BLE001 (nothing else could tell of it: this process ends)
        _report(link, Blame("prepare the program", type(error).__name__, 0, str(error)))
    finally:
        os._exit(127)


def _await(kind: bytes, link: socket.socket, context: Context) -> str:
    """The text of the next packet of a kind; descriptors that come before it are kept."""
    return _await_one_of(kind, link, context)[1]


def _await_one_of(kinds: bytes, link: socket.socket, context: Context) -> tuple[bytes, str]:
    """The next packet of any of these kinds."""
    while True:
        packet, received = receive_packet(link)
        text = packet[1:].decode()
        match packet[:1]:
            case b"D":
                context.descriptors.update(zip(text.split("\n"), received, strict=True))
            case b"R":
                rehearse(text)
            case b"Q":
                context.account()
                os.write(received[0], b".")
                os.close(received[0])
            case found if found and found in kinds:
                return found, text
            case _:
                os._exit(127)  # the parent gave up


def rehearse(plan: str) -> None:
    """Read a plan and list its steps for nothing: the pages that this writes to are copied now.

    After a fork every page is copied at the first write to it, and reading an object writes its
    reference count.
    """
    sample = LaunchPlan.from_json(plan)
    around = Surroundings.from_json(Surroundings(host_root=HostRoot((), (), (), ())).to_json())
    after = program(sample, Filters((), ()), unified=True)
    for operation in [*before_trees(sample), *trees(sample, around), *connected(sample), *after]:
        operation.describe()
    for each in sample.links:
        messages(each, 1)
    environment(sample)


def _report(link: socket.socket, blame: Blame) -> None:
    with contextlib.suppress(OSError):
        send_packet(link, b"E" + blame.to_json())


def _reset_signals() -> None:
    for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
