"""What the lists of one object hold of an application: read once for each text, and kept."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from gitops_canary.manifest.document import Node, Pointer
from gitops_canary.model.kept import remembered
from gitops_canary.model.names import Digest, Path
from gitops_canary.routing import owners
from gitops_canary.routing.groups import Group, Groups
from gitops_canary.routing.identity import Names, word
from gitops_canary.routing.refusal import root_of
from gitops_canary.routing.shape import bare, digest
from gitops_canary.routing.splits import Meaning, Split

_KNOWN = 4096
"""Objects whose reading is kept: a rollout meets each text many times, and so does verifying it."""

Alone = Callable[[Node, Names], Iterator[Pointer]]


class Reading(NamedTuple):
    """How the lists of a kind are read."""

    meaning: Meaning
    groups: Groups
    shared: bool
    """Whether many applications may stand in one object, so that most lists are others'."""

    def near(self, text: str, document: int, names: Names) -> Iterable[Group]:
        """Give the lists in which an application may stand."""
        if self.shared:
            return owners.naming(text, document, self.groups, names)
        return self.groups(root_of(text, document, Path("")))


@remembered(_KNOWN)
def primary(reading: Reading, text: str, document: int, names: Names) -> bool:
    """Tell whether some list names the primary."""
    root, known = root_of(text, document, Path("")), reading.meaning.known
    near = reading.near(text, document, names)
    found = (one for group in near for _, one in known(root, group, names))
    return any(one.side == "primary" for one in found if one)


@remembered(_KNOWN)
def places(reading: Reading, text: str, document: int, names: Names) -> tuple[Pointer, ...]:
    """Point at the rules that name a side; at the whole object where a list is in none."""
    found = owners.mine(text, document, reading.groups, reading.meaning, names)
    return ((),) if None in found else tuple(rule for rule in found if rule)


@remembered(_KNOWN)
def exposed(
    reading: Reading, alone: Alone, text: str, document: int, names: Names
) -> tuple[Pointer, ...]:
    """List where only the canary stands, with a weight or without one."""
    root, meaning = root_of(text, document, Path("")), reading.meaning
    found = [*alone(root, names)]
    for group in reading.near(text, document, names):
        known = list(meaning.known(root, group, names))
        if {one.side for _, one in known if one} == {"canary"}:
            own = (at for at, one in known if one)
            found += (at for at in own if word(root, (*at, *meaning.weight_at)) != "0")
    return tuple(found)


@remembered(_KNOWN)
def splits(
    reading: Reading, text: str, document: int, file: Path, names: Names
) -> tuple[Split, ...]:
    """Find every list that splits; `Meaning.splits` tells what it raises."""
    near = reading.near(text, document, names)
    return tuple(reading.meaning.splits(root_of(text, document, file), near, file, names))


@remembered(_KNOWN)
def shape(
    meaning: Meaning,
    own: tuple[Split, ...],
    scope: tuple[Pointer, ...],
    others: frozenset[Pointer],
    text: str,
    document: int,
) -> Digest:
    """Digest an object without the weights of own splits, and without others' rules."""
    root = root_of(text, document, Path(""))
    dropped: set[Pointer] = set(others)
    for split in own:
        dropped.add((*split.primary.at, *meaning.weight_at))
        if split.canary is not None:
            dropped.add(split.canary.at)
    return digest([bare(root.get(*path), dropped, path) for path in scope])
