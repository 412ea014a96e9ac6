"""What the window says and allows, without a window."""

from __future__ import annotations

import pytest

from cloche_engine.api.errors import StartFailedError
from cloche_engine.api.model import Container, State
from cloche_engine.definition.schema.linuxcontainer import SCHEMA
from cloche_engine.definition.spec import ContainerSpec, Interface, InterfaceKind
from cloche_gui.presenters import container as words
from cloche_gui.presenters import helping, memory, program
from cloche_gui.presenters.container import Action
from cloche_gui.presenters.ending import ending, exit_ending
from cloche_gui.presenters.network import MODE_WORDS, Mode, Network, from_spec
from cloche_gui.presenters.notice import Tone, failure


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("action", list(Action))
def test_an_action_is_possible_or_says_why_not(action: Action, state: State) -> None:
    found = words.availability(action, Container("u", "web", state))

    assert found.enabled == (not found.why_not)
    if not found.enabled:
        assert words.state_word(state).lower() in found.why_not


def test_nothing_can_be_done_while_something_is_under_way_or_nothing_is_chosen() -> None:
    stopped = Container("u", "web")
    busy = words.obstacle("Starting “web”", connected=True)
    assert "Starting" in words.availability(Action.START, stopped, busy).why_not
    gone = words.obstacle("", connected=False)
    assert "helper" in words.availability(Action.START, stopped, gone).why_not
    assert "Choose" in words.availability(Action.START, None).why_not


def test_search_finds_by_name_title_state_and_address() -> None:
    found = Container("u", "web", State.RUNNING, title="Shop", addresses=("10.0.0.2/24",))

    assert all(
        words.matches(found, text) for text in ("WE", "shop", "running", "10.0.0", "web run")
    )
    assert not words.matches(found, "web stopped")
    assert words.matches(Container("u", "web", static_addresses=("10.0.0.2/24",)), "10.0.0")


def test_the_list_shows_addresses_without_masks_and_screen_readers_hear_all() -> None:
    found = Container("u", "web", State.RUNNING, addresses=("10.0.0.2/24",))

    assert words.subtitle(found) == "Running · 10.0.0.2"
    assert words.spoken(found) == "web, running, 10.0.0.2"
    stopped = Container("u", "web", static_addresses=("10.0.0.2/24",))
    assert words.subtitle(stopped) == "Stopped"
    assert words.spoken(stopped) == "web, stopped"
    assert words.summary([found, Container("v", "b")]) == "2 containers, 1 running"


def test_a_row_of_the_list_shows_one_address_whole_and_counts_the_others() -> None:
    addresses = ("fd42:1234:5678:9abc::12/64", "10.0.0.2/24")
    found = Container("u", "web", State.RUNNING, title="Shop", addresses=addresses)

    assert words.row_text(found) == "Running · fd42:1234:5678:9abc::12 +1"
    assert words.row_tip(found) == "Shop\nRunning · fd42:1234:5678:9abc::12 · 10.0.0.2"
    assert words.row_text(Container("u", "web")) == "Stopped"


def test_the_help_names_every_element_and_attribute_every_key_and_where_logs_lie() -> None:
    page = helping.reference_page()
    for rule in SCHEMA.elements:
        assert f"&lt;{rule.tag}&gt;" in page
        assert all(f"{each.name}=</code>" in page for each in rule.attributes)
    assert "Ctrl+Shift+N" in helping.keys_page([("New container", "Ctrl+Shift+N")])
    assert "/var/lib/cloche/logs/" in helping.places_page("/var/lib/cloche")
    assert "not connected" in helping.places_page(None)


def test_the_end_of_a_program_is_told_with_the_next_step() -> None:
    assert ending(Container("u", "a", State.RUNNING)) is None
    assert ending(Container("u", "a")) is None
    assert exit_ending(0).text == "The program ended with status 0."
    assert "SIGKILL" in exit_ending(137).text
    assert "memory limit" in exit_ending(137, out_of_memory=True).text
    failed = ending(Container("u", "a", State.FAILED, error="no such file", hint="make it"))
    assert failed is not None
    assert (failed.text, failed.hint) == ("No such file.", "Make it.")


def test_an_error_becomes_sentences() -> None:
    notice = failure("Could not start “a”", StartFailedError("it broke", "mend it first"))

    assert notice.tone is Tone.ERROR
    assert notice.spoken == "Could not start “a”. It broke. Mend it first."


@pytest.mark.parametrize("message", ["u15 did not start", "“u15” did not start", "u15: no bridge"])
def test_a_sentence_changes_no_container_s_name(message: str) -> None:
    told = failure("Could not start “u15”", StartFailedError(message, "mend it first"), "u15")
    assert (told.text, told.hint) == (f"{message}.", "Mend it first.")
    failed = ending(Container("v", "u15", State.FAILED, error=message, hint="u15 goes on"))
    assert failed is not None
    assert (failed.text, failed.hint) == (f"{message}.", "u15 goes on.")
    assert failure("", StartFailedError("u15x is gone"), "u15").text == "U15x is gone."


def test_a_network_that_is_not_there_is_named_and_not_called_connected() -> None:
    def shown(source: str) -> Network:
        link = Interface(InterfaceKind.NETWORK, source)
        return from_spec(ContainerSpec(name="a", interfaces=(link,)))

    assert (shown("default").mode, shown("default").words) == (
        Mode.MANAGED,
        MODE_WORDS[Mode.MANAGED],
    )
    assert shown("defualt").mode is Mode.OTHER
    assert "no network “defualt”" in shown("defualt").words


@pytest.mark.parametrize(
    ("kib", "shown"),
    [(65536, (64, "MiB")), (1048576, (1, "GiB")), (1000, (1000, "KiB")), (0, (0, "KiB"))],
)
def test_memory_is_shown_in_the_largest_unit_that_is_exact(
    kib: int, shown: tuple[int, str]
) -> None:
    assert memory.in_best_unit(kib) == shown
    assert memory.kib(*shown) == kib


@pytest.mark.parametrize("argv", [(), ("a b", "'", '"', "", "$x")])
def test_a_program_line_comes_back_as_it_went(argv: tuple[str, ...]) -> None:
    assert program.split(program.join(argv)) == argv
