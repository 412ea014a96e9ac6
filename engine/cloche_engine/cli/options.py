"""The command line's grammar; options of all commands may stand before or after the command."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

_WAIT_STATES = ("stopped", "starting", "running", "paused", "stopping", "waiting", "failed")
_DIALECTS = (
    "linuxcontainer", "linuxcontainer-v1", "libvirt-lxc", "openvz", "openvz-conf", "vserver",
    "lxc-conf",
)  # fmt: skip
_CODE = re.compile(r"[a-z][a-z0-9-]*")
_Words = Callable[[argparse.ArgumentParser], object]


@dataclass(frozen=True, slots=True)
class Command:
    """A command: the module and function that do it, and its own words."""

    name: str
    where: str
    help: str
    words: _Words = lambda parser: parser
    local: bool = False


class UsageError(Exception):
    """The words make no command; exit status 2."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; see `{self.prog} --help`")


def read_options(words: list[str]) -> tuple[Command, argparse.Namespace]:
    """The command and its options; UsageError where there is none, SystemExit after --help."""
    words, program = _without_program(words)
    options, unknown = _parser().parse_known_args(words)
    if unknown:
        line = "" if program else _without_dashes(words, unknown, options)
        raise UsageError(line or _unknown(unknown, options))
    if options.command is None:
        raise UsageError("no command is given; see `clochectl --help`")
    command = COMMANDS[options.command]
    if command.name == "exec" and not program:
        raise UsageError("no program is given; write `clochectl exec NAME -- PROGRAM ARG…`")
    options.program = program
    if command.name == "validate":
        _part_files_from_codes(options)
    return command, options


def _unknown(words: list[str], options: argparse.Namespace) -> str:
    action = getattr(options, "action", None)
    named = " ".join(word for word in ("clochectl", options.command, action) if word)
    return f"unrecognized arguments: {' '.join(words)}; see `{named} --help`"


def _without_dashes(words: list[str], unknown: list[str], options: argparse.Namespace) -> str:
    """How a line of exec should be whose program stands behind no `--`; empty for any other."""
    if options.command != "exec" or unknown[0].startswith("-"):
        return ""
    at = next(at for at in range(len(words)) if _is_too_long(words[: at + 1]))
    line = shlex.join(["clochectl", *words[:at], "--", *words[at:]])
    return f"a program stands behind `--`; write `{line}`"


def _is_too_long(words: list[str]) -> bool:
    """Whether a line of exec has a word that is neither an option, nor its value, nor the name."""
    try:
        return bool(_parser().parse_known_args(words)[1])
    except UsageError:  # it ends before a value or the name
        return False


def _without_program(words: list[str]) -> tuple[list[str], list[str]]:
    """All up to the first `--`, and what follows it: the words of a program are not ours."""
    if "exec" not in words or "--" not in words:
        return words, []
    at = words.index("--")
    return words[:at], words[at + 1 :]


def _part_files_from_codes(options: argparse.Namespace) -> None:
    """Behind --fix stands what is no code for a file: `validate --fix rename box.xml`."""
    words: list[str] = options.fix
    options.fix = [word for word in words if _CODE.fullmatch(word)]
    options.files += [word for word in words if not _CODE.fullmatch(word)]
    if not options.files:
        raise UsageError("no file is given; see `clochectl validate --help`")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="clochectl",
        description="Containers of Cloche, for the keyboard and for scripts.",
        parents=[_everywhere(default=None)],
        allow_abbrev=False,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=_Parser)
    after = _everywhere(default=argparse.SUPPRESS)
    for command in COMMANDS.values():
        one = commands.add_parser(
            command.name,
            help=command.help,
            description=command.help + ".",
            parents=[after],
            allow_abbrev=False,
        )
        command.words(one)
    return parser


def _everywhere(default: object) -> _Parser:
    """Options of every command; after the command an absent one must not undo one before it."""
    parser = _Parser(add_help=False)
    parser.add_argument(
        "--connect",
        metavar="ADDRESS",
        type=address,
        default=default,
        help="system, private:DIR or test:",
    )
    parser.add_argument(
        "--json", action="store_true", default=default, help="print one JSON document"
    )
    return parser


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from cloche_engine.api.version import VERSION  # noqa: PLC0415  # seldom wanted

        print(f"clochectl {VERSION}")
        parser.exit()


def _name(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("name", metavar="NAME", help="name or uuid of a container")
    return parser


def _file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="a definition, or - for standard input")


def _name_and_file(parser: argparse.ArgumentParser) -> None:
    _file(_name(parser))


def _validate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", metavar="FILE", nargs="*", help="a definition, or -")
    parser.add_argument(
        "--fix", metavar="CODE", nargs="+", action="extend", default=[],
        help="mend problems of these codes, or by fixes of these names, in the file itself",
    )  # fmt: skip
    parser.add_argument(
        "--against-defined", action="store_true",
        help="look for names, uuids and addresses of other containers too",
    )  # fmt: skip


def _from(parser: argparse.ArgumentParser) -> None:
    _file(parser)
    parser.add_argument(
        "--from",
        dest="source",
        metavar="D",
        choices=_DIALECTS,
        help="its dialect, otherwise recognised",
    )


def _convert(parser: argparse.ArgumentParser) -> None:
    _from(parser)
    parser.add_argument(
        "--to", dest="target", metavar="D", choices=_DIALECTS, required=True,
        help="dialect to write: " + " ".join(_DIALECTS),
    )  # fmt: skip
    parser.add_argument("--name", metavar="NAME", help="another name for the container")
    parser.add_argument("--strict", action="store_true", help="exit 3 where something is lost")


def _grace(parser: argparse.ArgumentParser) -> None:
    _name(parser).add_argument(
        "--timeout",
        metavar="S",
        type=seconds,
        help="seconds until it is killed (as defined)",
    )


def _start(parser: argparse.ArgumentParser) -> None:
    _name(parser).add_argument("--console", action="store_true", help="go on in its console")


def _kill(parser: argparse.ArgumentParser) -> None:
    _name(parser).add_argument(
        "signal", metavar="SIGNAL", nargs="?", default="KILL", help="name or number (KILL)"
    )


def _exec(parser: argparse.ArgumentParser) -> None:
    parser.usage = (
        "clochectl exec [-h] [--connect ADDRESS] [--user U] [--directory D] [--env NAME=VALUE]… "
        "[--terminal] NAME -- PROGRAM ARG…"
    )
    _name(parser)
    parser.add_argument("--user", metavar="U", default="", help="name or UID[:GID] inside (root)")
    parser.add_argument("--directory", metavar="D", default="", help="where it runs inside (/)")
    parser.add_argument(
        "--env", metavar="NAME=VALUE", type=variable, action="append", default=[],
        help="a variable for it, may stand several times",
    )  # fmt: skip
    parser.add_argument(
        "--terminal", action="store_true", help="a terminal of its own, also in a script"
    )


def _stats(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "name", metavar="NAME", nargs="?", help="name or uuid of a container; all without it"
    )
    parser.add_argument("--follow", action="store_true", help="go on until interrupted")
    parser.add_argument(
        "--interval", metavar="S", type=interval, default=1.0, help="seconds between samples (1)"
    )


def _copy(parser: argparse.ArgumentParser) -> None:
    for word, shown in (("source", "SOURCE"), ("target", "TARGET")):
        help_ = "NAME:PATH in a container, or a path here; one of each"
        parser.add_argument(word, metavar=shown, help=help_)


def _network(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    shown = "show subnet, bridges, containers and forwarded ports"
    actions.add_parser("list", help=shown, description=f"{shown}.", allow_abbrev=False)


def _template(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, help_, more in (
        ("list", "show all templates", ()),
        ("add", "make one of a directory or a tar archive", (("source", "DIR|TAR"),)),
        ("remove", "remove one that no container is made from", ()),
        ("debootstrap", "make one of a release of Debian or Ubuntu", (("suite", "SUITE"),)),
    ):
        action = actions.add_parser(name, help=help_, description=f"{help_}.", allow_abbrev=False)
        if name != "list":
            action.add_argument("name", metavar="NAME", help="name of the template")
        for word, shown in more:
            action.add_argument(word, metavar=shown)


def _wait(parser: argparse.ArgumentParser) -> None:
    _name(parser)
    parser.add_argument(
        "--state", metavar="S", choices=_WAIT_STATES, help="state to wait for (stopped or failed)"
    )
    parser.add_argument("--timeout", metavar="S", type=seconds, help="seconds to wait (for ever)")


def address(text: str) -> str:
    """An address of a helper."""
    if text in {"system", "test:"} or (text.startswith("private:") and text != "private:"):
        return text
    raise argparse.ArgumentTypeError(f"{text!r} is none of system, private:DIR and test:")


def variable(text: str) -> tuple[str, str]:
    """A variable of an environment."""
    name, sign, value = text.partition("=")
    if name and sign:
        return name, value
    raise argparse.ArgumentTypeError(f"{text!r} is no NAME=VALUE")


def seconds(text: str) -> float:
    """A time of at least 0 s."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 86_400:
        raise argparse.ArgumentTypeError(f"{text!r} is no time of 0 to 86400 seconds")
    return value


def interval(text: str) -> float:
    """A time between two samples, which the contract bounds too."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.1 <= value <= 3600:
        raise argparse.ArgumentTypeError(f"{text!r} is no interval of 0.1 to 3600 seconds")
    return value


COMMANDS: dict[str, Command] = {
    command.name: command
    for command in (
        Command("list", "look:show_all", "Show all containers"),
        Command("show", "look:show", "Show one container", _name),
        Command("xml", "look:xml", "Print the definition of a container", _name),
        Command("define", "change:define", "Store a definition, new or in place of its own", _file),
        Command("undefine", "change:undefine", "Remove a container that does not run", _name),
        Command("validate", "validate:validate", "Check definitions", _validate, local=True),
        Command(
            "convert",
            "convert:convert",
            "Write a definition in another dialect",
            _convert,
            local=True,
        ),
        Command("spec", "convert:spec", "Print what a definition means as JSON", _from, local=True),
        Command("plan", "planning:plan", "Show what a definition would change", _name_and_file),
        Command("diff", "planning:diff", "Show the lines that would change", _name_and_file),
        Command("start", "change:start", "Start a container", _start),
        Command("stop", "change:stop", "Ask a container to end, then kill it", _grace),
        Command("kill", "change:kill", "Send a signal to a container's first program", _kill),
        Command("pause", "change:pause", "Freeze a container", _name),
        Command("resume", "change:resume", "Let a frozen container go on", _name),
        Command("restart", "change:restart", "Stop a container, then start it", _grace),
        Command("console", "terminal:console", "Use the console of a container", _name),
        Command(
            "exec",
            "programs:execute",
            "Run a program in a container; its exit status is ours",
            _exec,
        ),
        Command("logs", "look:logs", "Print what the console said last", _name),
        Command("processes", "processes:processes", "Show what runs in a container", _name),
        Command("explain", "explain:explain", "Show the last start, step by step", _name),
        Command("stats", "stats:stats", "Show what containers use and may use", _stats),
        Command("copy", "copying:copy", "Copy files out of a container or into it", _copy),
        Command("network", "networks:network", "Show the networks that Cloche manages", _network),
        Command("template", "templates:template", "List, make and remove templates", _template),
        Command("wait", "waiting:wait", "Wait until a container is in a state", _wait),
    )
}
