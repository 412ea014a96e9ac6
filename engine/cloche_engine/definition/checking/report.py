"""Collects the problems of one tree."""

from __future__ import annotations

from cloche_engine.definition.checking.listing import Listing, Place
from cloche_engine.definition.text.tree import Element, Tree


class Report(Listing[Place | Element]):
    """What is wrong with one tree; an element stands for where it begins."""

    def __init__(self, tree: Tree) -> None:
        super().__init__()
        self.tree = tree

    def place(self, where: Place | Element) -> Place:
        """Line and column, those of an element looked up."""
        return self.tree.place(where) if isinstance(where, Element) else where
