"""`validate`: checks a definition here, without a helper."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from cloche_engine.api.errors import InvalidDefinitionError
from cloche_engine.cli import files, words
from cloche_engine.definition.document import Document


def validate(options: argparse.Namespace) -> int:
    """Print all problems; the first error is also the reason on stderr."""
    document = Document.parse(files.read(options.file))
    name = files.shown(options.file)
    if options.json:
        problems = [asdict(problem) for problem in document.problems]
        valid = not document.errors
        words.print_json({"file": name, "valid": valid, "problems": problems})
    else:
        for problem in document.problems:
            print(words.printable(problem.render(name)))
    if document.errors:
        first = document.errors[0]
        raise InvalidDefinitionError(files.sentence(first, options.file), first.hint)
    if not options.json:
        print(f"{name}: valid")
    return 0
