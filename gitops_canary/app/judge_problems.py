"""What is wrong with blocks that are to be judged: which place, what, and what to do."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from gitops_canary.app import judge_models as models
from gitops_canary.app.model_fields import fields_at
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
_WAYS = frozenset({"float", "int", "str", "nullable", *_KINDS})
_PLAINLY = {
    "model_type": "input should be an object",
    "model_attributes_type": "input should be an object",
    "tuple_type": "input should be a list",
    "union_tag_not_found": f"give it a type: {', '.join(_KINDS)}",
    "missing": "is missing",
}
"""What the reader's library says in its own terms, by its names for it."""
_COUNTED = frozenset({"counts", "pods", "primaryPods"})
_NEGATIVE = "count from 0 after a counter was reset: what it gained is never less than 0"
_UNEVEN = "give the difference of raw counters, which is whole; rate() and increase() are not"


def refusal(
    error: ValidationError, model: type[BaseModel], place: Place | None = None
) -> SpecError:
    """Make one error of what the reader's library found, the first problem's remedy with it."""
    found = list(_problems(error.errors(include_url=False), model))
    more = f"; and {len(found) - _SHOWN_MAX} more" if len(found) > _SHOWN_MAX else ""
    told = "; ".join(text for text, _ in found[:_SHOWN_MAX])
    return SpecError(f"The blocks cannot be judged: {told}{more}.", remedy=found[0][1], place=place)


def _problems(errors: Sequence[Any], model: type[BaseModel]) -> Iterator[tuple[str, str]]:
    """Name each place once: of the ways a value may be written, the one that it comes nearest."""
    found: dict[tuple[str, ...], Any] = {}
    for error in errors:
        found.setdefault(tuple(filter(_said_by_people, map(str, error["loc"]))), error)
    outer = {loc[:depth] for loc in found for depth in range(len(loc))}
    for loc, error in found.items():
        if loc not in outer:
            text, remedy = _told(loc, error, model)
            yield f"{'.'.join(loc) or 'the document'}: {text[0].lower()}{text[1:]}", remedy


def _told(loc: tuple[str, ...], error: Any, model: type[BaseModel]) -> tuple[str, str]:
    kind = error["type"]
    if kind == "extra_forbidden":
        known = fields_at(model, error["loc"][:-1], _KINDS)
        return f"there is no field {shown(loc[-1])} here", nearest(loc[-1], known)
    if kind == "union_tag_invalid":
        tag = error["ctx"]["tag"]
        return f"there is no judge {shown(str(tag))}", nearest(str(tag), _KINDS)
    if kind == "too_long" and loc == ("blocks",):
        return f"a document has {models.BLOCKS_MAX:,} of them at the most", LINES
    text = _PLAINLY.get(kind, error["msg"])
    if not _COUNTED.intersection(loc):
        return text, SEE
    if kind == "greater_than_equal":
        return text, _NEGATIVE
    return text, _UNEVEN if kind.startswith("int") else SEE


def _said_by_people(part: str) -> bool:
    """Leave out the names that the reader's library has for the ways to write a value."""
    return not (part[0].isupper() or "[" in part or part in _WAYS or part.startswith("constrained"))
