"""Every field a document may have, as a table: a field that is in no table is an error."""

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from gitops_canary.errors import Place, SpecError
from gitops_canary.manifest.document import Node, NodeKind
from gitops_canary.manifest.scalars import typed
from gitops_canary.model.durations import duration_ms

SECOND_MS = 1000


class Status(Enum):
    """What becomes of a field."""

    HONOURED = "honoured"
    NEUTRAL = "neutral"
    """Read and valid; it shapes an object that lies in Git itself, so nothing is left to do."""
    DEFERRED = "not yet"


@dataclass(frozen=True, slots=True)
class Field:
    """One leaf of a schema; `[]` in the path stands for the items of a list."""

    path: str
    type: str
    status: Status
    why: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in a document."""

    place: Place
    text: str
    remedy: str


def table(text: str) -> Mapping[str, Field]:
    """Read lines `path | type | status | why`."""
    rows = (line.split("|") for line in text.strip().splitlines())
    fields = (
        Field(path.strip(), kind.strip(), Status(status.strip()), why.strip())
        for path, kind, status, why in rows
    )
    return {field.path: field for field in fields}


def check(
    root: Node, fields: Mapping[str, Field], *, file: str, allow_missing: frozenset[str]
) -> tuple[list[Problem], list[str]]:
    """Hold a document against its table; what is wrong, and which deferred fields were let by."""
    walker = _Walker(fields, file, allow_missing)
    spec = root.get("spec")
    if spec is None:
        place = Place(file, root.line, root.column)
        return [Problem(place, "The document has no spec.", "write one")], []
    walker.visit(spec, "spec")
    return walker.problems, sorted(set(walker.deferred))


def refuse(problems: Sequence[Problem]) -> SpecError:
    """Make one error of all that is wrong; it stands at the first place."""
    first = problems[0]
    others = "".join(f"\n  {p.place}: {p.text} Try: {p.remedy}." for p in problems[1:])
    return SpecError(first.text + others, remedy=first.remedy, place=first.place)


class _Walker:
    def __init__(
        self, fields: Mapping[str, Field], file: str, allow_missing: frozenset[str]
    ) -> None:
        self.problems: list[Problem] = []
        self.deferred: list[str] = []
        self._fields = fields
        self._file = file
        self._allow = {f"spec.{name.removeprefix('spec.')}" for name in allow_missing}
        self._inner = {inner for path in fields for inner in _prefixes(path)}

    def visit(self, node: Node, path: str) -> None:
        field = self._fields.get(path)
        if field is not None:
            self._leaf(node, field)
        elif node.kind is NodeKind.MAPPING:
            for key, value in node.entries:
                self._entry(key, value, f"{path}.{key.value}")
        elif node.kind is NodeKind.SEQUENCE and f"{path}[]" in self._inner:
            for item in node.items:
                self.visit(item, f"{path}[]")
        elif not (node.plain and typed(node.value) is None):
            self._wrong(node, f"{_short(path)} has the wrong shape.", "see `gitops-canary lint`")

    def _entry(self, key: Node, value: Node, path: str) -> None:
        if path in self._fields or path in self._inner or f"{path}[]" in self._inner:
            self.visit(value, path)
            return
        parent = path.rpartition(".")[0]
        siblings = {
            inner.removeprefix(f"{parent}.").partition(".")[0].removesuffix("[]")
            for inner in (*self._fields, *self._inner)
            if inner.startswith(f"{parent}.")
        }
        near = difflib.get_close_matches(key.value, siblings, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(sorted(siblings))}"
        self._wrong(key, f"There is no field {_short(path)!r}.", hint)

    def _leaf(self, node: Node, field: Field) -> None:
        if field.status is Status.DEFERRED:
            name = _short(field.path)
            if any(_covers(allowed, field.path) for allowed in self._allow):
                self.deferred.append(name)
            else:
                self._wrong(
                    node,
                    f"{name} is not supported yet ({field.why}).",
                    f"take it out, or see the plan without it: plan --allow-missing {name}",
                )
            return
        wrong = TYPES[field.type](node)
        if wrong:
            self._wrong(node, f"{_short(field.path)} {wrong}.", "correct the value")

    def _wrong(self, node: Node, text: str, remedy: str) -> None:
        self.problems.append(Problem(Place(self._file, node.line, node.column), text, remedy))


def _prefixes(path: str) -> Iterator[str]:
    parts = path.split(".")
    for count in range(1, len(parts)):
        inner = ".".join(parts[:count])
        yield inner
        yield inner.removesuffix("[]")


def _covers(allowed: str, path: str) -> bool:
    return path == allowed or path.startswith((f"{allowed}.", f"{allowed}[]."))


def _short(path: str) -> str:
    return path.removeprefix("spec.").replace("[]", "")


def _scalar(node: Node, test: Callable[[object], bool], words: str) -> str:
    if node.kind is not NodeKind.SCALAR:
        return f"is not {words}"
    value = typed(node.value) if node.plain else node.value
    return "" if test(value) else f"is not {words}: {node.value[:40]!r}"


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _duration(node: Node) -> str:
    try:
        return "" if duration_ms(node.value) >= SECOND_MS else "is under 1s"
    except ValueError as error:
        return f"is wrong: {error}"


TYPES: Mapping[str, Callable[[Node], str]] = {
    "text": lambda n: _scalar(n, lambda v: isinstance(v, str) and bool(v), "a text"),
    "whole": lambda n: _scalar(n, _is_int, "a whole number"),
    "number": lambda n: _scalar(
        n, lambda v: isinstance(v, int | float) and not isinstance(v, bool), "a number"
    ),
    "flag": lambda n: _scalar(n, lambda v: isinstance(v, bool), "true or false"),
    "port": lambda n: _scalar(n, lambda v: isinstance(v, int | str), "a port"),
    "duration": _duration,
    "map": lambda n: "" if n.kind is NodeKind.MAPPING else "is not a mapping",
    "list": lambda n: "" if n.kind is NodeKind.SEQUENCE else "is not a list",
    "any": lambda _: "",
}
"""What each type of the tables accepts: an empty text, or what is wrong."""
