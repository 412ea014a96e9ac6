"""Reading and checking a definition: the RFC's example, 500 lines at a keystroke, hostile text."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path

from tests.bench import figures

from cloche_engine.definition.document import Document
from cloche_engine.definition.editing import edit
from cloche_engine.definition.text.source import MAX_BYTES

ROUNDS = 300
HOSTILE_ROUNDS = 3
_EXAMPLES = Path(__file__).parents[2] / "resources" / "examples"
_PROMISE = (
    "promised: 2 ms for the RFC's example, 10 ms for a keystroke, 300 ms and 64 MiB for any text"
)


def measure() -> figures.Report:
    """Milliseconds of processor time; memory of the worst hostile text in MiB."""
    example = (_EXAMPLES / "rfc-2008-nested.xml").read_bytes()
    typed = Document.parse(lines_500())
    numbers = count()
    figures.settle()
    found = (
        _figure("the RFC's example", ROUNDS, lambda: Document.parse(example)),
        _figure("a keystroke in 500 lines", ROUNDS, lambda: _typed(typed, next(numbers))),
        _figure("an edit in 500 lines", ROUNDS, lambda: edit.set_memory_kib(typed, 131072)),
        *(
            _figure(name, HOSTILE_ROUNDS, partial(Document.parse, data))
            for name, data in hostile_texts().items()
        ),
    )
    return figures.Report((*found, _memory()), notes=(_PROMISE,))


def _typed(document: Document, number: int) -> Document:
    return document.with_text(document.text.replace("/srv/70", f"/srv/7{number}"))


def lines_500() -> bytes:
    """A definition of 500 lines in which nothing is wrong."""
    mounts = "".join(
        f"    <filesystem type='mount'>\n      <source dir='/srv/{at}'/>\n"
        f"      <target dir='/t/{at}'/>\n    </filesystem>\n"
        for at in range(113)
    )
    variables = "".join(f"    <env name='V{at}'>value {at}</env>\n" for at in range(41))
    inside = f"{mounts}    <application>/bin/sh</application>\n{variables}"
    text = (
        "<domain type='linuxcontainer'>\n  <name>long</name>\n  <container>\n"
        f"{inside}  </container>\n  <memory>65536</memory>\n</domain>\n"
    )
    return text.encode()


def hostile_texts() -> dict[str, bytes]:
    """Texts as large as are read, each the worst of its kind that is known."""
    link = "<interface type='nat'/>"
    gateway = "<gateway address='10.0.0.{}'/>"
    network = "<network><ip address='10.0.0.2' prefix='8'/>{}</network>"
    return {
        "4800 interfaces": _domain(link * 4800 + network.format("")),
        "4000 bad gateways": _domain(network.format(_each(gateway, 4000))),
        "unknown elements": _domain(_each("<nonsense{}/>", 4900)),
        "one attribute after another": _domain("<filesystem" + _each(" typ{}=''", 10000) + "/>"),
        "a mount of spaces": _domain(f"<filesystem><mount>/a{' ' * 120000}b</mount></filesystem>"),
        "pieces of text": _domain("<arg>" + "<![CDATA[a]]>" * 9000 + "</arg>"),
        "not well-formed": _domain("<ip/></ip>" * 12000),
        "mistakes behind it all": _domain(link * 4800 + network.format("") + "& " * 7),
    }


def _each(form: str, times: int) -> str:
    return "".join(form.format(at) for at in range(times))


def _domain(inside: str) -> bytes:
    head = "<domain type='linuxcontainer'><name>a</name><container>"
    text = f"{head}<application>/a</application>{inside}</container></domain>"
    return text.encode()[:MAX_BYTES]


def _memory() -> figures.Figure:
    peaks = []
    for data in hostile_texts().values():
        tracemalloc.start()
        Document.parse(data)
        peaks.append(tracemalloc.get_traced_memory()[1] / 2**20)
        tracemalloc.stop()
    return figures.Figure("definition", "most memory of these", "MiB", (max(peaks),))


def _figure(name: str, rounds: int, run: Callable[[], object]) -> figures.Figure:
    """Processor time of each round after one that warms up."""
    run()
    samples = []
    for _ in range(rounds):
        started = time.process_time()
        run()
        samples.append((time.process_time() - started) * 1000)
    return figures.Figure("definition", name, "ms", tuple(samples))
