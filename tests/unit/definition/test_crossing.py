"""From every dialect to every other: what comes out differs by what the loss report lists."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tests.unit.definition.anything import anything
from tests.unit.definition.samples import EXAMPLES

from cloche_engine.definition.converting.conversion import convert
from cloche_engine.definition.converting.loss import Loss
from cloche_engine.definition.converting.spec_json import to_json
from cloche_engine.definition.dialects import rooms
from cloche_engine.definition.dialects.dialect import Dialect
from cloche_engine.definition.reading import read
from cloche_engine.definition.spec import ContainerSpec

NESTED = (EXAMPLES / "rfc-2008-nested.xml").read_bytes()
FLAT = (EXAMPLES / "rfc-2008-flat.xml").read_bytes()
_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
# Shrinking what fails would take minutes.
_FEW = settings(
    max_examples=12, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate)
)


def written(spec: ContainerSpec, dialect: Dialect) -> bytes:
    return rooms.writer(dialect).write(spec)


def meaning(data: bytes, dialect: Dialect) -> dict[str, Any]:
    """The canonical JSON of a document that has no errors but a name that it cannot have."""
    reading = read(data, dialect)
    assert reading.spec is not None, reading.problems
    errors = [problem for problem in reading.errors if problem.code not in {"name", "missing"}]
    assert not errors, (data.decode(), errors)
    return to_json(reading.spec)


def lost(spec: dict[str, Any], losses: tuple[Loss, ...]) -> dict[str, Any]:
    """What a loss report says is left, by its paths alone."""
    left = copy.deepcopy(spec)
    gone: list[tuple[list[Any], int]] = []
    added: list[tuple[list[Any], int, Any]] = []
    for loss in losses:
        steps: list[Any] = [name or int(index) for name, index in _STEP.findall(loss.path)]
        *above, last = steps
        parent: Any = left
        for step in above:
            parent = parent[step]
        if isinstance(parent, list) and loss.now is None:
            gone.append((parent, last))
        elif isinstance(parent, list) and loss.value is None:
            added.append((parent, last, loss.now))
        elif loss.path == "filesystems":
            raise AssertionError("the order of mounts changed")
        else:
            parent[last] = loss.now
    for parent, index in sorted(gone, key=lambda entry: -entry[1]):
        del parent[index]
    for parent, index, value in added:
        parent.insert(index, value)
    return left


def plain(spec: dict[str, Any]) -> Any:
    """Without what means nothing: silence, a host name that is the name, where the root stands."""
    found = copy.deepcopy(spec)
    found["hostname"] = found["hostname"] or found["name"]
    found["filesystems"] = sorted(found["filesystems"], key=lambda each: each["target"] != "/")
    found["opaque"] = sorted(found["opaque"])
    found["console_ttys"] = dict(enumerate(found["console_ttys"]))
    found["network_isolated"] = found["network_isolated"] is not False
    return _said(found)


def _said(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {key: _said(inside) for key, inside in value.items()}
        kept = {key: inside for key, inside in kept.items() if inside not in (None, [], {}, "")}
        return {} if kept == {"policy": "default"} else kept
    return [_said(inside) for inside in value] if isinstance(value, list) else value


@pytest.mark.parametrize("target", Dialect)
@_FEW
@given(spec=anything)
def test_what_is_read_back_differs_exactly_by_the_losses(
    target: Dialect, spec: ContainerSpec
) -> None:
    done = convert(written(spec, Dialect.LINUXCONTAINER), target)
    assert done.errors == ()
    assert done.text is not None
    assert plain(meaning(done.text, target)) == plain(lost(to_json(spec), done.losses))
    assert all(loss.why for loss in done.losses)


@_FEW
@given(spec=anything)
def test_linuxcontainer_holds_everything(spec: ContainerSpec) -> None:
    text = written(spec, Dialect.LINUXCONTAINER)
    reading = read(text)
    assert reading.dialect is Dialect.LINUXCONTAINER
    assert reading.errors == ()
    assert reading.spec == spec


@pytest.mark.parametrize("dialect", Dialect)
@_FEW
@given(spec=anything)
def test_writing_is_a_fixed_point_from_the_second_time_on(
    dialect: Dialect, spec: ContainerSpec
) -> None:
    first = read(written(spec, dialect), dialect).spec
    assert first is not None
    second = written(first, dialect)
    again = read(second, dialect).spec
    assert again is not None
    assert written(again, dialect) == second


@_FEW
@given(spec=anything, way=st.permutations(list(Dialect)))
def test_any_way_through_the_dialects_ends_in_a_document(
    spec: ContainerSpec, way: list[Dialect]
) -> None:
    text = written(spec, Dialect.LINUXCONTAINER)
    source = Dialect.LINUXCONTAINER
    for target in way[:3]:
        done = convert(text, target, source, "105")
        assert done.text is not None, done.problems
        text, source = done.text, target


@pytest.mark.parametrize("target", Dialect)
@pytest.mark.parametrize("example", [NESTED, FLAT], ids=["nested", "flat"])
def test_the_rfc_there_and_back_is_the_rfc_less_its_losses(example: bytes, target: Dialect) -> None:
    there = convert(example, target, name="105")
    assert there.text is not None
    back = convert(there.text, Dialect.LINUXCONTAINER, target)
    assert back.text is not None
    assert all(loss.is_added for loss in back.losses)
    meant = {**meaning(example, Dialect.LINUXCONTAINER), "name": "105"}
    left = lost(lost(meant, there.losses), back.losses)
    assert plain(meaning(back.text, Dialect.LINUXCONTAINER)) == plain(left)


def test_nested_and_flat_are_written_alike() -> None:
    for target in Dialect:
        assert convert(NESTED, target).text == convert(FLAT, target).text


@pytest.mark.parametrize("target", Dialect)
def test_a_document_that_is_converted_is_recognised(target: Dialect) -> None:
    done = convert(NESTED, target)
    assert done.text is not None
    assert read(done.text).dialect is target
