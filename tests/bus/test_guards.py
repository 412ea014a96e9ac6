"""Every method that the helper shows is behind its guard, asked of a real polkitd, user by user."""

from __future__ import annotations

import json
import pwd
import subprocess
import sys
from collections.abc import Iterator

import pytest
from tests.bus import world
from tests.bus.system_bus import NOBODY, System, system

from cloche_engine.api.names import CONTAINER, MANAGER
from cloche_engine.daemon.actions import Action

pytestmark = pytest.mark.bus

DBUS = "org.freedesktop.DBus"
GUARDS: dict[str, dict[str, Action | None]] = {
    MANAGER: {
        "About": None,
        "AddTemplate": Action.TEMPLATES,
        "CancelJob": None,  # of jobs of the caller's own
        "Debootstrap": Action.TEMPLATES,
        "Define": Action.DEFINE,
        "Find": Action.LIST,
        "ListNetworks": Action.LIST,
        "ListTemplates": Action.LIST,
        "RemoveTemplate": Action.TEMPLATES,
        "Unwatch": None,  # likewise
        "Watch": Action.LIST,
    },
    CONTAINER: {
        "CopyIn": Action.CONSOLE,
        "CopyOut": Action.CONSOLE,
        "Exec": Action.CONSOLE,
        "Explain": Action.READ,
        "Kill": Action.MANAGE,
        "Logs": Action.READ,
        "OpenConsole": Action.CONSOLE,
        "Pause": Action.MANAGE,
        "Processes": Action.READ,
        "ReadDefinition": Action.READ,
        "Restart": Action.MANAGE,
        "Resume": Action.MANAGE,
        "Start": Action.MANAGE,
        "Stats": Action.LIST,
        "Stop": Action.MANAGE,
        "Undefine": Action.DEFINE,
    },
    f"{DBUS}.Introspectable": {"Introspect": None},
    f"{DBUS}.ObjectManager": {"GetManagedObjects": Action.LIST},
    f"{DBUS}.Peer": {"GetMachineId": None, "Ping": None},
    f"{DBUS}.Properties": {"Get": Action.LIST, "GetAll": Action.LIST, "Set": Action.LIST},
}
METHODS = {
    f"{interface}.{member}": action
    for interface, members in GUARDS.items()
    for member, action in members.items()
}
_RULE = """polkit.addRule(function(action, subject) {{
    if (action.id == "{action}" && subject.user == "{user}") return polkit.Result.YES;
}});
"""


def _one_user_each() -> dict[Action, pwd.struct_passwd]:
    known = sorted(pwd.getpwall(), key=lambda entry: entry.pw_uid)
    strangers = [entry for entry in known if entry.pw_uid not in {0, NOBODY}]
    return dict(zip(Action, strangers, strict=False))


@pytest.fixture(scope="module")
def answers() -> Iterator[dict[int, dict[str, list[str]]]]:
    """What each user heard from each method."""
    may = _one_user_each()
    rules = "".join(_RULE.format(action=act, user=user.pw_name) for act, user in may.items())
    with system(rules=rules) as made:
        yield _asked(made, [NOBODY, *(user.pw_uid for user in may.values())])


def _asked(made: System, users: list[int]) -> dict[int, dict[str, list[str]]]:
    asked = subprocess.run(
        [
            sys.executable, "-m", "tests.bus.every_method",
            f"unix:path={made.folder}/system_bus", *map(str, users),
        ],
        stdout=subprocess.PIPE, check=True, cwd=world.REPOSITORY, timeout=50,
    )  # fmt: skip
    return {int(user): answers for user, answers in json.loads(asked.stdout).items()}


def _refused_to(answers: dict[str, list[str]]) -> dict[str, Action | None]:
    """By method, what its caller was told that he may not do."""
    return {
        method: next((act for act in Action if words.endswith(_needs(act))), None)
        if error == "org.cloche.Engine1.Error.Refused"
        else None
        for method, (error, words) in answers.items()
    }


def _needs(action: Action) -> str:
    return f"a password is needed to {action.words}, and the call did not allow to ask for it"


def test_a_stranger_is_refused_by_every_method_that_has_a_guard(
    answers: dict[int, dict[str, list[str]]],
) -> None:
    """A method that is not in the table above fails this too: say there what guards it."""
    assert _refused_to(answers[NOBODY]) == METHODS


@pytest.mark.parametrize("granted", Action)
def test_who_is_granted_one_action_passes_its_guards_and_no_other(
    answers: dict[int, dict[str, list[str]]], granted: Action
) -> None:
    expected = {method: None if act is granted else act for method, act in METHODS.items()}
    assert _refused_to(answers[_one_user_each()[granted].pw_uid]) == expected
