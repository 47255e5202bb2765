"""The engine for weighted lists: a row says where they lie and what their weights mean.

Rules that hold for every kind: entries are found by the names in them; every list that has both
sides is written; other entries keep their weights and the list keeps its total; missing weights are
written into both entries at once.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from gitops_canary.manifest.document import (
    Node,
    Pointer,
    duplicate_item,
    insert_key,
    set_scalar,
    splice,
)
from gitops_canary.model.names import Digest, Path
from gitops_canary.routing import holding, owners
from gitops_canary.routing.groups import Claims, Group, Groups, no_claims
from gitops_canary.routing.holding import Alone
from gitops_canary.routing.identity import Names, renamed, word
from gitops_canary.routing.refusal import root_of, wrong
from gitops_canary.routing.shape import bare
from gitops_canary.routing.splits import Meaning, Split
from gitops_canary.rule_ports import Keeper, Matcher, Mirror


def nowhere(root: Node, names: Names) -> Iterator[Pointer]:
    """Know of nothing but the lists."""
    del root, names
    yield from ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Lists:
    """A Router of one family of objects; everything it knows is in its fields."""

    kinds: frozenset[tuple[str, str]]
    groups: Groups
    meaning: Meaning
    scope: tuple[Pointer, ...] = (("spec",),)
    """What a person may not change unseen."""
    claimed: Claims = no_claims
    alone: Alone = nowhere
    """Where traffic goes to the canary by something else than an entry of a list."""
    matcher: Matcher | None = None
    mirror: Mirror | None = None
    keeper: Keeper | None = None
    shared: bool = False
    """Whether several applications may have rules of their own in one object.

    Not where entries name something else of the object, nor where requests are counted by objects.
    """

    def matches(self, text: str, document: int, *, namespace: str, apex: str) -> bool:
        """Tell whether some list names the primary of this apex.

        One that names the canary alone holds no weight; it is told of like all that reaches it.
        """
        names = Names(namespace=namespace, apex=apex)
        return holding.primary(self._reading, text, document, names)

    def claims(self, text: str, document: int) -> tuple[str, ...]:
        """Say which traffic this object has for itself."""
        return tuple(self.claimed(root_of(text, document, Path(""))))

    def places(self, text: str, document: int, *, namespace: str, apex: str) -> tuple[Pointer, ...]:
        """Point at the rules that name a side; at the whole object where it is one's alone."""
        if not self.shared:
            return ((),)
        names = Names(namespace=namespace, apex=apex)
        return holding.places(self._reading, text, document, names)

    def sided(self, text: str, document: int, *, namespace: str) -> frozenset[Pointer]:
        """Point at the rules that are applications' alone, whoever's."""
        if not self.shared:
            return frozenset()
        return owners.sided(text, document, self.groups, self.meaning, namespace)

    def exposure(
        self, text: str, document: int, *, namespace: str, apex: str
    ) -> tuple[Pointer, ...]:
        """List where only the canary stands: it gets that traffic whatever the weight."""
        names = Names(namespace=namespace, apex=apex)
        return holding.exposed(self._reading, self.alone, text, document, names)

    def weight(self, text: str, document: int, *, file: Path, namespace: str, apex: str) -> Decimal:
        """Read the canary's weight; all lists must agree."""
        root = root_of(text, document, file)
        names = Names(namespace=namespace, apex=apex)
        first, *others = self._splits(text, document, file, names)
        for one in others:
            if one.weight != first.weight:
                problem = "This list gives the canary another weight than the one before"
                at = root.get(*(one.canary or one.primary).at) or root
                raise wrong(problem, at, file, "write the same share into every list that has both")
        return first.weight

    def shape(self, text: str, document: int, *, file: Path, namespace: str, apex: str) -> Digest:
        """Digest the object without the weights of the two, and without the canary's entry.

        Without the entry, so that adding it for the first weight is no override; and without the
        rules of other applications, whose weights move by themselves.
        """
        names = Names(namespace=namespace, apex=apex)
        others = frozenset[Pointer]()
        if self.shared:
            others = owners.others(text, document, self.groups, self.meaning, names)
        splits = self._splits(text, document, file, names)
        return holding.shape(self.meaning, splits, self.scope, others, text, document)

    def set_weight(
        self, text: str, document: int, weight: Decimal, *, file: Path, namespace: str, apex: str
    ) -> str:
        """Write the weight into every list that has both sides."""
        root = root_of(text, document, file)
        names = Names(namespace=namespace, apex=apex)
        for split in self._splits(text, document, file, names):
            if split.weight != weight:
                primary, canary = self.meaning.numbers(split, weight, root, file)
                text = self._write(text, document, split, primary, canary, names, file)
        return text

    def restore(
        self,
        text: str,
        document: int,
        stable: str,
        stable_document: int,
        *,
        file: Path,
        namespace: str,
        apex: str,
    ) -> str:
        """Put the lists' bytes back; weight 0 where they differ in more than weights."""
        names = Names(namespace=namespace, apex=apex)
        root, then = root_of(text, document, file), root_of(stable, stable_document, file)
        before = self._before(root, then, names)
        for split in self._splits(text, document, file, names):
            path = split.group.path
            was = before.get(path) if path else None
            if path and was and was.path and self._alike(root, then, split.group, was, names):
                text = splice(text, document, path, stable, stable_document, was.path, file=file)
        return self.set_weight(
            text, document, Decimal(0), file=file, namespace=namespace, apex=apex
        )

    @property
    def _reading(self) -> holding.Reading:
        return holding.Reading(self.meaning, self.groups, self.shared)

    def _splits(self, text: str, document: int, file: Path, names: Names) -> tuple[Split, ...]:
        return holding.splits(self._reading, text, document, file, names)

    def _write(
        self,
        text: str,
        document: int,
        split: Split,
        primary: Decimal,
        canary: Decimal,
        names: Names,
        file: Path,
    ) -> str:
        at = split.canary.at if split.canary else None
        if at is None:
            if not self.meaning.copied or split.group.path is None:
                node = root_of(text, document, file)
                problem = f"There is no entry for {names.apex}-canary"
                raise wrong(problem, node, file, "add one with weight 0")
            text, at = _cloned(text, document, split, split.group.path, names, file)
        for entry, value in ((split.primary.at, primary), (at, canary)):
            text = self._write_one(text, document, entry, value, file)
        return text

    def _write_one(
        self, text: str, document: int, entry: Pointer, value: Decimal, file: Path
    ) -> str:
        node = root_of(text, document, file).get(*entry, *self.meaning.weight_at)
        if node is None:
            inner, key = (*entry, *self.meaning.weight_at[:-1]), str(self.meaning.weight_at[-1])
            new = self.meaning.form.write(value, "")
            return insert_key(text, document, inner, key, new, file=file)
        if self.meaning.form.read(node) == value:
            return text
        new = self.meaning.form.write(value, node.value)
        return set_scalar(text, document, (*entry, *self.meaning.weight_at), new, file=file)

    def _before(self, now: Node, then: Node, names: Names) -> Mapping[Pointer, Group]:
        """Find each list with the primary where it stood before: the first is the first again.

        By their order and not by their numbers in the document, which change with others' rules.
        Where there were more of them, or less, it is by their numbers.
        """
        new, old = (
            [
                group
                for group in self.groups(root)
                if group.path and "primary" in self._sides(root, group, names)
            ]
            for root in (now, then)
        )
        if len(new) == len(old):
            return {one.path: was for one, was in zip(new, old, strict=True) if one.path}
        return {was.path: was for was in old if was.path}

    def _sides(self, root: Node, group: Group, names: Names) -> set[str]:
        return {found.side for _, found in self.meaning.known(root, group, names) if found}

    def _alike(self, now: Node, then: Node, group: Group, stable: Group, names: Names) -> bool:
        """Whether a list differs from the stable one in nothing but the two's weights."""

        def without(root: Node, one: Group) -> object:
            dropped: set[Pointer] = set()
            for at, found in self.meaning.known(root, Group(entries=one.entries), names):
                if found:
                    dropped.add(at if found.side == "canary" else (*at, *self.meaning.weight_at))
            path = one.path or ()
            return bare(root.get(*path), dropped, path)

        return without(now, group) == without(then, stable)


def _cloned(
    text: str, document: int, split: Split, path: Pointer, names: Names, file: Path
) -> tuple[str, Pointer]:
    """Add the canary's entry as a copy of the primary's, behind the last one."""
    index = split.primary.at[-1]
    assert isinstance(index, int), "an entry of a list is found by its index"
    text = duplicate_item(text, document, path, index, file=file)
    at = (*path, len(split.group.entries))
    name_at = (*at, *split.primary.name_at)
    old = word(root_of(text, document, file), name_at)
    new = renamed(old, names)
    return set_scalar(text, document, name_at, new, file=file), at
