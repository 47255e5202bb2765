"""The engine for first splits that are no renaming: a kind says which places become what."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from gitops_canary.errors import Place
from gitops_canary.manifest.document import (
    Json,
    Node,
    NodeKind,
    Pointer,
    Value,
    append_item,
    data,
    insert_key,
    remove,
    set_scalar,
)
from gitops_canary.model.initial import Wanted
from gitops_canary.model.names import Path
from gitops_canary.ports import Founder
from gitops_canary.routing.founding import Made, none_to_create
from gitops_canary.routing.identity import word
from gitops_canary.routing.lists import Lists
from gitops_canary.routing.refusal import root_of, wrong
from gitops_canary.routing.scaling import scaled

BY_HAND = "write the split by hand, and run this again: what is there is left as it is"


@dataclass(frozen=True, slots=True)
class Put:
    """A scalar gets another value."""

    at: Pointer
    value: Value


@dataclass(frozen=True, slots=True)
class Key:
    """A mapping gets one more entry."""

    at: Pointer
    key: str
    value: Json


@dataclass(frozen=True, slots=True)
class Item:
    """A list gets one more item."""

    at: Pointer
    value: Json


@dataclass(frozen=True, slots=True)
class Drop:
    """A mapping loses an entry."""

    at: Pointer


@dataclass(frozen=True, slots=True)
class Stop:
    """What is there cannot split so."""

    at: Pointer
    why: str
    remedy: str = BY_HAND


Edit = Put | Key | Item | Drop | Stop
Edits = Callable[[Node, Wanted], Iterable[Edit]]
"""From a document's root to what has to become of it; nothing where it does not lead there."""


def no_more(root: Node, wanted: Wanted) -> Made:
    """Make no other object."""
    del root, wanted
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewriting:
    """A Founder of a kind that says by itself what becomes of an object."""

    kinds: frozenset[tuple[str, str]]
    edits: Edits
    beside: Callable[[Node, Wanted], Made] = no_more
    """Objects that come to stand beside the one that leads to the Service."""
    lists: Lists | None = None
    """Where its weights lie then, if in lists."""

    def leads(self, text: str, document: int, wanted: Wanted) -> bool:
        """Tell whether anything would become of it."""
        return next(iter(self.edits(root_of(text, document, Path("")), wanted)), None) is not None

    def adopt(self, text: str, document: int, wanted: Wanted, *, file: Path) -> tuple[str, Made]:
        """Carry the edits out, in their order."""
        root = root_of(text, document, file)
        made = self.beside(root, wanted)
        for edit in list(self.edits(root, wanted)):
            if isinstance(edit, Stop):
                raise wrong(edit.why, root.get(*edit.at) or root, file, edit.remedy)
            text = _carried_out(text, document, edit, file)
        if self.lists is not None:
            text = scaled(text, document, self.lists, wanted, file)
        return text, made

    def create(self, wanted: Wanted, *, place: Place) -> Made:
        """Refuse: where its traffic comes from is only a person's to know."""
        return none_to_create(wanted, place)


def _carried_out(text: str, document: int, edit: Edit, file: Path) -> str:
    match edit:
        case Put(at, value):
            return set_scalar(text, document, at, value, file=file)
        case Key(at, key, value):
            return insert_key(text, document, at, key, value, file=file)
        case Item(at, value):
            return append_item(text, document, at, value, file=file)
        case Drop(at):
            return remove(text, document, at, file=file)
        case Stop():
            raise AssertionError("told before anything is edited")


class Several:
    """A Founder that asks, for each document, the one that knows its kind."""

    def __init__(
        self,
        *founders: Founder,
        created: Callable[[Wanted, Place], Made] = none_to_create,
    ) -> None:
        self._founders, self._created = founders, created

    @property
    def kinds(self) -> frozenset[tuple[str, str]]:
        """(API group, kind) of what any of them knows."""
        return frozenset(kind for one in self._founders for kind in one.kinds)

    def leads(self, text: str, document: int, wanted: Wanted) -> bool:
        """Tell whether this object sends traffic to the Service users call."""
        return self._of(text, document).leads(text, document, wanted)

    def adopt(self, text: str, document: int, wanted: Wanted, *, file: Path) -> tuple[str, Made]:
        """Let it split."""
        found, made = self._of(text, document).adopt(text, document, wanted, file=file)
        return found, tuple(made)

    def create(self, wanted: Wanted, *, place: Place) -> Made:
        """Write a new object."""
        return self._created(wanted, place)

    def _of(self, text: str, document: int) -> Founder:
        root = root_of(text, document, Path(""))
        kind = (word(root, ("apiVersion",)).rpartition("/")[0], word(root, ("kind",)))
        return next(one for one in self._founders if kind in one.kinds)


def items(root: Node, *at: str | int) -> Iterator[tuple[Pointer, Node]]:
    """Give the mappings of a list and where they stand; nothing where there is none."""
    found = root.get(*at)
    for index, item in enumerate(found.items if found else ()):
        if item.kind is NodeKind.MAPPING:
            yield (*at, index), item


def plain(node: Node) -> dict[str, Json]:
    """Give a mapping as plain values.

    Raises:
        SpecError: it holds an alias.
    """
    found = data(node, file="")
    assert isinstance(found, dict), "asked for mappings only"
    return found


def weights(wanted: Wanted) -> Mapping[str, int]:
    """Give each side's Service with its weight, the primary's first."""
    return {f"{wanted.apex}-primary": wanted.whole, f"{wanted.apex}-canary": 0}


def sides(wanted: Wanted, made: Callable[[str], dict[str, Json]]) -> list[Json]:
    """Write an entry for each side, from the side's Service, with its weight."""
    return [{**made(name), "weight": weight} for name, weight in weights(wanted).items()]
