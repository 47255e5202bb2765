"""What a kind of document may say: one row a field, from which everything else is derived.

A path is relative to the document's `spec`: `analysis.metrics[].name` is a key of every item of a
list, `templateVariables.*` any key of a mapping.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum

Value = str | int | Decimal | bool
"""What a leaf holds once read."""


class Type(Enum):
    """What a leaf may hold; durations become milliseconds."""

    TEXT = "text"
    WORD = "text that is not empty"
    NAME = "a Kubernetes name"
    URL = "an http or https URL without credentials"
    SPAN = "a duration as Go writes it, e.g. 1.5s"
    DURATION = "a duration, e.g. 30s or 5m"
    WHOLE = "a whole number"
    NUMBER = "a number"
    FLAG = "true or false"
    PORT = "a port's number or name"
    ANY = "anything"


class Status(Enum):
    """What becomes of a field."""

    HONOURED = "honoured"
    NEUTRAL = "nothing to do"
    """It shapes objects that Flagger generates; here they lie in Git as they are."""
    DEFERRED = "not honoured yet, an operator may do without"
    REFUSED = "not honoured yet, and nothing sensible is left without it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One leaf."""

    path: str
    type: Type
    status: Status
    why: str
    """What it says, or why nothing is done; a clause without a full stop."""
    root: str = ""
    """Of a field not honoured yet: the path at which it is refused or let by."""
    harmless: Value | None = None
    """Of a field not honoured yet: the value that asks for nothing."""
    choices: tuple[str, ...] = ()
    """Words it may hold; empty for any."""
    unfit: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Known words that are refused: why, as a clause, and the remedy."""
    ended: Mapping[str, str] = field(default_factory=dict)
    """Known words that will never be honoured, with the remedy."""
    pattern: str = ""
    """What a text must look like as a whole, with `form` in words."""
    form: str = ""
    low: Decimal | int | None = None
    high: Decimal | int | None = None
    """Inclusive bounds; of a duration in milliseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What may stand at one place: a leaf, a mapping or a list."""

    path: str
    leaf: Field | None = None
    keys: Mapping[str, "Shape"] = field(default_factory=dict)
    """Of a mapping; `*` stands for any key."""
    item: "Shape | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """A kind of document."""

    kind: str
    fields: tuple[Field, ...]
    required: frozenset[str] = frozenset()
    """Paths that must be there wherever what encloses them is."""
    items_max: Mapping[str, int] = field(default_factory=dict)
    """Most items a list may have."""
    hints: Mapping[str, str] = field(default_factory=dict)
    """Keys that do not belong here although somebody could think so, with the remedy."""
    shape: Shape = field(init=False)

    def __post_init__(self) -> None:
        """Derive the tree from the rows."""
        object.__setattr__(self, "shape", _shape("", [(_parts(f.path), f) for f in self.fields]))


def rows(
    status: Status,
    why: str,
    fields: Mapping[str, Type | tuple[str, ...]],
    *,
    below: str = "",
    root: str = "",
) -> Iterator[Field]:
    """Make rows that share status and reason; a tuple of words is a choice of them."""
    for path, kind in fields.items():
        yield Field(
            path=below + path,
            type=kind if isinstance(kind, Type) else Type.TEXT,
            choices=() if isinstance(kind, Type) else kind,
            status=status,
            why=why,
            root=root,
        )


def deferrable(fields: Iterable[Field]) -> frozenset[str]:
    """List the names an operator may let by."""
    return frozenset(one.root for one in fields if one.status is Status.DEFERRED)


def _parts(path: str) -> list[str]:
    return re.findall(r"[^.\[\]]+|\[\]", path)


def _shape(path: str, below: list[tuple[list[str], Field]]) -> Shape:
    if below[0][0] == []:
        return Shape(path=path, leaf=below[0][1])
    groups: dict[str, list[tuple[list[str], Field]]] = {}
    for parts, leaf in below:
        groups.setdefault(parts[0], []).append((parts[1:], leaf))
    if "[]" in groups:
        return Shape(path=path, item=_shape(f"{path}[]", groups["[]"]))
    keys = {key: _shape(f"{path}.{key}".lstrip("."), group) for key, group in groups.items()}
    return Shape(path=path, keys=keys)
