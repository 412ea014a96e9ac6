"""Definitions on disk: the user's bytes, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from cloche_engine.api.errors import EngineError
from cloche_engine.api.model import State
from cloche_engine.core.entry import Entry
from cloche_engine.core.store import Store, Stored

UUID = "a" * 32


def test_bytes_come_back_as_they_went(tmp_path: Path) -> None:
    store = Store(tmp_path / "definitions")
    text = b"\xef\xbb\xbf<domain>\r\n<!-- mine --></domain>"
    store.save(Stored(UUID, text))
    assert Store(tmp_path / "definitions").load() == [Stored(UUID, text)]
    store.delete(UUID)
    assert store.load() == []


def test_an_etag_changes_with_every_byte() -> None:
    assert Stored(UUID, b"a").etag != Stored(UUID, b"b").etag


def test_what_a_crashed_save_left_is_swept(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.save(Stored(UUID, b"old"))
    (tmp_path / f"{UUID}.new").write_bytes(b"half")
    assert store.load() == [Stored(UUID, b"old")]
    assert [file.name for file in tmp_path.iterdir()] == [f"{UUID}.xml"]


def test_a_save_that_fails_says_so_and_harms_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.save(Stored(UUID, b"old"))
    (tmp_path / f"{UUID}.new").mkdir()
    with pytest.raises(EngineError, match="could not be saved") as refused:
        store.save(Stored(UUID, b"new"))
    assert "unharmed" in refused.value.hint
    (tmp_path / f"{UUID}.new").rmdir()
    assert store.load() == [Stored(UUID, b"old")]


def test_a_damaged_definition_is_listed_with_its_reason() -> None:
    view = Entry.read(Stored(UUID, b"<domain")).view()
    assert (view.name, view.state) == (UUID, State.FAILED)
    assert "its definition is damaged" in view.error
    assert view.hint
