"""What an installation puts on the system fits together, as its own programs read it."""

from __future__ import annotations

import configparser
import shutil
import subprocess
from pathlib import Path

import pytest

from cloche_engine.api.names import BUS_NAME
from cloche_engine.daemon.actions import Action

RESOURCES = Path(__file__).parents[2] / "resources"
UNIT = RESOURCES / "systemd/cloched.service"


def section(path: Path, name: str) -> dict[str, str]:
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # keep the case of keys
    parser.read(path)
    return dict(parser[name])


def test_the_bus_starts_the_unit_that_takes_its_name() -> None:
    activation = section(RESOURCES / "dbus/org.cloche.Engine1.service", "D-BUS Service")
    service = section(UNIT, "Service")
    assert activation["SystemdService"] == UNIT.name
    assert activation["Name"] == service["BusName"] == BUS_NAME
    assert activation["Exec"] == service["ExecStart"]


def test_containers_outlive_the_unit() -> None:
    service = section(UNIT, "Service")
    assert service["KillMode"] == "process"
    assert service["RuntimeDirectoryPreserve"] == "yes"
    assert service["OOMPolicy"] == "continue"


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
def test_systemd_finds_no_fault_in_the_unit(tmp_path: Path) -> None:
    copy = tmp_path / UNIT.name
    copy.write_text(UNIT.read_text().replace("/usr/bin/cloched", "/bin/true"))
    words = ["systemd-analyze", "verify", "--man=no", str(copy)]
    checked = subprocess.run(words, capture_output=True, text=True, check=False)
    assert UNIT.name not in checked.stderr
    assert "Engine1" not in checked.stderr


def test_the_policy_has_every_action_that_is_asked_about() -> None:
    policy = (RESOURCES / "polkit/org.cloche.engine1.policy").read_text()
    for action in Action:
        assert f'<action id="{action.value}">' in policy
