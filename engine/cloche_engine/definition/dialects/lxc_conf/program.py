"""What runs inside, and with which environment.

liblxc splits `lxc.init.cmd`, which lxc-start runs, at every space, quotes or not; in
`lxc.execute.cmd`, which lxc-execute runs, quotes around a word count.
"""

from __future__ import annotations

from cloche_engine.definition import names
from cloche_engine.definition.dialects.lxc_conf.lookup import Lookup
from cloche_engine.definition.dialects.lxc_conf.text import split_at_spaces, split_words

INIT, EXECUTE, ENVIRONMENT = "lxc.init.cmd", "lxc.execute.cmd", "lxc.environment"


def read_program(lookup: Lookup) -> tuple[str, ...]:
    """What lxc-start runs; what lxc-execute would, where nothing else is named."""
    start, execute = lookup.last(INIT), lookup.last(EXECUTE)
    if start is not None and execute is not None:
        lookup.keep(execute)
    entry = start or execute
    if entry is None:
        return ()
    words = split_words(entry.value) if start is None else split_at_spaces(entry.value)
    if start is not None and split_words(entry.value) != words:
        reason = "LXC splits lxc.init.cmd at every space, quotes are letters to it"
        hint = "lxc.execute.cmd takes quotes; lxc-execute runs it"
        lookup.findings.warning("application", entry, reason, hint)
    wrong = names.valid_program(words[0] if words else "")
    wrong = wrong or next(filter(None, map(names.valid_line, words)), None)
    if wrong:
        hint = "write the absolute path as it is seen in the container"
        lookup.findings.error("application", entry, wrong, hint)
    return words


def read_environment(lookup: Lookup) -> tuple[tuple[str, str], ...]:
    """The variables in their order; of one that is set again the last value counts."""
    found: dict[str, str] = {}
    for entry in lookup.all(ENVIRONMENT):
        name, equals, value = entry.value.partition("=")
        if not equals:
            reason = f"{names.short(name)} would come from whoever starts the container"
            lookup.findings.warning("environment", entry, reason, f"write {name[:40]}=VALUE")
            lookup.keep(entry)
        elif wrong := names.valid_environment_name(name):
            lookup.findings.error("environment", entry, wrong, "write NAME=VALUE")
        else:
            found[name] = value
    return tuple(found.items())
