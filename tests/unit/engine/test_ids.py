"""Every container has host ids of its own, and keeps them."""

from __future__ import annotations

import ipaddress
import itertools
from pathlib import Path

import pytest

from cloche_engine.api.errors import EngineError
from cloche_engine.core.networks.leases import Leases
from cloche_engine.host.ids import COUNT, IdBlocks, Range, subordinate_ranges


def test_blocks_never_overlap_and_are_stable(tmp_path: Path) -> None:
    file = tmp_path / "ids.json"
    first = {str(number): IdBlocks(file, []).block_for(str(number)) for number in range(50)}
    starts = sorted(first.values())
    assert all(after - before >= COUNT for before, after in itertools.pairwise(starts))
    again = IdBlocks(file, [])
    assert {uuid: again.block_for(uuid) for uuid in first} == first


def test_a_block_given_back_is_used_again(tmp_path: Path) -> None:
    blocks = IdBlocks(tmp_path / "ids.json", [])
    kept, given = blocks.block_for("a"), blocks.block_for("b")
    blocks.give_back("b")
    assert blocks.block_for("c") == given
    assert blocks.block_for("a") == kept


def test_ids_of_users_are_left_alone(tmp_path: Path) -> None:
    plain = IdBlocks(tmp_path / "one.json", []).block_for("a")
    users = [Range(plain + 10, 5)]
    assert IdBlocks(tmp_path / "two.json", users).block_for("a") == plain + COUNT


def test_the_users_ranges_are_read_and_nonsense_skipped(tmp_path: Path) -> None:
    file = tmp_path / "subuid"
    file.write_text("anna:100000:65536\n\nbroken\nben:x:1\nben:165536:65536\n")
    ranges = subordinate_ranges([file, tmp_path / "absent"])
    assert ranges == [Range(100000, 65536), Range(165536, 65536)]


def test_where_it_cannot_be_written_nothing_is_taken_and_the_folder_is_named(
    tmp_path: Path,
) -> None:
    blocks = IdBlocks(tmp_path / "ids.json", [])
    kept = blocks.block_for("a")
    (tmp_path / "ids.new").mkdir()  # as little can be written there as on a full disk
    with pytest.raises(EngineError, match=f"saved in {tmp_path}: Is a directory") as refused:
        blocks.block_for("b")
    assert "free some space" in refused.value.hint
    blocks.give_back("a")
    (tmp_path / "ids.new").rmdir()
    assert IdBlocks(tmp_path / "ids.json", []).block_for("a") == kept
    assert blocks.block_for("b") == kept, "what was given back is not lost"


def test_one_that_comes_back_before_that_could_be_written_has_its_old_ids(tmp_path: Path) -> None:
    blocks = IdBlocks(tmp_path / "ids.json", [])
    first, second = blocks.block_for("a"), blocks.block_for("b")
    (tmp_path / "ids.new").mkdir()
    blocks.give_back("a")
    (tmp_path / "ids.new").rmdir()
    assert blocks.block_for("a") == first
    assert blocks.block_for("c") not in {first, second}


def test_of_those_nobody_knows_the_ids_are_free(tmp_path: Path) -> None:
    file = tmp_path / "ids.json"
    gone, kept = IdBlocks(file, []).block_for("gone"), IdBlocks(file, []).block_for("kept")
    blocks = IdBlocks(file, [])
    blocks.keep_only({"kept"})
    assert blocks.block_for("new") == gone
    assert blocks.block_for("kept") == kept


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"a": "b"}', b"\xff"])
def test_a_damaged_record_is_told_and_locks_nobody_out(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "ids.json"
    file.write_bytes(content)
    blocks = IdBlocks(file, [])
    blocks.keep_only(())
    blocks.give_back("b")
    with pytest.raises(EngineError, match=f"{file} is damaged") as told:
        blocks.block_for("a")
    assert "remove it while no container runs" in told.value.hint
    assert file.read_bytes() == content
    file.unlink()
    assert blocks.block_for("a")


def test_an_address_that_cannot_be_written_is_nobodys(tmp_path: Path) -> None:
    leases = Leases(tmp_path / "network.json")
    leases.settle(ipaddress.IPv4Network("10.64.16.0/20"))
    leases.take("a/0", 0)
    (tmp_path / "network.json.new").mkdir()
    with pytest.raises(EngineError, match=f"saved in {tmp_path}: Is a directory"):
        leases.take("b/0", 1)
    assert leases.free(2) == 1
    assert leases.give_back("a")
    assert leases.free(2) == 0


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"pool": "x"}', b"\xff"])
def test_a_damaged_record_of_addresses_is_told_when_one_is_wanted(
    tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "network.json"
    file.write_bytes(content)
    leases = Leases(file)
    assert leases.network is None
    leases.give_back("a")
    with pytest.raises(EngineError, match=f"{file} is damaged") as told:
        leases.settle(ipaddress.IPv4Network("10.64.16.0/20"))
    assert "restore it from a backup" in told.value.hint
    assert file.read_bytes() == content
