"""What is wrong with blocks that are to be judged: which place, what, and what to do."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from gitops_canary.app import judge_models as models
from gitops_canary.app.json_places import position
from gitops_canary.app.model_fields import Loc, fields_at
from gitops_canary.app.wrong_values import told
from gitops_canary.errors import Place, SpecError
from gitops_canary.manifest.problems import nearest, shown

SEE = "see `gitops-canary schema judge`"
LINES = "give them one a line, after a first line with all but the blocks"
_SHOWN_MAX = 5
_KINDS: Mapping[str, type[BaseModel]] = {
    "threshold": models.Threshold,
    "conditions": models.Conditions,
    "mannwhitney": models.MannWhitney,
    "sequential": models.Sequential,
}
_TAGGED = {"judge": 1, "shadows": 2}
"""Where the reader's library puts the type of a judge into a place; a field may have its name."""
_OBJECT = "is not an object", 'write it like {"name": "value"}'
_PLAINLY = {
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "dict_type": _OBJECT,
    "number": ("is not a number", "write it without quotes"),
    "text": ("is no number within its bounds", "write it like 99.9"),
    "union_tag_not_found": ("has no type", f"give it one of {', '.join(_KINDS)}"),
}
"""What JSON calls otherwise than YAML, and what the reader's library says of judges."""
_LISTED = {
    "counts": "[canary, canaryBad, primary, primaryBad], or an object of these",
    "pods": "[requests, bad ones] of each pod by its name",
    "primaryPods": "[requests, bad ones] of each pod by its name",
}
_NUMBERS = frozenset({"value", "baseline", "results", "canary", "primary"})
_NO_NUMBER = frozenset({"float_parsing", "float_type", "string_pattern_mismatch", "number"})
_NEGATIVE = "count from 0 after a counter was reset: what it gained is never less than 0"
_UNEVEN = "give the difference of raw counters, which is whole; rate() and increase() are not"
_AS_TEXT = 'write it as JSON does, or as Prometheus does: "0.5", "NaN", "+Inf"'
Told = tuple[Loc, str, str]


@dataclass(frozen=True, slots=True)
class Source:
    """What was read: its text, the value in it, and the line at which it begins in its file."""

    text: str
    value: Any
    line: int = 1

    def place(self, path: Loc) -> Place:
        """Say where a value stands."""
        line, column = position(self.text, path)
        return Place("blocks", self.line - 1 + line, column)

    @contextmanager
    def placing(self, *path: int | str) -> Iterator[None]:
        """Let an error that names no place name that of a value."""
        try:
            yield
        except SpecError as error:
            if error.place:
                raise
            place = self.place(path)
            raise SpecError(error.problem, remedy=error.remedy, place=place) from None


def refusal(error: ValidationError, model: type[BaseModel], source: Source) -> SpecError:
    """Make one error of what the reader's library found, the first problem's remedy with it."""
    found = list(_problems(error.errors(include_url=False), model, source.value))
    more = f"; and {len(found) - _SHOWN_MAX} more" if len(found) > _SHOWN_MAX else ""
    words = "; ".join(f"{_spoken(loc)} {text}" for loc, text, _ in found[:_SHOWN_MAX])
    return SpecError(
        f"The blocks cannot be judged: {words}{more}.",
        remedy=found[0][2],
        place=source.place(found[0][0]),
    )


def _spoken(loc: Loc) -> str:
    return ".".join(part or "''" for part in map(str, loc)) or "the document"


def _problems(errors: Sequence[Any], model: type[BaseModel], value: Any) -> Iterator[Told]:
    """Name each place once: of the ways a value may be written, the one that it comes nearest."""
    found: dict[Loc, Any] = {}
    for error in errors:
        found.setdefault(_real(error, value), error)
    outer = {loc[:depth] for loc in found for depth in range(len(loc))}
    every = (_told(loc, error, model) for loc, error in found.items() if loc not in outer)
    # Of a list with too few numbers each that is missing is an error.
    yield from {(loc, text): (loc, text, remedy) for loc, text, remedy in every}.values()


def _real(error: Any, value: Any) -> Loc:
    """Leave out of a place what the reader's library calls the ways to write a value."""
    loc: list[int | str] = []
    last = len(error["loc"]) - 1
    for index, part in enumerate(error["loc"]):
        if part in _KINDS and index == _TAGGED.get(error["loc"][0]):
            continue
        inside = isinstance(value, dict) and part in value
        if inside or (isinstance(value, list) and isinstance(part, int) and part < len(value)):
            value = value[part]
            loc.append(part)
        elif index == last and error["type"] == "missing":
            loc.append(part)
    return tuple(loc)


def _told(loc: Loc, error: Any, model: type[BaseModel]) -> Told:
    kind = error["type"]
    if kind == "extra_forbidden":
        known, name = fields_at(model, error["loc"][:-1], _KINDS), str(loc[-1])
        return loc, f"is not known: there is no field {shown(name)} here", nearest(name, known)
    if kind == "union_tag_invalid":
        tag = error["ctx"]["tag"]
        return loc, f"is unknown: there is no judge {shown(str(tag))}", nearest(str(tag), _KINDS)
    if kind == "too_long" and loc == ("blocks",):
        return loc, f"are too many: a document has {models.BLOCKS_MAX:,} at the most", LINES
    field = next((part for part in reversed(loc) if part in _LISTED or part in _NUMBERS), "")
    if field in _LISTED and (listed := _counted(loc, error, str(field))):
        return listed
    if field in _NUMBERS and kind in _NO_NUMBER:
        return loc, "is not a number", _AS_TEXT
    text, remedy = _PLAINLY.get(kind) or told(error)
    return loc, text, f"{remedy}; {SEE}"


def _counted(loc: Loc, error: Any, field: str) -> Told | None:
    """Say what counts are not; None where that is no matter of counts."""
    kind, whole = error["type"], loc[-1] == field
    if kind == "greater_than_equal":
        return loc, told(error)[0], _NEGATIVE
    if kind.startswith("int"):
        return loc, told(error)[0], _UNEVEN
    short = kind == "missing" and isinstance(loc[-1], int)
    if whole or short or kind in {"tuple_type", "too_long", "model_type"}:
        there = loc[:-1] if short else loc
        return there, "is not as it has to be", f"write {_LISTED[field]}"
    return None
