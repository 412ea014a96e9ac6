"""What the runner of esctest2 reads: the suite's log, and questions that it answers itself."""

import pytest
from tests.bench import esctest
from tests.bench.esctest_window import split

LOG = """Reading X window info for 0x0
Run test: CUPTests.test_CUP_RowOnly
Passed.

Run test: DECRCTests.test_SaveRestoreCursor_Wrap
*** TEST DECRCTests.test_SaveRestoreCursor_Wrap FAILED:
Traceback (most recent call last):
  File "esctest.py", line 1, in RunTest
esctypes.TestFailure: Test failed: expected '1' but got '2'


Run test: DECSCLTests.test_DECSCL_RISOnChange
Fails as expected: reason (not trying)

Run test: DECSETTests.test_DECSET_DECNCSM
Skipped because terminal lacks requisite capability:

*** 1 test passed, 2 known bugs, 1 TEST FAILED ***
"""


def test_a_log_is_read_test_by_test() -> None:
    results = esctest.read(LOG)
    assert results.passed == ["CUP RowOnly"]
    assert results.known == ["DECSCL RISOnChange", "DECSET DECNCSM"]
    assert results.failed == {
        "DECRC SaveRestoreCursor_Wrap": "TestFailure: Test failed: expected '1' but got '2'"
    }


def test_without_a_checkout_it_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ESCTEST2", raising=False)
    assert "git clone https://github.com/ThomasDickey/esctest2" in esctest.measure().notes[0]


@pytest.mark.parametrize(
    ("output", "parts"),
    [
        (b"plain\x1b[m", [(b"plain\x1b[m", b"")]),
        (b"ab\x1b[1;0;2;3;4;5*ycd", [(b"ab", b"1;0;2;3;4;5"), (b"cd", b"")]),
        (b"ab\x1b[1;0;2*", [(b"ab", b"\x1b[1;0;2*")]),
        (b"\x1b[1*y\x1b[2*y\x1b", [(b"", b"1"), (b"", b"2"), (b"", b"\x1b")]),
    ],
)
def test_questions_about_the_screen_are_taken_out(
    output: bytes, parts: list[tuple[bytes, bytes]]
) -> None:
    assert split(output) == parts
