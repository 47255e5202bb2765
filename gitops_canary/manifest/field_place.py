"""From a reference to exactly one field of one revision, or an error that lists what is there."""

from collections.abc import Callable
from dataclasses import dataclass

from gitops_canary.errors import BindingError, Place, SpecError
from gitops_canary.manifest.document import Node, NodeKind, Pointer, parse
from gitops_canary.manifest.field_path import Inside, Key, Pick, Step, spoken, steps
from gitops_canary.model.names import Path
from gitops_canary.model.owned import FieldRef
from gitops_canary.model.references import Reference

_SHOWN = 12


def locate(reference: Reference, text: Callable[[Path], str | None]) -> FieldRef:
    """Find the field that a reference names.

    Raises:
        BindingError: there is no such file, document or field, or there are several.
        SpecError: the file cannot be read.
    """
    file = reference.file
    found = text(file)
    if found is None:
        raise _nothing(reference, f"there is no file {file}", "correct the path, from the root")
    index, root = _document(reference, parse(found, file=file))
    walk = _Walk(reference, root)
    for step in steps(reference.field):
        walk.go(step)
    return FieldRef(
        file=file,
        index=index,
        path=(*walk.texts, walk.path)[0],
        inner=(*walk.texts, walk.path)[1:],
        aside=walk.aside,
    )


def _document(reference: Reference, roots: tuple[Node | None, ...]) -> tuple[int, Node]:
    there = [(index, root) for index, root in enumerate(roots) if root is not None]
    wanted = reference.document
    mine = [(i, r) for i, r in there if not wanted or _title(r) == wanted]
    if len(mine) == 1:
        return mine[0]
    titles = ", ".join(_title(root) for _, root in there) or "none"
    name = f"document {wanted}" if wanted else "single document"
    count = "several times a" if mine and wanted else "no"
    raise _nothing(
        reference,
        f"{reference.file} has {count} {name} (there: {titles})",
        "write `document: Kind/name`, which must be there once",
    )


def _title(root: Node) -> str:
    kind, name = root.get("kind"), root.get("metadata", "name")
    return f"{kind.value if kind else '?'}/{name.value if name else '?'}"


@dataclass(slots=True)
class _Walk:
    """The way through one document, step by step."""

    reference: Reference
    node: Node
    path: Pointer = ()
    texts: tuple[Pointer, ...] = ()
    """Pointers to the texts that were entered so far."""
    done: tuple[Step, ...] = ()
    aside: str = ""

    def go(self, step: Step) -> None:
        match step:
            case Key(name):
                self._into(self.node.get(name), name, step)
                self.aside = ""
            case Pick(key, value):
                self._pick(key, value, step)
                self.aside = key if value else ""
            case Inside():
                self._enter()
        self.done = (*self.done, step)

    def _into(self, node: Node | None, part: str | int, step: Step) -> None:
        if node is None:
            keys = [key.value for key, _ in self.node.entries]
            raise self._lost(f"has no {spoken((step,))}", keys)
        if node.kind is NodeKind.ALIAS:
            raise self._lost(f"has an alias at {spoken((step,))}; write the value out", [])
        self.node, self.path = node, (*self.path, part)

    def _pick(self, key: str, value: str, step: Step) -> None:
        held = [(index, picked(item, key)) for index, item in enumerate(self.node.items)]
        mine = [i for i, node in held if node is not None and value in {"", node.value}]
        if len(mine) > 1:
            raise self._several(key, value, [self.node.items[index] for index in mine])
        if not mine:
            problem = f"has no items with {key} {value}".rstrip()
            raise self._lost(problem, [node.value for _, node in held if node is not None])
        self._into(self.node.items[mine[0]], mine[0], step)

    def _enter(self) -> None:
        if self.node.kind is not NodeKind.SCALAR:
            raise self._lost("is no text to go into with |", [])
        try:
            roots = [r for r in parse(self.node.value, file=self.reference.file) if r is not None]
        except SpecError as error:
            raise self._lost(f"is a text that is no YAML: {error.problem}", []) from error
        if len(roots) != 1:
            raise self._lost(f"is a text with {len(roots)} documents, not one", [])
        self.node, self.path, self.texts = roots[0], (), (*self.texts, self.path)

    def _several(self, key: str, value: str, items: list[Node]) -> BindingError:
        """Tell of items where one is meant, at the second one's place."""
        file = self.reference.file
        places = [Place(file, item.line, item.column) for item in items]
        error = self._lost(f"has {len(items)} items with {key} {value}".rstrip(), [])
        if self.texts:
            return error
        shown = ", ".join(str(place) for place in places[:_SHOWN])
        one_of = "remove one of the two" if len(items) == 2 else "keep one"  # noqa: PLR2004 - a pair
        remedy = f"{one_of}: {shown}"
        return BindingError(error.problem, remedy=remedy, place=places[1])

    def _lost(self, problem: str, there: list[str]) -> BindingError:
        shown = ", ".join(there[:_SHOWN]) + (", ..." if len(there) > _SHOWN else "")
        at = spoken(self.done) or "the document"
        file = self.reference.file
        place = f" ({Place(file, self.node.line, self.node.column)})" if not self.texts else ""
        return _nothing(
            self.reference,
            f"{at} of {file}{place} {problem}",
            f"use one of {shown}" if shown else "correct spec.source",
        )


def picked(item: Node, key: str) -> Node | None:
    """Find what an item is picked by: its key, or one inside of a mapping or a text of it."""
    outer, bar, inner = key.partition("|")
    own = item.get(outer) or item.get(*outer.split("."))
    if not bar or own is None:
        return own
    try:
        roots = [root for root in parse(own.value, file=key) if root is not None]
    except SpecError:
        return None  # a text that is no YAML is not what is looked for
    return picked(roots[0], inner) if len(roots) == 1 else None


def _nothing(reference: Reference, why: str, remedy: str) -> BindingError:
    return BindingError(
        f"The field {reference.field} is not in exactly one place: {why}.",
        remedy=remedy,
        place=reference.place,
    )
