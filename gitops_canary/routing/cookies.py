"""The engine for session affinity in lists of rules: cookies, and rules for those who have one.

An entry's responses set the cookie of its side; a copy of the rule that splits, right before it,
sends requests with a cookie to its side alone (`routing/rules.py`). Cookies are found again by
their names, rules by being exactly what would be written.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from gitops_canary.manifest.document import Node, NodeKind, Pointer
from gitops_canary.model.names import Path
from gitops_canary.model.spec import Affinity, Match
from gitops_canary.routing.identity import SIDES, Names, Side
from gitops_canary.routing.refusal import root_of
from gitops_canary.routing.rules import Rules

CHANGED = "changed by a person"
SET_COOKIE = "Set-Cookie"
_TOKENS_MAX = 20


class Header(Protocol):
    """How one kind lets an entry's responses set a cookie."""

    def found(self, root: Node, entry: Pointer, name: str) -> Pointer | None:
        """Point at what sets the cookie of this name, and nothing else."""

    def write(self, text: str, document: int, entry: Pointer, value: str, file: Path) -> str:
        """Let responses set this cookie."""

    def remove(self, text: str, document: int, at: Pointer, file: Path) -> str:
        """Take out what `write` put in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cookies:
    """A Keeper of a kind whose rules stand in one list."""

    canary: Rules
    primary: Rules
    header: Header

    def kept(
        self, text: str, document: int, affinity: Affinity, *, namespace: str, apex: str
    ) -> str:
        """Give the token where everything stands there as it was written."""
        where = {"namespace": namespace, "apex": apex}
        plain = self.release(text, document, affinity, file=Path(""), **where)
        if plain == text:
            return ""
        # Somebody else's cookie may end on this one's name, so there may be other tokens.
        for token in _tokens(root_of(text, document, Path("")), affinity):
            again = self.keep(plain, document, affinity, token, file=Path(""), **where)
            if again == text:
                return token
        return CHANGED

    def rules(
        self, text: str, document: int, affinity: Affinity, *, namespace: str, apex: str
    ) -> tuple[Pointer, ...]:
        """Point at the rules for those who have a cookie."""
        where = {"namespace": namespace, "apex": apex}
        text = self._silent(text, document, affinity, Path(""), Names(**where))
        return tuple(
            at
            for token in _tokens(root_of(text, document, Path("")), affinity)
            for rules, name in self._named(affinity)
            for at in rules.rules(text, document, _matches(name, token), **where)
        )

    def keep(
        self,
        text: str,
        document: int,
        affinity: Affinity,
        token: str,
        *,
        file: Path,
        namespace: str,
        apex: str,
    ) -> str:
        """Write rules and cookies; the canary's rule comes first."""
        where = {"namespace": namespace, "apex": apex}
        for rules, name in self._named(affinity):
            text = rules.add(text, document, _matches(name, token), file=file, **where)
        root = root_of(text, document, file)
        for side, name in _names(affinity):
            for entry in self._entries(root, side, file, Names(**where)):
                value = _cookie(affinity, side, name, token)
                text = self.header.write(text, document, entry, value, file)
        return text

    def release(
        self, text: str, document: int, affinity: Affinity, *, file: Path, namespace: str, apex: str
    ) -> str:
        """Take cookies and rules out."""
        where = {"namespace": namespace, "apex": apex}
        tokens = _tokens(root_of(text, document, file), affinity)
        if not tokens:
            return text
        text = self._silent(text, document, affinity, file, Names(**where))
        for token in tokens:
            for rules, name in self._named(affinity):
                text = rules.take(text, document, _matches(name, token), file=file, **where)
        return text

    def _silent(
        self, text: str, document: int, affinity: Affinity, file: Path, names: Names
    ) -> str:
        """Give the text in which no entry sets a cookie of ours."""
        root = root_of(text, document, file)
        for side, name in _names(affinity):
            for entry in self._entries(root, side, file, names):
                at = self.header.found(root_of(text, document, file), entry, name)
                if at is not None:
                    text = self.header.remove(text, document, at, file)
        return text

    def _entries(self, root: Node, side: Side, file: Path, names: Names) -> Iterator[Pointer]:
        """Give a side's entry of every list that splits, the last one first."""
        meaning, groups = self.canary.meaning, self.canary.groups
        for split in reversed(meaning.splits(root, groups(root), file, names)):
            entry = split.primary if side == "primary" else split.canary
            if entry is not None:
                yield entry.at

    def _named(self, affinity: Affinity) -> tuple[tuple[Rules, str], ...]:
        by_side = {"canary": self.canary, "primary": self.primary}
        return tuple((by_side[side], name) for side, name in _names(affinity))


def _names(affinity: Affinity) -> tuple[tuple[Side, str], ...]:
    """Give the cookie's name of each side that has one, the canary's first."""
    names: dict[Side, str] = {"canary": affinity.cookie, "primary": affinity.primary_cookie}
    return tuple((side, names[side]) for side in reversed(SIDES) if names[side])


def _matches(name: str, token: str) -> tuple[Match, ...]:
    """Match a cookie among others, as a whole header's pattern, anchored or not."""
    pattern = rf"^(.*;\s*)?{_plain(name)}={token}(;.*)?$"
    return (Match(headers={"cookie": ("regex", pattern)}),)


def _plain(name: str) -> str:
    """Write a cookie's name as a pattern; of what a name may hold only the dot means more."""
    return name.replace(".", r"\.")


def _cookie(affinity: Affinity, side: Side, name: str, token: str) -> str:
    age = affinity.primary_max_age_s if side == "primary" else affinity.max_age_s
    more = f"; {affinity.attributes}" if affinity.attributes else ""
    return f"{name}={token}; Max-Age={age}{more}"


def _tokens(root: Node, affinity: Affinity) -> list[str]:
    """List the tokens that stand anywhere behind one of the cookies' names, some of too many.

    Ours is one; each costs edits of the whole text, and whoever writes hundreds changed the route.
    """
    names = "|".join(
        sorted({rf"{_plain(name)}|{re.escape(_plain(name))}" for _, name in _names(affinity)})
    )
    pattern = re.compile(f"(?:{names})=([0-9a-f]{{12}})")
    found = {token for value in _scalars(root) for token in pattern.findall(value)}
    return sorted(found)[:_TOKENS_MAX]


def _scalars(node: Node) -> Iterator[str]:
    if node.kind is NodeKind.SCALAR:
        yield node.value
    for _, value in node.entries:
        yield from _scalars(value)
    for item in node.items:
        yield from _scalars(item)
