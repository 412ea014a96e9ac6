"""The table of what each dialect calls a thing: one document for each cell, and what it means."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.unit.definition.dialects.mapping_devices import DEVICES
from tests.unit.definition.dialects.mapping_rest import REST

from cloche_engine.definition.converting.conversion import convert
from cloche_engine.definition.converting.loss import Loss
from cloche_engine.definition.converting.spec_json import Json, to_json
from cloche_engine.definition.dialects.dialect import Dialect
from cloche_engine.definition.reading import read


def _cells() -> Iterator[object]:
    for path, cells in {**REST, **DEVICES}.items():
        for dialect, text, expected in cells:
            document = text.replace("{}", "").replace("@", "'")
            yield pytest.param(dialect, document, path, expected, id=f"{path}-{dialect}")


@pytest.mark.parametrize(("dialect", "text", "path", "expected"), list(_cells()))
def test_a_cell_of_the_table_means_what_it_says(
    dialect: Dialect, text: str, path: str, expected: Json
) -> None:
    reading = read(text.encode(), dialect)
    assert reading.spec is not None
    assert [problem.render("x") for problem in reading.errors] == []
    assert _at(to_json(reading.spec), path) == expected


@pytest.mark.parametrize(("dialect", "text", "path", "expected"), list(_cells()))
def test_a_document_of_the_table_is_recognised_by_its_shape(
    dialect: Dialect, text: str, path: str, expected: Json
) -> None:
    assert read(text.encode()).dialect is dialect


@pytest.mark.parametrize(("dialect", "text", "path", "expected"), list(_cells()))
def test_linuxcontainer_holds_every_cell(
    dialect: Dialect, text: str, path: str, expected: Json
) -> None:
    conversion = convert(text.encode(), Dialect.LINUXCONTAINER, dialect)
    assert conversion.text is not None
    assert [loss.path for loss in conversion.losses if not _is_said_otherwise(loss)] == []


def _is_said_otherwise(loss: Loss) -> bool:
    """What is added, a mask that stands nowhere, and libvirt's silence, the host's network."""
    host: Json = [{"kind": "host"}]
    if loss.value is None:
        return True
    return loss.path.endswith(".addresses") or (loss.path == "interfaces" and loss.value == host)


def _at(value: Json, path: str) -> Json:
    """The part of a specification that a path such as `filesystems.0.kind` names."""
    for part in path.split("."):
        if isinstance(value, list):
            value = value[int(part)]
        else:
            assert isinstance(value, dict)
            assert part in value
            value = value[part]
    return value
