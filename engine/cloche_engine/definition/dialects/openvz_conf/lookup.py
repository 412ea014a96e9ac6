"""Lines of `KEY="value"`: the last that is not empty counts, as libvirt's reader takes them."""

from __future__ import annotations

import re

from cloche_engine.definition import names
from cloche_engine.definition.conf.checks import warn_again
from cloche_engine.definition.conf.findings import Findings
from cloche_engine.definition.conf.lines import MAX_ENTRIES, Entry, Line, lines
from cloche_engine.definition.conf.meant import did_you_mean
from cloche_engine.definition.dialects.openvz_conf import keys
from cloche_engine.definition.problem import Fix, Severity, TextEdit
from cloche_engine.definition.spec import Opaque
from cloche_engine.definition.text.source import Source

_KEY = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*)=")
_SPACED = re.compile(r"\s*([A-Z][A-Z0-9_]*)(\s*=\s*)")
_UUID = re.compile(r"#UUID:[ \t]*(\S+)")
_ENDS = re.compile(r'["\t]')
_IS_READ = keys.READ | keys.KEPT.keys()


def parse_line(line: Line) -> Entry | None:
    """Key and value; the value ends at a quote, a tab or the line's end, closed or not."""
    found = _KEY.match(line.text)
    if found is None:
        return None
    start = found.end()
    while start < len(line.text) and line.text[start] in '"\t':
        start += 1
    end = _ENDS.search(line.text, start)
    value = line.text[start : end.start() if end else len(line.text)]
    start += len(value) - len(value.lstrip())
    return Entry(line, found[1], value.strip(), found.start(1), start)


class Lookup:
    """What a file says under which key, and what of it is kept without being understood."""

    def __init__(self, source: Source, findings: Findings) -> None:
        self.findings = findings
        self.uuid: Entry | None = None
        self.has_keys = False
        self._last: dict[str, Entry] = {}
        self._opaque: dict[int, Opaque] = {}
        self._parts: list[Opaque] = []
        left = MAX_ENTRIES
        for line in lines(source):
            if not left:
                findings.too_many_lines(line.start)
                break
            left -= self._take(line)

    def get(self, key: str) -> Entry | None:
        """The entry that counts."""
        return self._last.get(key)

    def keep(self, entry: Entry, why: str = "", hint: str = "") -> None:
        """Keep a line that has no meaning here; why is said where it was to be expected."""
        self._keep(entry.line, entry.key)
        if why:
            self.findings.warning("not-supported-yet", entry, f"{entry.key} is kept: {why}", hint)

    def keep_part(self, path: str, text: str) -> None:
        """Keep a part of a line of which the rest is read."""
        self._parts.append(Opaque(path, text))

    @property
    def opaque(self) -> tuple[Opaque, ...]:
        """The lines that were kept, in their order, then the parts of lines."""
        return (*(self._opaque[start] for start in sorted(self._opaque)), *self._parts)

    def _keep(self, line: Line, path: str) -> None:
        self._opaque[line.start] = Opaque(path, line.text.strip())

    def _take(self, line: Line) -> bool:
        """Whether the line says something."""
        stripped = line.text.strip()
        if not stripped or stripped.startswith("#"):
            self._comment(line)
            return False
        entry = parse_line(line)
        if entry is not None:
            self._entry(entry)
        else:
            self._overlooked(line, stripped)
        return True

    def _comment(self, line: Line) -> None:
        found = _UUID.match(line.text)
        if found:
            self.uuid = Entry(line, "UUID", found[1], 1, found.start(1))

    def _entry(self, entry: Entry) -> None:
        if entry.key not in _IS_READ:
            self._unknown(entry)
            return
        self.has_keys = True
        if entry.key in keys.KEPT:
            self.keep(entry)
            self._warn_privileged(entry)
        elif entry.value:
            earlier = self._last.get(entry.key, entry)
            if earlier.value != entry.value:
                warn_again(self.findings, earlier, entry)
            self._last[entry.key] = entry

    def _warn_privileged(self, entry: Entry) -> None:
        why = keys.KEPT[entry.key]
        if why and entry.value:
            self.findings.warning(
                "privileged",
                entry.key_start,
                f"{entry.key} is kept, not followed: {why}, which counts as root there",
                "leave it out where you do not trust its author",
            )

    def _unknown(self, entry: Entry) -> None:
        self.keep(entry)
        if self.findings.is_full(Severity.WARNING):
            self.findings.warning("unknown-key", entry, "")
            return
        known = tuple(sorted(_IS_READ))
        hint, ways = did_you_mean(entry.key, known, entry.renamed, "OpenVZ overlooks it")
        self.findings.warning(
            "unknown-key",
            entry.key_start,
            f"{names.short(entry.key)} is no parameter of OpenVZ; it is kept and counts as "
            "root-equivalent",
            hint,
            *ways,
        )

    def _overlooked(self, line: Line, text: str) -> None:
        found = _SPACED.match(line.text)
        path = names.short(found[1] if found else text)
        self._keep(line, path)
        if found is None:
            self.findings.warning("syntax", line.start, f"OpenVZ overlooks '{path}'", "use #")
            return
        edit = TextEdit(line.offset(found.start(2)), line.offset(found.end(2)), "=")
        reason = f"OpenVZ overlooks {path}: no space may stand around its '='"
        fix = Fix("spaces", f"write {path}=", (edit,))
        self.findings.warning("syntax", line.start, reason, f'write {path}="..."', fix)
