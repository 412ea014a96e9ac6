"""`validate`: checks definitions here, and mends them by the names of fixes."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from cloche_engine.api.errors import EngineError, InvalidArgumentError, InvalidDefinitionError
from cloche_engine.cli import files, neighbours, words
from cloche_engine.definition.checking.fixing import AmbiguousFixError, Applied, Mended, mend
from cloche_engine.definition.dialects.dialect import Reading
from cloche_engine.definition.problem import Problem, Severity, in_order
from cloche_engine.definition.reading import read
from cloche_engine.definition.spec import ContainerSpec

if TYPE_CHECKING:  # the contract brings asyncio, which takes longer than the work
    from cloche_engine.api.client import Engine
    from cloche_engine.api.networks import Network


UNREAD = "unreadable"
"""The code of the problem of a file that cannot be read."""


@dataclass(frozen=True, slots=True)
class _Checked:
    """One file: what was done to it, what it means now and what is wrong with it."""

    file: str
    mended: Mended
    reading: Reading
    problems: tuple[Problem, ...]

    @property
    def name(self) -> str:
        return files.shown(self.file)

    @property
    def is_unread(self) -> bool:
        return any(problem.code == UNREAD for problem in self.problems)

    @property
    def errors(self) -> list[Problem]:
        return [problem for problem in self.problems if problem.is_error]


def validate(options: argparse.Namespace) -> int:
    """Print all problems of all files; fails, with their number, where one of them is an error."""
    if options.against_defined:
        from cloche_engine.cli import session  # noqa: PLC0415  # only this needs a helper

        return session.run(_against_defined, options)
    return _validate(options, [])


async def _against_defined(engine: Engine, options: argparse.Namespace) -> int:
    networks = await engine.networks()
    return _validate(options, await neighbours.all_defined(engine), networks)


def _validate(
    options: argparse.Namespace,
    defined: list[ContainerSpec],
    networks: list[Network] | None = None,
) -> int:
    checked = []
    for file in options.files:
        try:
            data = files.read(file)
        except EngineError as error:
            checked.append(_unread(file, error))
            continue
        one = _in_networks(_checked(file, data, options.fix, defined), networks)
        checked.append(one)
        if not options.json:
            _print(one)
    if options.json:
        documents = [_document(one, fixed=bool(options.fix)) for one in checked]
        words.print_json(documents[0] if len(options.files) == 1 else documents)
    _refuse(checked)
    return 0


def _refuse(checked: list[_Checked]) -> None:
    """Fail with what is not printed yet: the files that cannot be read, and how much is wrong."""
    wrong = [one for one in checked if one.errors]
    said = [one.errors[0].reason for one in wrong if one.is_unread]
    many = sum(len(one.errors) for one in wrong if not one.is_unread)
    if many:
        where = wrong[0].name if len(checked) == 1 else f"{len(checked)} files"
        said.append(f"{where}: {many} error{'s' if many > 1 else ''}")
    if said:
        hint = "correct what is told above, with its line" if many else wrong[0].errors[0].hint
        raise InvalidDefinitionError("; ".join(said), hint)


def _unread(file: str, error: EngineError) -> _Checked:
    """A file of which nothing but the reason is known."""
    problem = Problem(UNREAD, Severity.ERROR, 1, 1, error.message, error.hint)
    return _Checked(file, Mended(b""), Reading(None, None, (problem,)), (problem,))


def _checked(file: str, data: bytes, codes: list[str], defined: list[ContainerSpec]) -> _Checked:
    number = files.number(file)
    mended = Mended(data)
    if codes:
        try:
            mended = mend(data, codes, number)
        except AmbiguousFixError as error:
            raise InvalidArgumentError(
                f"{files.shown(file)}: {error}", "nothing is done"
            ) from error
    if mended.data != data and file != "-":
        files.replace(file, mended.data)
    reading = read(mended.data, number=number)
    spec = reading.spec
    others = () if spec is None else neighbours.beside(spec, defined, reading.tree)
    return _Checked(file, mended, reading, (*reading.problems, *others))


def _in_networks(one: _Checked, networks: list[Network] | None) -> _Checked:
    """With what the engine's networks, where they are known, say to it."""
    if networks is None or one.reading.spec is None:
        return one
    refused = neighbours.in_networks(one.reading.spec, networks)
    return replace(one, problems=in_order((*one.problems, *refused)))


def _print(one: _Checked) -> None:
    """In words; where the mended document takes standard output, on the other one."""
    takes_output = one.file == "-" and bool(one.mended.applied or one.mended.unused)
    out = sys.stderr if takes_output else sys.stdout
    for applied in one.mended.applied:
        print(words.printable(_done(applied, one.name)), file=out)
    for code in one.mended.unused:
        unused = f"{one.name}: nothing here is mended by {code}{_would(one)}"
        print(words.printable(unused), file=out)
    for problem in one.problems:
        print(words.printable(problem.render(one.name) + _mended_by(problem)), file=out)
    if not one.errors:
        print(f"{one.name}: valid", file=out)
    if takes_output:
        files.write_out(one.mended.data)


def _mended_by(problem: Problem) -> str:
    ways = " or ".join(f"--fix {fix.name}" for fix in problem.fixes)
    return f"; {ways} mends it" if ways else ""


def _would(one: _Checked) -> str:
    names = dict.fromkeys(fix.name for problem in one.problems for fix in problem.fixes)
    return f"; what is wrong here is mended by {', '.join(names)}" if names else ""


def _done(applied: Applied, name: str) -> str:
    problem, fix = applied.problem, applied.fix
    return f"{name}:{problem.line}:{problem.column}: fixed: {fix.name}: {fix.description}"


def _document(one: _Checked, *, fixed: bool) -> dict[str, Any]:
    document: dict[str, Any] = {
        "file": one.name,
        "dialect": one.reading.dialect,
        "valid": not one.errors,
        "problems": [asdict(problem) for problem in one.problems],
    }
    if fixed:
        document["fixed"] = [
            {
                "fix": applied.fix.name,
                "code": applied.problem.code,
                "line": applied.problem.line,
                "column": applied.problem.column,
                "description": applied.fix.description,
            }
            for applied in one.mended.applied
        ]
        if one.file == "-":
            document["document"] = one.mended.data.decode(errors="replace")
    return document
