"""Copies of requests for the canary, written into the rules that split."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from gitops_canary.manifest.document import (
    Json,
    Node,
    Pointer,
    append_item,
    insert_key,
    remove,
)
from gitops_canary.model.names import Path
from gitops_canary.routing.groups import Groups
from gitops_canary.routing.identity import Names, word
from gitops_canary.routing.numbers import plain_number
from gitops_canary.routing.owners import others
from gitops_canary.routing.refusal import article, root_of, wrong
from gitops_canary.routing.splits import Meaning, Split
from gitops_canary.routing.writing import side_entry

HUNDRED = Decimal(100)


class Style(Protocol):
    """How one kind writes a mirror into a rule."""

    def found(self, root: Node, rule: Pointer, names: Names) -> tuple[Pointer, ...]:
        """Point at what copies requests to the canary."""

    def write(
        self,
        text: str,
        document: int,
        rule: Pointer,
        canary: dict[str, Json],
        percent: Decimal,
        file: Path,
    ) -> str:
        """Write the mirror into a rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirrors:
    """A Mirror of a kind whose rules stand in one list."""

    path: Pointer
    groups: Groups
    meaning: Meaning
    style: Style
    able: frozenset[str]
    """Kinds of objects that have such rules."""

    def mirrored(self, text: str, document: int, *, namespace: str, apex: str) -> bool:
        """Tell whether requests are copied to the canary."""
        root = root_of(text, document, Path(""))
        names = Names(namespace=namespace, apex=apex)
        rules = self._own(text, document, names)
        return any(self.style.found(root, rule, names) for rule in rules)

    def start(
        self, text: str, document: int, percent: Decimal, *, file: Path, namespace: str, apex: str
    ) -> str:
        """Copy requests of every rule that splits."""
        root = root_of(text, document, file)
        names = Names(namespace=namespace, apex=apex)
        for rule, split in self._split(root, names, file):
            if self.style.found(root, rule, names):
                continue
            canary = side_entry(root, split, "canary", self.meaning, names, file)
            text = self.style.write(text, document, rule, canary, percent, file)
        return text

    def stop(self, text: str, document: int, *, file: Path, namespace: str, apex: str) -> str:
        """Delete the lines of every mirror to the canary."""
        root = root_of(text, document, file)
        names = Names(namespace=namespace, apex=apex)
        for rule in reversed(self._own(text, document, names)):
            for at in reversed(self.style.found(root, rule, names)):
                text = remove(text, document, at, file=file)
        return text

    def _own(self, text: str, document: int, names: Names) -> list[Pointer]:
        """Give every rule but those of other applications: a copy from there is a person's."""
        rules = root_of(text, document, Path("")).get(*self.path)
        theirs = others(text, document, self.groups, self.meaning, names)
        every = ((*self.path, index) for index in range(len(rules.items) if rules else 0))
        return [rule for rule in every if rule not in theirs]

    def _split(self, root: Node, names: Names, file: Path) -> Iterator[tuple[Pointer, Split]]:
        depth = len(self.path)
        kind = word(root, ("kind",))
        if kind not in self.able:
            problem = f"{article(kind)} cannot mirror requests"
            raise wrong(problem, root, file, "remove analysis.mirror")
        for split in self.meaning.splits(root, self.groups(root), file, names):
            at = split.group.path
            if at is None or at[:depth] != self.path:
                node = root.get(*split.primary.at) or root
                problem = "Only HTTP rules can mirror requests, and this is another list"
                raise wrong(problem, node, file, "remove analysis.mirror")
            yield at[: depth + 1], split


class IstioStyle:
    """`mirror` and `mirrorPercentage` of an HTTP route."""

    def __init__(self, meaning: Meaning) -> None:
        self._meaning = meaning

    def found(self, root: Node, rule: Pointer, names: Names) -> tuple[Pointer, ...]:
        """Point at both keys, where the mirror is the canary."""
        node = root.get(*rule)
        mirror = node.get("mirror") if node else None
        if node is None or mirror is None:
            return ()
        key = node.key("mirror")
        assert key is not None, "it has a value"
        entry = Node(
            kind=mirror.kind.MAPPING, start=0, end=0, line=0, column=0,
            entries=((_named(key, "destination"), mirror),),
        )  # fmt: skip
        side = self._meaning.identify(root, entry, names)
        if side is None or side.side != "canary":
            return ()
        keys = [k.value for k, _ in node.entries if k.value in {"mirror", "mirrorPercentage"}]
        return tuple((*rule, name) for name in keys)

    def write(
        self,
        text: str,
        document: int,
        rule: Pointer,
        canary: dict[str, Json],
        percent: Decimal,
        file: Path,
    ) -> str:
        """Add both keys."""
        node = root_of(text, document, file).get(*rule)
        assert node is not None, "the rule splits"
        if node.get("mirror") or node.get("mirrors"):
            problem = "This route already mirrors requests to somebody else"
            raise wrong(problem, node, file, "remove that mirror, or analysis.mirror")
        target = canary["destination"]
        text = insert_key(text, document, rule, "mirror", target, file=file)
        value = {"value": plain_number(percent)}
        return insert_key(text, document, rule, "mirrorPercentage", value, file=file)


class GatewayStyle:
    """A `RequestMirror` filter of a rule."""

    def __init__(self, meaning: Meaning) -> None:
        self._meaning = meaning

    def found(self, root: Node, rule: Pointer, names: Names) -> tuple[Pointer, ...]:
        """Point at the filters that mirror to the canary; at `filters` where nothing else is."""
        filters = root.get(*rule, "filters")
        items = filters.items if filters else ()
        mine = []
        for index, item in enumerate(items):
            target = item.get("requestMirror", "backendRef")
            side = self._meaning.identify(root, target, names) if target else None
            if side and side.side == "canary":
                mine.append(index)
        if mine and len(mine) == len(items):
            return ((*rule, "filters"),)
        return tuple((*rule, "filters", index) for index in mine)

    def write(
        self,
        text: str,
        document: int,
        rule: Pointer,
        canary: dict[str, Json],
        percent: Decimal,
        file: Path,
    ) -> str:
        """Add a filter."""
        part = {} if percent == HUNDRED else {"percent": plain_number(percent)}
        one = {"type": "RequestMirror", "requestMirror": {"backendRef": canary, **part}}
        root = root_of(text, document, file)
        if root.get(*rule, "filters") is None:
            return insert_key(text, document, rule, "filters", [one], file=file)
        return append_item(text, document, (*rule, "filters"), one, file=file)


def _named(key: Node, name: str) -> Node:
    return Node(kind=key.kind, start=0, end=0, line=0, column=0, value=name)
