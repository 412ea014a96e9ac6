"""Whoever writes state that does not fit says which, where, and what to do."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from cloche_engine.api.errors import EngineError
from cloche_engine.core.confining import _keep
from cloche_engine.core.networks.addresses import told_in_words
from cloche_engine.core.templates import release


def save_profile(folder: Path) -> None:
    (folder / "application.source").mkdir()  # as little can be written there as on a full disk
    _keep(folder / "application", "source", b"")


def save_sources(folder: Path) -> None:
    (folder / "sources.list").mkdir()
    release.words("bookworm", folder)


@pytest.mark.parametrize("save", [save_profile, save_sources])
def test_the_folder_and_the_next_step_are_told(
    save: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(release, "_MMDEBSTRAP", tmp_path)  # it is looked for, not run
    with pytest.raises(EngineError, match=f"saved in {tmp_path}: Is a directory") as refused:
        save(tmp_path)
    assert "free some space" in refused.value.hint


@pytest.mark.parametrize(
    ("number", "step"), [(errno.ENOSPC, "free some space"), (errno.EOPNOTSUPP, "modprobe bridge")]
)
def test_a_network_that_cannot_be_made_is_blamed_on_what_lacks(number: int, step: str) -> None:
    with pytest.raises(EngineError) as refused, told_in_words():
        raise OSError(number, os.strerror(number))
    assert step in refused.value.hint
