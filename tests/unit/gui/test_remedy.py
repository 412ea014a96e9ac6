"""The engine's hints in the words of the window."""

from __future__ import annotations

import pytest

from cloche_engine.api.errors import StartFailedError
from cloche_engine.api.model import Container, State
from cloche_gui.presenters.ending import ending, failed_start
from cloche_gui.presenters.notice import failure
from cloche_gui.presenters.remedy import in_window, place_of_error, place_of_step

_TEXT = b"""<domain type="linuxcontainer">
  <name>box</name>
  <memory>512</memory>
  <container>
    <application>/bin/nope</application>
  </container>
</domain>
"""


@pytest.mark.parametrize(
    ("hint", "said"),
    [
        ("correct <application>, or mount it", "correct “Program”, or mount it"),
        ("raise <memory>; 16 MiB are enough", "raise “Memory limit”; 16 MiB are enough"),
        ("shorten <arg> and <env>", "shorten “Arguments” and “Environment”"),
        ("or raise <processes>", "or raise <processes>"),
        ("chmod o+x /srv/<memory>", "chmod o+x /srv/<memory>"),
    ],
)
def test_a_hint_names_the_field_where_the_element_has_one(hint: str, said: str) -> None:
    assert in_window(hint) == said


def test_a_failed_start_leads_to_the_field_and_to_the_line_of_what_its_hint_names() -> None:
    error = StartFailedError("box did not start", "correct <application>")

    told = failed_start(error, "box")

    assert told.hint == "Correct “Program”."
    assert told.place is not None
    assert told.place.words == "Go to “Program”"
    assert told.place.written(_TEXT) == (5, 5)
    assert failure("It did not start", error).hint == told.hint


def test_what_is_kept_of_a_failure_says_the_same_as_the_failure() -> None:
    kept = Container("u", "box", State.FAILED, error="killed", hint="raise <memory>")

    told = ending(kept)

    assert told is not None
    assert told.hint == "Raise “Memory limit”."
    assert told.place == place_of_step("raise <memory>")


def test_what_has_no_field_leads_to_its_line_in_the_xml() -> None:
    place = place_of_error(StartFailedError("no", "make it", {"line": "3", "column": "7"}))

    assert place is not None
    assert place.words == "Show in the XML"
    assert place.written(_TEXT) == (3, 7)
    assert place_of_error(StartFailedError("no", "free some space", {"errno": "28"})) is None


def test_an_element_that_is_not_written_yet_leads_to_where_the_engine_said() -> None:
    place = place_of_error(StartFailedError("no", "raise <processes>", {"line": "2"}))

    assert place is not None
    assert place.written(_TEXT) == (2, 1)
