"""The rules of the house that no linter knows."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path

import pytest

from cloche_engine.definition.document import Document

ROOT = Path(__file__).parents[2]
FOLDERS = ("engine", "gui", "tests", "resources", "packaging", ".ci")
SUFFIXES = {".py", ".md", ".toml", ".txt", ".xml", ".sh", ".json", ".service", ".conf", ".desktop"}
GENERATED = {"__pycache__", "node_modules", "shots"}
FORBIDDEN = {
    # put together from pieces, or this file would break its own rule
    "the path of one machine": re.compile(r"(?<![\w.}/-])/" + r"(work/|root/\.)"),
    "a folder beside the project": re.compile(r"\.\./" + "shared"),
    "the address of a package index": re.compile(
        "index" + r"-url|/simp" + "le/?[\"' ]|pypi" + r"\.org"
    ),
}
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "stuff"}
LOCKS = [ROOT / "requirements.txt", ROOT / "requirements-dev.txt"]


def files() -> list[Path]:
    """Text files of the project, tracked or not yet."""
    found = [path for path in ROOT.iterdir() if path.is_file()]
    for folder in FOLDERS:
        found += [path for path in (ROOT / folder).rglob("*") if path.is_file()]
    return [
        path
        for path in found
        if (path.suffix in SUFFIXES or path.parent == ROOT / ".ci" or path.name == "dev")
        and not GENERATED & set(path.parts)
    ]


def places(pattern: re.Pattern[str], path: Path) -> list[str]:
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return [
        f"{path.relative_to(ROOT)}:{n}: {line}"
        for n, line in enumerate(lines, 1)
        if pattern.search(line)
    ]


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_names(what: str) -> None:
    assert not [place for path in files() for place in places(FORBIDDEN[what], path)]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_pinned_package_has_a_hash(lock: Path) -> None:
    entries = re.split(r"(?<!\\)\n", lock.read_text())
    pins = [entry for entry in entries if entry and not entry.startswith("#")]
    assert len(pins) > 5
    assert not [
        pin for pin in pins if not re.match(r"[a-z0-9-]+==\S+ .*--hash=sha256:", pin, re.DOTALL)
    ]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_a_lock_names_no_address(lock: Path) -> None:
    assert "://" not in lock.read_text()


def test_both_locks_pin_the_same_versions() -> None:
    run, dev = (
        set(re.findall(r"^([a-z0-9-]+==\S+)", lock.read_text(), re.MULTILINE)) for lock in LOCKS
    )
    assert run <= dev


def test_no_module_hides_behind_a_vague_name() -> None:
    modules = [path for folder in ("engine", "gui") for path in (ROOT / folder).rglob("*.py")]
    assert not [path for path in modules if VAGUE_NAMES & {path.stem, path.parent.name}]


def test_every_package_is_a_package() -> None:
    sources = [ROOT / "engine/cloche_engine", ROOT / "gui/cloche_gui"]
    folders = {path.parent for source in sources for path in source.rglob("*.py")}
    assert not [folder for folder in folders if not (folder / "__init__.py").exists()]


def test_resources_are_well_formed() -> None:
    kinds = ("*.xml", "*.svg", "*.policy", "*.rng", "*.ui", "*.conf")
    for path in [path for kind in kinds for path in (ROOT / "resources").rglob(kind)]:
        if "cut" not in path.stem:
            ET.parse(path)  # noqa: S314  # the project's own files


def test_the_desktop_entry_starts_the_window() -> None:
    path = ROOT / "resources" / "org.cloche.Cloche.desktop"
    entry = path.read_text()
    assert re.search(r"^Exec=cloche( |$)", entry, re.MULTILINE)
    validator = shutil.which("desktop-file-validate")
    if validator:
        subprocess.run([validator, path], check=True)


def test_the_desktop_entry_is_named_after_the_application_id() -> None:
    source = (ROOT / "gui" / "cloche_gui" / "__main__.py").read_text()
    (name,) = re.findall(r'^APPLICATION_ID = "(.+)"$', source, re.MULTILINE)
    assert (ROOT / "resources" / f"{name}.desktop").exists()


def test_a_wheel_holds_every_icon(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    icons = [path.name for path in (ROOT / "resources" / "icons").glob("*.svg")]
    assert icons
    assert {f"cloche_gui/icons/{icon}" for icon in icons} <= names


def test_the_licence_is_the_one_that_is_declared() -> None:
    assert 'license = "GPL-3.0-or-later"' in (ROOT / "pyproject.toml").read_text()
    text = (ROOT / "LICENSE").read_text()
    assert "GNU GENERAL PUBLIC LICENSE" in text
    assert "Version 3, 29 June 2007" in text


def test_what_the_readme_shows_of_a_definition_means_what_it_says() -> None:
    readme = (ROOT / "README.md").read_text()
    memory, forward = (
        re.findall(f"`(<{name} .*?</{name}>)`", readme)[0] for name in ("memory", "portForward")
    )
    link = f"<interface type='network'><source network='default'/>{forward}</interface>"
    container = f"<container><application>/bin/sh</application>{link}</container>"
    text = f"<domain type='linuxcontainer'><name>web</name>{container}{memory}</domain>"
    document = Document.parse(text.encode())
    assert document.problems == ()
    spec = document.compiled()
    assert spec.memory.max_kib == 512 * 1024
    (port,) = spec.interfaces[0].forwards
    assert (port.start, port.end, port.to) == (8080, 8080, 80)


def test_the_readme_names_the_command_that_ci_runs() -> None:
    readme = (ROOT / "README.md").read_text()
    assert re.search(r"^\./dev run\b", readme, re.MULTILINE)
    assert re.search(r"^\./dev test\b", readme, re.MULTILINE)
