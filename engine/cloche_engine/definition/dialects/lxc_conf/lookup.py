"""The entries of one file by key, where later ones add to, replace or clear earlier ones."""

from __future__ import annotations

from collections import Counter

from cloche_engine.definition import names
from cloche_engine.definition.checking import fixes
from cloche_engine.definition.conf.checks import warn_again
from cloche_engine.definition.conf.findings import Findings
from cloche_engine.definition.conf.lines import MAX_ENTRIES, Entry, lines
from cloche_engine.definition.conf.meant import did_you_mean
from cloche_engine.definition.dialects.lxc_conf import keys
from cloche_engine.definition.dialects.lxc_conf.text import parse_line
from cloche_engine.definition.problem import Fix, Severity, TextEdit
from cloche_engine.definition.spec import Opaque
from cloche_engine.definition.text.source import Source

_FREE = frozenset({"lxc.apparmor.raw", "lxc.environment", "lxc.init.cmd"})
"""Keys whose values may hold anything."""
PRLIMIT = "lxc.prlimit."
_ALWAYS_READ = ("lxc.cgroup.", "lxc.cgroup2.", "lxc.namespace.", PRLIMIT)


class Lookup:
    """What a file says under which key, and what of it is kept without being understood."""

    def __init__(self, source: Source, findings: Findings) -> None:
        self.findings = findings
        self.net: list[Entry] = []
        self.has_keys = False
        self._lines: dict[str, list[Entry]] = {}
        self._opaque: dict[int, Opaque] = {}
        left = MAX_ENTRIES
        for entry in filter(None, map(parse_line, lines(source))):
            if not left:
                findings.too_many_lines(entry)
                break
            self._take(entry)
            left -= 1

    def entries(self, key: str) -> list[Entry]:
        """Every entry of a key, also those that clear it."""
        return self._lines.get(key, [])

    def all(self, key: str) -> list[Entry]:
        """The entries of a key that adds up, from the last one on that clears it."""
        found = self._lines.get(key, [])
        clear = max((at for at, entry in enumerate(found) if not entry.value), default=-1)
        return found[clear + 1 :]

    def is_cleared(self, key: str) -> bool:
        """Whether a key stands in the file and nothing is left of it."""
        return key in self._lines and not self.all(key)

    def last(self, key: str) -> Entry | None:
        """The entry of a key of which the last one counts."""
        found = self.all(key)
        for earlier in found[:-1]:
            if earlier.value != found[-1].value:
                warn_again(self.findings, earlier, found[-1])
        return found[-1] if found else None

    def matching(self, *prefixes: str) -> list[str]:
        """The keys that begin so, in the order in which they first stand."""
        return [key for key in self._lines if key.startswith(prefixes)]

    def keep(self, entry: Entry, key: str = "", text: str = "") -> None:
        """Keep a line that has no meaning here, with the key that LXC knows today."""
        path = key or keys.modern(entry.key) or names.short(entry.value)
        if not text:
            text = entry.line.text.strip()
            text = text.replace(entry.key, path, 1) if entry.key else text
        self._opaque[entry.line.start] = Opaque(path, text)
        if path.startswith("lxc.") and (reason := keys.privilege(path, entry.value)):
            self.privileged(entry, reason)

    def privileged(self, entry: Entry, reason: str) -> None:
        """Say that a line which is kept counts as root on the host."""
        self.findings.warning(
            "privileged",
            entry.key_start,
            f"{names.short(entry.key)} is kept, not followed: {reason}, which counts as root there",
            "leave it out where you do not trust its author",
        )

    def contradiction(self, old: Entry, new: Entry) -> None:
        """Say that keys of v1 and v2 do not mean the same, and offer to keep either."""
        self.findings.error(
            "contradiction",
            new,
            f"{new.key} and {old.key} in line {self.findings.line(old)} do not mean the same",
            "keep one of them, or let both say the same",
            Fix(fixes.REMOVE, f"remove {new.key}", (new.removed(),)),
            Fix("remove-v1", f"remove {old.key}", (old.removed(),)),
        )

    @property
    def opaque(self) -> tuple[Opaque, ...]:
        """The lines that were kept, in their order, those of interfaces last."""
        kept = sorted((self._opaque[at] for at in sorted(self._opaque)), key=_rank)
        paths = Counter(entry.path for entry in kept)
        return tuple(entry for entry in kept if paths[entry.path] > 1 or not _is_implied(entry))

    def _take(self, entry: Entry) -> None:
        key = keys.modern(entry.key)
        if not entry.key:
            self._without_value(entry)
            return
        if not key.startswith("lxc."):
            self._overlooked(entry, "it is kept as it is")
            return
        self._check_comment(entry)
        if key in {"lxc.net", "lxc.network"} or key.startswith(("lxc.net.", "lxc.network.")):
            self.has_keys = True
            self.net.append(entry)
        elif key in keys.READ or key.startswith(_ALWAYS_READ):
            self.has_keys = True
            self._lines.setdefault(key, []).append(entry)
        else:
            self.has_keys = True
            self._other(entry, key)

    def _check_comment(self, entry: Entry) -> None:
        """What stands behind a `#` in a value belongs to it; nearly never is that meant."""
        value, mark, words = entry.value.partition(" #")
        if not mark or entry.key in _FREE or self.findings.is_full(Severity.WARNING):
            return
        own_line = TextEdit(entry.line.start, entry.line.start, f"#{words}\n")
        fix = Fix("own-line", "give the comment a line of its own",
                  (own_line, entry.rewritten(value.rstrip())))  # fmt: skip
        reason = f"'#' begins no comment behind a value: LXC takes it as part of {entry.key}"
        where = entry.at(len(value) + 1)
        self.findings.warning("comment", where, reason, "give the comment a line of its own", fix)

    def _other(self, entry: Entry, key: str) -> None:
        if not keys.is_known(key):
            self.unknown(entry, keys.NAMES)
        elif key in keys.GONE:
            reason = f"{entry.key} is no key of LXC 3 and later, which read nothing of such a file"
            fix = Fix(fixes.REMOVE, "remove this line", (entry.removed(),))
            self.findings.warning("unknown-key", entry.key_start, reason, "remove it", fix)
        self.keep(entry)

    def unknown(self, entry: Entry, known: tuple[str, ...]) -> None:
        """A key that LXC does not have; it is not said whether it touches privileges, so it may."""
        if self.findings.is_full(Severity.WARNING):
            self.findings.warning("unknown-key", entry, "")
            return
        hint, ways = did_you_mean(entry.key, known, entry.renamed, "remove the line")
        self.findings.warning(
            "unknown-key",
            entry.key_start,
            f"LXC has no key {names.short(entry.key)} and reads nothing of a file with one; "
            "it is kept and counts as root-equivalent",
            hint,
            *ways,
        )

    def _without_value(self, entry: Entry) -> None:
        if entry.value.startswith("lxc."):
            self.has_keys = True
            reason = f"'{names.short(entry.value)}' has no '='"
            self.findings.error("syntax", entry, reason, "write key = value")
        else:
            self._overlooked(entry, "begin it with #")

    def _overlooked(self, entry: Entry, hint: str) -> None:
        """A line that LXC passes over; many of them cost little."""
        path = entry.key or names.short(entry.value)
        self._opaque[entry.line.start] = Opaque(path, entry.line.text.strip())
        full = self.findings.is_full(Severity.WARNING)
        reason = "" if full else f"LXC overlooks '{names.short(path)}', it begins not with lxc."
        self.findings.warning("syntax", 0 if full else entry.line.start, reason, hint)


def _is_implied(kept: Opaque) -> bool:
    return kept.text.partition("=")[2].strip() in keys.IMPLIED.get(kept.path, ())


def _rank(kept: Opaque) -> tuple[int, bool]:
    """Before all the lines of no interface, then each interface's, its type first."""
    if not kept.path.startswith("lxc.net."):
        return -1, False
    number, _, name = kept.path.removeprefix("lxc.net.").partition(".")
    return int(number), name != "type"
