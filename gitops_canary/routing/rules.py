"""The engine for A/B tests in lists of rules: a copy of a rule, for matching requests only.

The copy stands right before the rule that splits, keeps its other settings (timeouts, filters,
retries) and knows only the canary. It is found again by being exactly what would be written.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from gitops_canary.manifest.document import Json, Node, NodeKind, Pointer, data
from gitops_canary.manifest.inserting import insert_item
from gitops_canary.model.names import Path
from gitops_canary.model.spec import Match
from gitops_canary.routing.conditions import Conditions, covers
from gitops_canary.routing.groups import Groups
from gitops_canary.routing.identity import Names, Side, word
from gitops_canary.routing.refusal import article, root_of, wrong
from gitops_canary.routing.splits import Meaning
from gitops_canary.routing.writing import side_entry

Build = Callable[[dict[str, Json], dict[str, Json], Sequence[Match]], list[Json]]
"""From a rule, the canary's entry in it and the matches to the rules of the A/B test.

Raises ValueError where the kind cannot match so.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules(Conditions):
    """A Matcher of a kind whose rules stand in one list."""

    path: Pointer
    groups: Groups
    meaning: Meaning
    build: Build
    able: frozenset[str]
    """Kinds of objects that have such rules."""
    side: Side = "canary"
    """Who alone gets the requests that match."""

    def found(self, root: Node, matches: Sequence[Match], names: Names) -> tuple[Pointer, ...]:
        """Point at the rules that are exactly what would be written."""
        wanted = [
            rule for _, rules in self._wanted(root, matches, Path(""), names) for rule in rules
        ]
        items = root.get(*self.path)
        return tuple(
            (*self.path, index)
            for index, item in enumerate(items.items if items else ())
            if _values(item) in wanted
        )

    def shown(self, root: Node, matches: Sequence[Match], names: Names) -> bool:
        """Tell whether every rule is among those that stand there."""
        items = root.get(*self.path)
        there = [_values(item) for item in (items.items if items else ())]
        wanted = [
            rule for _, rules in self._wanted(root, matches, Path(""), names) for rule in rules
        ]
        return all(any(covers(one, rule) for one in there) for rule in wanted)

    def written(
        self, text: str, document: int, matches: Sequence[Match], names: Names, file: Path
    ) -> str:
        """Put the rules before every rule that splits."""
        root = root_of(text, document, file)
        wanted = sorted(self._wanted(root, matches, file, names), key=lambda found: found[0])
        for index, rules in reversed(wanted):
            for rule in reversed(rules):
                text = insert_item(text, document, self.path, index, rule, file=file)
        return text

    def _wanted(
        self, root: Node, matches: Sequence[Match], file: Path, names: Names
    ) -> Iterator[tuple[int, list[Json]]]:
        depth = len(self.path)
        kind = word(root, ("kind",))
        if kind not in self.able:
            problem = f"{article(kind)} cannot match requests by header"
            raise wrong(problem, root, file, "use blue/green or weights here")
        for split in self.meaning.splits(root, self.groups(root), file, names):
            at = split.group.path
            node = root.get(*split.primary.at) or root
            if at is None or at[:depth] != self.path:
                problem = "Only HTTP rules can match requests, and this is another list"
                raise wrong(problem, node, file, "use blue/green or weights here")
            index = at[depth]
            rule = root.get(*self.path, index)
            assert isinstance(index, int), "rules stand in a list"
            assert rule is not None, "the split stands in it"
            try:
                own = data(rule, file=file)
                assert isinstance(own, dict), "a rule with a list is a mapping"
                yield (
                    index,
                    self.build(
                        own, side_entry(root, split, self.side, self.meaning, names, file), matches
                    ),
                )
            except ValueError as error:
                raise wrong(str(error), rule, file, "match by headers that it knows") from error


def _values(rule: Node) -> Json:
    """Give a rule as plain values; none for one with aliases, which nobody here writes."""
    if any(node.kind is NodeKind.ALIAS for node in rule.walk()):
        return None
    return data(rule, file="")
