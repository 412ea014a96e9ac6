"""Why a program does not run, told apart by a look at it."""

from __future__ import annotations

import errno
from collections.abc import Callable

from cloche_engine.api.errors import EngineError
from cloche_engine.core.explaining.blame import Failure, Words, where
from cloche_engine.host.programs.causes import Cause, Finding, missing_library, why_not_run
from cloche_engine.host.programs.inside import Inside
from cloche_engine.sandbox.init import PATH
from cloche_engine.sandbox.plan.launch import LaunchPlan

LOADER_FAILED = 127
"""The status of a program whose loader finds no library, with glibc and with musl."""
_CHMOD = "make it executable for everyone (chmod +x)"


def not_run(failure: Failure) -> Words | None:
    """The words for an execve that was refused; None where nothing better is known than errno."""
    if failure.errno == errno.E2BIG:
        return (
            "its arguments and variables are larger than the kernel takes",
            failure.remedy("shorten <arg> and <env>", "pass them in a file"),
        )
    if failure.errno == errno.EISDIR:
        return (
            f"{failure.program} is a directory, where a program is wanted",
            failure.remedy("name a program in <application>", "name a program"),
        )
    if failure.errno == errno.ELOOP:
        return (
            f"{failure.program} is a link that leads in a circle in {failure.where}",
            "correct the link in that tree, or name the program that it is to lead to",
        )
    path = next((p for p in (failure.subject, failure.plan.argv[0]) if p.startswith("/")), "")
    finding = _look(failure, path) if path else None
    words = _WORDS.get(finding.cause) if finding else None
    return words(failure, finding) if words and finding else _by_errno(failure, finding)


def library_missing(plan: LaunchPlan) -> EngineError | None:
    """Why the loader ended a program with LOADER_FAILED, if it did; may wait for a disk."""
    try:
        finding = missing_library(Inside(plan), _path_of(plan))
    except OSError:
        return None
    if finding is None:
        return None
    wanted = f"the program {plan.argv[0]} needs the library {finding.wants}"
    return EngineError(
        f"{wanted}, which is nowhere in {where(plan)}",
        "install there what contains it, or mount it",
    )


def _path_of(plan: LaunchPlan) -> str:
    """The program's path; a bare name is looked for as the start does."""
    name = plan.argv[0]
    if "/" in name:
        return name if name.startswith("/") else f"{plan.directory}/{name}"
    path = dict(plan.environment).get("PATH") or PATH
    inside = Inside(plan)
    found = (f"{folder}/{name}" for folder in path.split(":"))
    return next((each for each in found if inside.exists(each)), f"/{name}")


def _look(failure: Failure, path: str) -> Finding | None:
    uid = int(failure.fields.get("uid", -1))
    try:
        return why_not_run(Inside(failure.plan), path, max(uid, 0))
    except OSError:
        return None


def _by_errno(failure: Failure, finding: Finding | None) -> Words | None:
    program = failure.program
    match failure.errno:
        case errno.ENOENT:
            return (
                f"{program} does not exist in {failure.where}",
                failure.remedy(
                    "correct <application>, or mount what contains it",
                    "name another program, by its full path where it is in none of PATH",
                ),
            )
        case errno.ELIBACC:
            if finding is not None and finding.path == failure.subject:
                return (
                    f"{program} is a link that leads nowhere in {failure.where}",
                    "correct the link, or name the program that it is to lead to",
                )
            return (
                f"{program} exists, but the interpreter or loader that it names does not",
                "look at its first line, or at `file` of it, and add what is missing to the root",
            )
        case errno.EACCES | errno.EPERM:
            return (
                f"{program} may not be executed by {failure.plan.user or 'root'} inside",
                "see that no mount on the way to it is noexec, and no security module forbids it",
            )
        case errno.ENOEXEC:
            return _no_format(failure)
        case _:
            return None


def _which(failure: Failure, finding: Finding) -> str:
    """The program, or the interpreter of it that is at fault."""
    if finding.path in {failure.subject, failure.plan.argv[0]}:
        return failure.program
    return f"{finding.path}, which {failure.program} needs,"


def _interpreter_missing(failure: Failure, finding: Finding) -> Words:
    program = _which(failure, finding)
    return (
        f"{program} exists, but its interpreter {finding.wants} does not exist in {failure.where}",
        "correct the first line, or add the interpreter to the root",
    )


def _line_end(failure: Failure, finding: Finding) -> Words:
    return (
        f"{_which(failure, finding)} has line ends of Windows, which hide {finding.wants} from it",
        f"take them away: sed -i 's/\\r$//' {finding.path}",
    )


def _loader_missing(failure: Failure, finding: Finding) -> Words:
    program = _which(failure, finding)
    return (
        f"{program} exists, but its loader {finding.wants} does not exist in {failure.where}",
        "add the C library that it was built for to the root, or use a static program",
    )


def _not_executable(failure: Failure, finding: Finding) -> Words:
    return f"{_which(failure, finding)} is not executable (mode {finding.mode:04o})", _CHMOD


def _not_allowed(failure: Failure, finding: Finding) -> Words:
    user = failure.plan.user or "root"
    owner = "nobody inside" if finding.owner is None else f"user {finding.owner} inside"
    why = f"{finding.path} belongs to {owner} and has mode {finding.mode:04o}"
    return (
        f"{failure.program} may not be executed by {user}: {why}",
        f"let others in (chmod o+x {finding.path}), give it another owner, "
        + failure.remedy("or choose another <user>", "or choose another user"),
    )


def _no_file(failure: Failure, finding: Finding) -> Words:
    return (
        f"{_which(failure, finding)} is no regular file",
        failure.remedy("name a program in <application>", "name a program"),
    )


def _other_machine(failure: Failure, finding: Finding) -> Words:
    return (
        f"{_which(failure, finding)} was built for another kind of processor",
        "use a root for this machine",
    )


def _no_format(failure: Failure) -> Words:
    return (
        f"{failure.program} is neither a program for this machine nor a script with a #! line",
        "add a first line such as #!/bin/sh",
    )


_WORDS: dict[Cause, Callable[[Failure, Finding], Words]] = {
    Cause.NO_FILE: _no_file,
    Cause.INTERPRETER_MISSING: _interpreter_missing,
    Cause.LINE_END: _line_end,
    Cause.LOADER_MISSING: _loader_missing,
    Cause.NOT_EXECUTABLE: _not_executable,
    Cause.NOT_ALLOWED: _not_allowed,
    Cause.OTHER_MACHINE: _other_machine,
    Cause.NO_FORMAT: lambda failure, _: _no_format(failure),
}
