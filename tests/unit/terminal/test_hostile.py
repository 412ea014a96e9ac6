"""Whatever a container writes, it cannot type for the user, resize the terminal, or eat memory.

T3, T8, T9 and T10 have more tests where the whole widget is: beside those of clipboard and links.
Each guard has its control, in which the same attack succeeds while the guard is off.
"""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.terminal import growth

from cloche_gui.widgets.terminal import cells, guard, soft_reset
from cloche_gui.widgets.terminal.core import TerminalCore
from cloche_gui.widgets.terminal.guard import STRING_LIMIT, Guard
from cloche_gui.widgets.terminal.replies import QUEUE_LIMIT, ReplyQueue

MARK = "INJECTED"
HEX_MARK = MARK.encode().hex()


def unguard(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything reaches the core as it came."""
    monkeypatch.setattr(Guard, "admit", lambda _self, block, _cells: block)
    monkeypatch.setattr(guard, "STRING_LIMIT", 1 << 40)
    monkeypatch.setattr(soft_reset, "_AT_MOST", 1 << 30)


def replies(data: str | bytes) -> bytes:
    core = TerminalCore()
    core.feed(data.encode() if isinstance(data, str) else data)
    return core.take_replies()


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("\x1b[c", rb"\x1b\[\?[0-9;]+c"),
        ("\x1b[>c", rb"\x1b\[>[0-9;]+c"),
        ("\x1b[5n", rb"\x1b\[0n"),
        ("\x1b[2;7H\x1b[6n", rb"\x1b\[2;7R"),
        ("\x1b[?2004$p", rb"\x1b\[\?2004;2\$y"),
        ("\x1b]11;?\x07", rb"\x1b\]11;rgb:[0-9a-f/]+\x07"),
        ("\x1b]4;1;?\x07", rb"\x1b\]4;1;rgb:[0-9a-f/]+\x07"),
        ("\x1bP$qm\x1b\\", rb"\x1bP1\$r0m\x1b\\"),
        ("\x1b[?u", rb"\x1b\[\?0u"),
        ("\x1b[18t", rb"\x1b\[8;24;80t"),  # what TIOCGWINSZ tells it too
    ],
)
def test_honest_questions_are_answered(question: str, answer: bytes) -> None:
    """The control: without it, a terminal that never answers would pass all the rest."""
    assert re.fullmatch(answer, replies(question))


@pytest.mark.parametrize("ask", ["\x1b[21t", "\x1b[20t", "\x1b[22;0t\x1b[21t", "\x1b[23t\x1b[21t"])
def test_t1_a_title_is_never_told(ask: str) -> None:
    assert replies(f"\x1b]0;{MARK}\x07\x1b]2;{MARK}\x07\x1b]1;{MARK}\x07{ask}") == b""


@pytest.mark.parametrize(
    "sequence",
    [
        f"\x1bP$q{MARK}\x1b\\",
        f"\x1bP+q{HEX_MARK}\x1b\\",
        "\x1bP+q544e\x1b\\",
        "\x1b]52;c;?\x07",
        "\x1b]52;p;SU5KRUNURUQ=\x07\x1b]52;p;?\x1b\\",
        f"\x1b]50;{MARK}\x07\x1b]50;?\x07",
        f"\x1bP0;0|17/{HEX_MARK}\x1b\\",
        "\x05",
        "\x1b[i\x1b[4i\x1b[?4i",
        f"\x1b]1337;File=name={MARK}:QUFB\x07",
        "\x1b]1337;ReportCellSize\x07",
        f"\x1b]9;{MARK}\x07",
        f"\x1b]777;notify;{MARK};{MARK}\x07",
        f"\x1b_{MARK}\x1b\\",
        f"\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;{MARK}\x1b\\",
        "\x1b_Gi=31,a=q,t=f;L2V0Yy9wYXNzd2Q=\x1b\\",
        f"\x1b^{MARK}\x1b\\",
        f"\x1bX{MARK}\x1b\\",
        "\x1b]5522;type=read;Lg==\x1b\\",
        f"\x1b]21;foreground=?;{MARK}=?\x1b\\",
        f"\x1b]7;file://{MARK}\x07\x1b]7;?\x07",
        "\x1b[14t\x1b[15t\x1b[16t\x1b[19t\x1b[11t\x1b[13t",
        "\x1b[x\x1b[1*y",
    ],
)
def test_t2_t3_t4_what_could_type_for_the_user_is_not_answered(sequence: str) -> None:
    assert MARK.encode() not in replies(sequence)
    assert replies(sequence) == b""


PIECES = [
    *(
        b"\x1b",
        b"[",
        b"]",
        b"P",
        b"?",
        b";",
        b"$q",
        b"+q",
        b"0",
        b"21",
        b"6",
        b"n",
        b"t",
        b"c",
        b"R",
    ),
    *(b"\x07", b"\x1b\\", b"\r", b"\n", b"rm -rf", b"52;c;?", b"_G", b"\x9b", b"\x90", b"u", b"$p"),
    *(b">", b"=", b"4;1;?"),
]
GRAMMAR = st.lists(st.sampled_from(PIECES), max_size=60).map(b"".join)


@given(st.binary(max_size=400) | GRAMMAR)
def test_t5_no_output_makes_a_reply_beyond_the_grammar(data: bytes) -> None:
    answer = replies(data)
    assert b"\r" not in answer
    assert b"\n" not in answer
    assert not re.search(rb"rm -rf", answer)
    assert len(answer) <= QUEUE_LIMIT


def test_t5_a_flood_of_questions_is_dropped_above_four_kibibytes() -> None:
    core = TerminalCore()
    core.feed(b"\x1b[6n" * 100_000)
    assert 0 < len(core.take_replies()) <= QUEUE_LIMIT


def test_t5_replies_are_allowed_again_after_a_while() -> None:
    now = 0.0
    queue = ReplyQueue(clock=lambda: now)
    for _ in range(5000):
        queue.offer(b"\x1b[1;1R")
    assert QUEUE_LIMIT - 6 < len(queue.take()) <= QUEUE_LIMIT
    queue.offer(b"\x1b[1;1R")
    assert queue.take() == b""
    now = 1.0
    queue.offer(b"\x1b[1;1R")
    assert queue.take() == b"\x1b[1;1R"


@pytest.mark.parametrize(
    "resize",
    [
        "\x1b[8;60;200t",
        "\x1b[?40h\x1b[?3h",
        "\x1b[4;999;999t",
        "\x1b[9;1t",
        "\x1b[200*|",
        "\x1b[132$|",
    ],
)
def test_t6_a_container_cannot_resize_the_terminal(resize: str) -> None:
    core = TerminalCore(10, 40)
    core.feed(resize.encode())
    core.refresh()
    assert (core.rows, core.columns) == (10, 40)
    assert (len(core.screen), len(core.screen[0].clusters)) == (10, 40)


def test_t6_control_where_nothing_puts_it_back_a_container_widens_the_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    core = TerminalCore(10, 40)
    monkeypatch.setattr(TerminalCore, "resize", lambda *_: None)
    core.feed(b"\x1b[?40h\x1b[?3h")
    core.refresh()
    assert len(core.screen[0].clusters) == 132


@pytest.fixture(scope="module")
def grown() -> dict[str, int]:
    """By how many KiB a terminal of a new process grows under each attack."""
    return growth.measured()


@pytest.mark.parametrize("opening", growth.ENDLESS)
def test_t6_an_endless_string_takes_no_memory(grown: dict[str, int], opening: str) -> None:
    assert grown[opening] < 2 * 1024


def test_t6_control_without_the_guard_an_endless_string_takes_memory(grown: dict[str, int]) -> None:
    assert grown[growth.UNGUARDED] > 4 * 1024


@pytest.mark.parametrize("opening", growth.ENDLESS)
def test_t6_an_endless_string_ends(opening: str) -> None:
    core = TerminalCore()
    core.feed(opening.encode())
    core.feed(b"4" * (1 << 20))
    core.feed(b"\x18\x1bcstill here")
    core.refresh()
    assert core.screen[0].text == "still here"


@pytest.mark.parametrize("final", "bLMP@STXIZABEdGr")
def test_t6_huge_parameters_are_harmless(final: str) -> None:
    core = TerminalCore()
    core.feed(f"x\x1b[99999999999{final}".encode() * 20)
    core.feed(b"\x1b[" + b"1;" * 100_000 + final.encode())
    core.refresh()
    assert (core.rows, core.columns) == (24, 80)


@pytest.mark.parametrize("final", "bLMP@STXIZABEdGr")
def test_t6_control_with_a_small_parameter_the_same_sequences_act(final: str) -> None:
    core = TerminalCore()
    core.feed(b"0123456789abcdef\r\n" * 20 + b"\x1b[9;9Hx")
    core.refresh()
    before = [row.text for row in core.screen], core.cursor
    core.feed(f"\x1b[3{final}".encode())
    core.refresh()
    assert ([row.text for row in core.screen], core.cursor) != before


def test_t7_scrollback_has_a_limit_in_bytes(grown: dict[str, int]) -> None:
    assert grown[growth.LIMITED_LINES] < 40 * 1024


def test_t7_control_a_scrollback_without_limit_grows(grown: dict[str, int]) -> None:
    assert grown[growth.UNLIMITED_LINES] > 40 * 1024


def processor_seconds(core: TerminalCore, data: bytes) -> float:
    start = time.thread_time()
    core.feed(data)
    return time.thread_time() - start


DEAR = [
    b"x\x1b[65535b",
    b"x\x1b[655\x0035b",
    b"\x1bc",
    b"\x1b\x00cx",
    b"x\x1bc\x1b[65535b",
    b"\x1b[!p",
    b"x\x1b[!p",
]
PIECE, PIECES_SENT, MOST_SECONDS = 32768, 32, 0.3


@pytest.mark.parametrize("sequence", [*DEAR, b"x\x1b[9S"])
def test_t6_t7_storms_of_dear_sequences_cost_little_more_than_text(sequence: bytes) -> None:
    core = TerminalCore()
    pieces = [sequence * (PIECE // len(sequence))] * PIECES_SENT
    taken = [processor_seconds(core, piece) for piece in pieces]
    assert max(taken) < 0.1
    assert sum(taken[1:]) < MOST_SECONDS


@pytest.mark.parametrize("sequence", DEAR)
def test_t6_t7_control_without_the_guard_such_a_storm_costs_more(
    monkeypatch: pytest.MonkeyPatch, sequence: bytes
) -> None:
    unguard(monkeypatch)
    quarter = sequence * (PIECE // 4 // len(sequence))
    taken = processor_seconds(TerminalCore(), quarter)
    assert taken * 4 * PIECES_SENT > MOST_SECONDS  # 0.8 to 9 s


def test_honest_repeats_and_resets_are_kept() -> None:
    core = TerminalCore()
    core.feed(b"old\x1bc" * 3 + b"a\x1b[40b\r\n" * 5)
    core.refresh()
    assert [core.screen[row].text for row in range(6)] == ["a" * 41] * 5 + [""]


def test_t6_the_last_reset_of_a_storm_holds() -> None:
    core = TerminalCore()
    core.feed(b"\x1bc" * 100_000 + b"old\x1bcnew")
    core.refresh()
    assert core.screen[0].text == "new"


def test_t6_a_string_within_the_limit_is_kept_whole() -> None:
    core = TerminalCore()
    payload = b"QUFB" * (STRING_LIMIT // 4 - 8)
    core.feed(b"\x1b]52;c;" + payload + b"\x07after")
    core.refresh()
    news = core.take_news()
    assert news is not None
    assert news.copied == "A" * (len(payload) // 4 * 3)
    assert core.screen[0].text == "after"


def test_t6_text_after_a_string_that_is_too_long_is_shown() -> None:
    core = TerminalCore()
    core.feed(b"before \x1b]2;" + b"x" * (1 << 20) + b"\x07after")
    core.refresh()
    assert core.screen[0].text == "before after"


def marks_shown(count: int) -> int:
    core = TerminalCore()
    core.feed(b"e" + "\u0301".encode() * count + b"x")
    core.refresh()
    shown = core.screen[0].text
    assert re.fullmatch("e\u0301*x", shown)
    return len(shown) - len("ex")


def test_t7_a_million_marks_on_a_cell_are_sixteen(grown: dict[str, int]) -> None:
    assert marks_shown(1_000_000) == 16
    assert grown[growth.MARKS] < 16 * 1024


def test_t7_control_without_a_limit_more_marks_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "_MARKS_SHOWN", 1_000_000)
    assert marks_shown(1_000_000) > 16


@pytest.mark.parametrize(
    "text",
    [b"\xed\xa0\x80\xed\xb0\x80", bytes(range(0x80, 0x100)) * 64, b"\xf8\x88\x80\x80\x80",
     "\u202e\u2066abc\u2069\u202c".encode()],
)  # fmt: skip
def test_t7_broken_and_reordering_text_is_shown_as_cells_in_order(text: bytes) -> None:
    core = TerminalCore()
    core.feed(text + b"\x18\x1b[3;1Hfine")
    core.refresh()
    assert core.screen[2].text.startswith("fine")
    assert all(len(row.clusters) == core.columns for row in core.screen)
    assert not any(0xD800 <= ord(one) < 0xE000 for row in core.screen for one in row.text)


def test_t7_control_a_lenient_reader_takes_lone_surrogates_from_that_text() -> None:
    taken = b"\xed\xa0\x80\xed\xb0\x80".decode("utf-8", "surrogatepass")
    assert all(0xD800 <= ord(one) < 0xE000 for one in taken)
