"""Edits of one node: each replaces the bytes of that node and leaves all others as they are."""

from __future__ import annotations

import re
from itertools import pairwise

from cloche_engine.definition.schema.linuxcontainer import SCHEMA
from cloche_engine.definition.text.markup import Layout, Markup, escape_text, escape_value
from cloche_engine.definition.text.source import Source
from cloche_engine.definition.text.torn import Torn, TornError
from cloche_engine.definition.text.tree import Element, Span, Tree, parse_tree

_LINE_END = re.compile(rb"\r\n?|\n")
_INDENT = re.compile(rb"[ \t]*")
_REST_OF_LINE = re.compile(rb"[ \t]*(?:\r\n?|\n|\Z)")
_COMMENT_BEHIND = re.compile(rb"(?:[ \t]*<!--(?:(?!-->).)*-->)+(?=[ \t]*(?:\r|\n|\Z))")
_TAG_NAME = re.compile(rb"<[^\s/>]+")
_QUOTE_USED = re.compile(rb"""=\s*(["'])""")


class Splicer:
    """A tree that each edit replaces by a new one; elements are good until the next edit."""

    def __init__(self, tree: Tree, torn: Torn | None = None) -> None:
        self.tree = tree
        self.torn = torn

    @property
    def root(self) -> Element:
        """The root as it is now."""
        return self.tree.root

    @property
    def container(self) -> Element | None:
        """The `<container>` as it is now."""
        return self.tree.root.first("container")

    def replace(self, span: Span, markup: str) -> None:
        """Put other text in the place of a span."""
        body = self.tree.body
        changed = body[: span.start] + markup.encode() + body[span.end :]
        if self.torn is not None:
            self.torn.replace(span, markup.encode())
        source = self.tree.source
        self.tree = parse_tree(Source(changed, source.encoding, source.mark))

    def set_text(self, element: Element, text: str) -> None:
        """Change an element's own text; space and comments around it stay."""
        self._check_whole(element)
        escaped = escape_text(text)
        pieces = self.tree.pieces(element)
        if element.self_closed:
            self._open(element, escaped)
        elif not pieces:
            at = self.tree.content(element).start
            self.replace(Span(at, at), escaped)
        else:
            self._replace_pieces(pieces, escaped)

    def set_exact_text(self, element: Element, text: str) -> None:
        """Change all that stands in an element, space included."""
        self._check_whole(element)
        if element.self_closed:
            self._open(element, escape_text(text))
        else:
            self.replace(self.tree.content(element), escape_text(text))

    def set_attribute(self, element: Element, name: str, value: str | None) -> None:
        """Change, add (behind the others) or with None remove an attribute."""
        tag = self.tree.tag(element)
        present = tag.values.get(name)
        if present is not None and value is not None:
            quote = self.tree.body[present.end : present.end + 1].decode()
            self.replace(present, escape_value(value, quote))
        elif present is not None:
            start = len(self.tree.body[: tag.names[name].start].rstrip())
            self.replace(Span(start, present.end + 1), "")
        elif value is not None:
            at = self._behind_attributes(element)
            quote = self.layout(element).quote
            self.replace(Span(at, at), f" {name}={quote}{escape_value(value, quote)}{quote}")

    def remove(self, element: Element) -> None:
        """Remove an element, and its line where nothing else stands in it."""
        self._check_whole(element)
        body = self.tree.body
        rest = _REST_OF_LINE.match(body, element.end)
        indent = self.indent(element)
        if indent is None or rest is None:
            self.replace(Span(element.start, element.end), "")
        else:
            self.replace(Span(element.start - len(indent), rest.end()), "")

    def replace_element(self, element: Element, markup: Markup | bytes) -> None:
        """Put another element in the place of one."""
        self._check_whole(element)
        span = Span(element.start, element.end)
        self.replace(span, self._rendered(markup, element, self.indent(element) or ""))

    def add(self, parent: Element, markup: Markup) -> None:
        """Add an element where the canonical order wants it among its siblings."""
        place = SCHEMA.order(parent.name, markup.name)
        before = [e for e in parent.children if SCHEMA.order(parent.name, e.name) <= place]
        if before:
            self.add_after(before[-1], markup)
        elif parent.children:
            self.add_before(parent.children[0], markup)
        else:
            self.add_first(parent, markup)

    def add_after(self, sibling: Element, markup: Markup | bytes) -> None:
        """Add an element behind another, on a line of its own where that has one."""
        self._check_whole(sibling.parent)
        indent = self.indent(sibling)
        at = sibling.end
        if indent is None or self.layout(sibling).inline:
            self.replace(Span(at, at), self._rendered(markup, sibling, "", inline=True))
            return
        comment = _COMMENT_BEHIND.match(self.tree.body, at)
        at = comment.end() if comment else at
        line = self.layout(sibling).newline + indent
        self.replace(Span(at, at), line + self._rendered(markup, sibling, indent))

    def add_before(self, sibling: Element, markup: Markup | bytes) -> None:
        """Add an element in front of another."""
        self._check_whole(sibling.parent)
        indent = self.indent(sibling)
        at = sibling.start
        if indent is None or self.layout(sibling).inline:
            self.replace(Span(at, at), self._rendered(markup, sibling, "", inline=True))
            return
        line = self.layout(sibling).newline + indent
        self.replace(Span(at, at), self._rendered(markup, sibling, indent) + line)

    def add_first(self, parent: Element, markup: Markup | bytes) -> None:
        """Add an element to one that has none yet."""
        self._check_whole(parent)
        layout = self.layout(parent)
        outer = self.indent(parent)
        if outer is None or layout.inline:
            self._fill(parent, self._rendered(markup, parent, "", inline=True), "")
            return
        inner = outer + layout.step
        written = layout.newline + inner + self._rendered(markup, parent, inner)
        self._fill(parent, written, layout.newline + outer)

    def raw(self, element: Element) -> bytes:
        """An element's bytes."""
        if self.torn is not None:
            self.torn.check_clean(element)
        return self.tree.body[element.start : element.end]

    def indent(self, element: Element) -> str | None:
        """The space in front of an element, None where it is not the first in its line."""
        body = self.tree.body
        start = max(body.rfind(b"\n", 0, element.start), body.rfind(b"\r", 0, element.start)) + 1
        space = body[start : element.start]
        return space.decode() if _INDENT.fullmatch(space) else None

    def layout(self, near: Element) -> Layout:
        """How the document is laid out around an element."""
        body = self.tree.body
        line_end = self._line_end(near)
        quote = _QUOTE_USED.search(body, near.start, near.end) or _QUOTE_USED.search(body)
        return Layout(
            line_end or "\n",
            self._step(near),
            quote[1].decode() if quote else "'",
            inline=line_end is None,
        )

    def _line_end(self, near: Element) -> str | None:
        """How the line before ends, else the next; None where all is one line."""
        body = self.tree.body
        last = max(body.rfind(b"\n", 0, near.start), body.rfind(b"\r", 0, near.start))
        if last < 0:
            found = _LINE_END.search(body)
            return found[0].decode() if found else None
        return "\r\n" if body[last - 1 : last + 1] == b"\r\n" else chr(body[last])

    def _step(self, near: Element) -> str:
        """One step of indentation, as close by as one can be seen."""
        pairs = [(near, next(iter(near.children), None)), (near.parent, near)]
        for outer, inner in (*pairs, (self.root, next(iter(self.root.children), None))):
            before = self.indent(outer) if outer is not None else None
            behind = self.indent(inner) if inner is not None else None
            if before is not None and behind and behind.startswith(before) and behind != before:
                return behind.removeprefix(before)
        return "  "

    def _check_whole(self, element: Element | None) -> None:
        if self.torn is not None and element is not None:
            self.torn.check_whole(element)

    def _rendered(
        self, markup: Markup | bytes, near: Element, indent: str, *, inline: bool = False
    ) -> str:
        if isinstance(markup, bytes):
            return markup.decode()
        layout = self.layout(near)
        inline = inline or layout.inline
        return markup.render(Layout(layout.newline, layout.step, layout.quote, inline), indent)

    def _replace_pieces(self, pieces: list[Span], escaped: str) -> None:
        """The first piece becomes the text, the others go, what stands between them stays."""
        if self.torn is not None and len(pieces) > 1:
            raise TornError  # what stands between them may be masked
        gaps = (slice(one.end, two.start) for one, two in pairwise(pieces))
        kept = b"".join(self.tree.body[gap] for gap in gaps).decode()
        self.replace(Span(pieces[0].start, pieces[-1].end), escaped + kept)

    def _behind_attributes(self, element: Element) -> int:
        tag = self.tree.tag(element)
        if tag.values:
            return max(span.end for span in tag.values.values()) + 1
        found = _TAG_NAME.match(self.tree.body, element.start)
        return found.end() if found else element.start

    def _open(self, element: Element, inside: str) -> None:
        """Turn `<e/>` into `<e>inside</e>`."""
        body = self.tree.body
        head = body[element.start : element.end - 2].rstrip()
        found = _TAG_NAME.match(head)
        name = found[0][1:].decode() if found else element.name
        self.replace(Span(element.start + len(head), element.end), f">{inside}</{name}>")

    def _fill(self, parent: Element, inside: str, before_end: str) -> None:
        if parent.self_closed:
            self._open(parent, inside + before_end)
            return
        content = self.tree.content(parent)
        kept = self.tree.body[content.start : content.end]
        end = content.start + len(kept.rstrip())
        has_line = _LINE_END.search(self.tree.body, end, content.end)
        self.replace(Span(end, end), inside + ("" if has_line else before_end))
