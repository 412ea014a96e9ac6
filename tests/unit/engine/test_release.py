"""Why a release could not be made: the tool's own words, told apart from what follows of them."""

from __future__ import annotations

from cloche_engine.core.templates.release import cause, hint_for

_OFFLINE = [
    "Err:1 http://deb.example.org/debian bookworm InRelease",
    "  Temporary failure resolving 'deb.example.org'",
    "E: Failed to fetch http://deb.example.org/x  Temporary failure resolving 'deb.example.org'",
    "E: Some index files failed to download. They have been ignored, or old ones used instead.",
    "E: apt-get update --error-on=any failed",
    "I: removing tempdir /var/tmp/mmdebstrap",
    "E: mmdebstrap failed to run",
]
_UNKNOWN = [
    "  404  Not Found",
    "E: The repository 'http://deb.example.org nosuch Release' does not have a Release file.",
    "E: mmdebstrap failed to run",
]


def test_a_host_without_a_network_is_told_that_its_mirror_was_not_reached() -> None:
    assert "resolving 'deb.example.org'" in cause(_OFFLINE)
    assert "reaches its package sources" in hint_for(_OFFLINE)


def test_a_release_that_the_mirror_lacks_is_told_so() -> None:
    assert cause(_UNKNOWN).endswith("does not have a Release file.")
    assert "named so" in hint_for(_UNKNOWN)


def test_a_tool_that_dies_in_silence_is_told_so() -> None:
    assert cause([]) == "it said nothing"
    assert cause(["Killed"]) == "Killed"
