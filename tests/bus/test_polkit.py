"""Who may do what on the system bus, as callers hear it; test_guards asks for every method."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from tests.bus import world
from tests.bus.system_bus import NOBODY, System, system

pytestmark = pytest.mark.bus

DAEMON = 1
_GRANT = """polkit.addRule(function(action, subject) {{
    if (action.id == "org.cloche.engine1.{action}" && subject.user == "{user}")
        return polkit.Result.YES;
}});
"""


@pytest.fixture(scope="module")
def plain() -> Iterator[System]:
    with system() as made:
        yield made


@pytest.fixture(scope="module")
def granting() -> Iterator[System]:
    rules = _GRANT.format(action="list", user="nobody")
    rules += _GRANT.format(action="define", user="nobody")
    with system(rules=rules) as made:
        yield made


def test_root_may_do_everything(plain: System) -> None:
    assert plain.ask(0, "containers") == "allowed []\n"
    assert "allowed Container" in plain.ask(0, "define", world.shell("roots").decode())
    assert "allowed Container" in plain.ask(0, "start", "roots")
    assert "allowed b'root@roots" in plain.ask(0, "logs", "roots")
    assert "allowed Container" in plain.ask(0, "kill", "roots")
    assert plain.ask(0, "undefine", "roots") == "allowed None\n"


def test_a_stranger_is_refused_and_told_what_to_do(plain: System) -> None:
    answer = plain.ask(NOBODY, "containers")
    assert answer.startswith("RefusedError a password is needed to see which containers there are")
    assert "no polkit agent runs" in answer
    assert "pkttyagent" in answer


def test_a_rule_lets_a_stranger_in_for_that_action_only(granting: System) -> None:
    assert granting.ask(NOBODY, "containers") == "allowed []\n"
    made = granting.ask(NOBODY, "define", world.shell("theirs").decode())
    assert made.startswith("allowed Container")
    refused = granting.ask(NOBODY, "start", "theirs")
    assert "RefusedError a password is needed to start and stop" in refused
    assert "state=<State.STOPPED" in granting.ask(0, "container", "theirs")
    assert granting.ask(NOBODY, "undefine", "theirs") == "allowed None\n"


def test_samples_reach_whoever_may_see_the_list(granting: System) -> None:
    assert granting.ask(NOBODY, "watch") == "allowed ()\n"
    assert "RefusedError a password is needed to see which" in granting.ask(DAEMON, "watch")


def test_names_are_told_to_nobody_who_may_not_see_the_list(granting: System) -> None:
    """And the control: who may hears of the same container by the same means."""
    asked = subprocess.run(
        [
            sys.executable, "-m", "tests.bus.listeners",
            f"unix:path={granting.folder}/system_bus", str(NOBODY), str(DAEMON),
        ],
        capture_output=True, check=True, cwd=world.REPOSITORY, timeout=60,
    )  # fmt: skip
    found = json.loads(asked.stdout)
    allowed, refused = found[str(NOBODY)], found[str(DAEMON)]
    assert allowed["error"] == ""
    assert allowed["nodes"]
    assert allowed["heard"][0] == "InterfacesAdded"
    assert "PropertiesChanged" in allowed["heard"]
    assert allowed["heard"][-1] == "InterfacesRemoved"
    assert refused == {"error": "org.cloche.Engine1.Error.Refused", "nodes": 0, "heard": []}


def test_who_may_not_see_the_list_any_more_hears_nothing_more() -> None:
    """And the control: all was heard before, and somebody else hears it on."""
    stays, goes = (_GRANT.format(action="list", user=user) for user in ("nobody", "daemon"))
    with system(rules=goes, more_rules=stays) as made:
        asked = subprocess.run(
            [
                sys.executable, "-m", "tests.bus.withdrawn",
                f"unix:path={made.folder}/system_bus",
                str(made.rules), str(NOBODY), str(DAEMON),
            ],
            capture_output=True, check=False, cwd=world.REPOSITORY, timeout=60,
        )  # fmt: skip
    assert asked.returncode == 0, asked.stderr.decode()
    every = ["InterfacesAdded", "PropertiesChanged", "Samples"]
    assert json.loads(asked.stdout) == {"before": [every, every], "after": [every, []]}


def test_a_denying_rule_is_told_as_such() -> None:
    deny = _GRANT.format(action="list", user="nobody").replace("YES", "NO")
    with system(rules=deny) as made:
        assert "rules of this machine do not let you see" in made.ask(NOBODY, "containers")


def test_without_polkit_everybody_is_refused() -> None:
    with system("--no-polkit") as made:
        for user in (0, NOBODY):
            answer = made.ask(user, "containers")
            assert "RefusedError nobody can say whether you may" in answer
            assert "polkitd" in answer


def test_without_an_address_the_installed_helper_is_used_and_started() -> None:
    with system("--activatable") as made:
        assert "org.cloche.Engine1 " not in made.names()
        done = subprocess.run(
            [sys.executable, "-m", "cloche_engine.cli", "list"],
            capture_output=True,
            text=True,
            env=made.environment,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert "There are no containers yet" in done.stdout
        assert "org.cloche.Engine1 " in made.names()


@pytest.mark.parametrize("user", [NOBODY, DAEMON])
def test_a_stranger_cannot_be_the_helper(plain: System, user: int) -> None:
    asked = subprocess.run(
        [
            "setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups",
            "busctl", "--system", "call", "org.freedesktop.DBus", "/org/freedesktop/DBus",
            "org.freedesktop.DBus", "RequestName", "su", "org.cloche.Engine1", "0",
        ],
        capture_output=True, text=True, env=plain.environment, check=False,
    )  # fmt: skip
    assert asked.returncode != 0
    assert "not allowed to own" in asked.stderr or "Access denied" in asked.stderr


def test_a_caller_that_vanishes_gets_nothing_done(plain: System) -> None:
    """CVE-2021-3560: the call is on its way when its sender closes the connection."""
    subprocess.run(
        [
            sys.executable, "-m", "tests.bus.vanishing_caller",
            str(plain.folder / "system_bus"), str(NOBODY),
        ],
        check=True, cwd=world.REPOSITORY, timeout=60,
    )  # fmt: skip
    assert plain.ask(0, "containers") == "allowed []\n"
    assert "org.cloche.Engine1" in plain.names()


def _with_agent(system: System, mode: str) -> Any:
    asked = subprocess.run(
        [sys.executable, "-m", "tests.bus.agent", str(NOBODY), mode],
        capture_output=True,
        timeout=30,
        check=True,
        cwd=world.REPOSITORY,
        env=system.environment,
    )
    return json.loads(asked.stdout)


@pytest.fixture
def one(granting: System) -> Iterator[str]:
    assert "allowed" in granting.ask(0, "define", world.shell("one").decode())
    yield "one"
    assert "state=<State.STOPPED" in granting.ask(0, "container", "one")
    granting.ask(0, "undefine", "one")


def test_a_dismissed_dialog_is_told_and_nothing_was_done(granting: System, one: str) -> None:
    found = _with_agent(granting, "dismiss")
    assert found["answers"] == [
        "RefusedError the password dialog was dismissed, so you may not start and stop containers"
    ]
    assert found["opened"] == [
        [
            "org.cloche.engine1.manage",
            f"Authentication is required to start or stop the container {one}",
        ]
    ]


def test_many_calls_open_one_dialog_and_it_goes_with_the_caller(granting: System, one: str) -> None:
    found = _with_agent(granting, "vanish")
    assert len(found["opened"]) == 1
    assert found["withdrawn"]
    assert set(found["answers"]) == {"UnavailableError"}


def test_a_job_is_cancelled_while_its_password_is_asked_for(granting: System) -> None:
    found = _with_agent(granting, "cancel")
    assert [action for action, _ in found["opened"]] == ["org.cloche.engine1.templates"]
    assert found["withdrawn"]
    assert found["answers"] == ["cancelled"]
