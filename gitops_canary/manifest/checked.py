"""Checking a document against its schema: what is valid is kept, all the rest is told."""

from collections.abc import Iterator
from decimal import Decimal

from gitops_canary.errors import Place
from gitops_canary.manifest.fields import Field, Schema, Shape, Status, Type, Value
from gitops_canary.manifest.leaves import Wrong, read
from gitops_canary.manifest.nodes import Node, NodeKind
from gitops_canary.manifest.problems import Problem, nearest, shown


class Checked:
    """The valid leaves of a mapping by their path, e.g. `analysis.metrics[0].name`.

    Readers ask for leaves and complain about what single fields cannot tell; a leaf that is wrong
    is absent, and its problem noted.
    """

    def __init__(
        self,
        root: Node,
        schema: Schema,
        *,
        file: str,
        allow_missing: frozenset[str] = frozenset(),
        within: str = "",
    ) -> None:
        self.problems: list[Problem] = []
        self.deferred: dict[str, None] = {}
        """Fields that are not honoured and were let by."""
        self._schema = schema
        self._file = file
        self.allowed = allow_missing
        self._within = within
        self._values: dict[str, Value] = {}
        self._nodes: dict[str, Node] = {"": root}
        self._keys: dict[str, Node] = {}
        self._visit(root, schema.shape, "")

    def text(self, path: str) -> str | None:
        """Give a text; None where there is none, or a wrong one."""
        value = self._values.get(path)
        assert value is None or isinstance(value, str), path
        return value

    def whole(self, path: str) -> int | None:
        """Give a whole number, or a duration in milliseconds."""
        value = self._values.get(path)
        assert value is None or isinstance(value, int), path
        return value

    def number(self, path: str) -> Decimal | None:
        """Give a number."""
        value = self._values.get(path)
        assert value is None or isinstance(value, (int, Decimal)), path
        return None if value is None else Decimal(value)

    def flag(self, path: str) -> bool:
        """Give a truth value; False where there is none."""
        return self._values.get(path) is True

    def has(self, path: str) -> bool:
        """Tell whether something stands there, right or wrong."""
        return path in self._nodes

    def items(self, path: str) -> Iterator[str]:
        """Give the paths of a list's items."""
        node = self._nodes.get(path)
        for index in range(len(node.items) if node else 0):
            yield f"{path}[{index}]"

    def keys(self, path: str) -> Iterator[str]:
        """Give the keys of a mapping with free keys."""
        node = self._nodes.get(path)
        for key, _ in node.entries if node else ():
            yield key.value

    def texts(self, path: str) -> dict[str, str]:
        """Give the valid texts of a mapping with free keys."""
        found = {key: self.text(f"{path}.{key}") for key in self.keys(path)}
        return {key: value for key, value in found.items() if value is not None}

    def place(self, path: str) -> Place:
        """Find where a value stands, or its key where that encloses more, or what encloses it."""
        while path not in self._nodes:
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        node = self._nodes[path]
        if node.kind is not NodeKind.SCALAR:
            node = self._keys.get(path, node)
        return Place(self._file, node.line, node.column)

    def complain(self, path: str, problem: str, remedy: str) -> None:
        """Note what is wrong with a path."""
        name = self._within + path
        self.problems.append(Problem(self.place(path), f"{name} {problem}", remedy))

    def _visit(self, node: Node, shape: Shape, path: str) -> None:
        if node.kind is NodeKind.ALIAS or node.tag is not None:
            self.complain(path, "has an alias or a tag", "write the value out")
        elif shape.leaf:
            self._leaf(node, shape.leaf, path)
        elif shape.item:
            self._list(node, shape, shape.item, path)
        else:
            self._mapping(node, shape, path)

    def _list(self, node: Node, shape: Shape, item: Shape, path: str) -> None:
        if node.kind is not NodeKind.SEQUENCE:
            self.complain(path, "is no list", "write its items with - in front")
            return
        most = self._schema.items_max.get(shape.path)
        if most is not None and len(node.items) > most:
            self.complain(path, f"has more than {most} items", "shorten it")
            return
        for index, child in enumerate(node.items):
            self._nodes[f"{path}[{index}]"] = child
            self._visit(child, item, f"{path}[{index}]")

    def _mapping(self, node: Node, shape: Shape, path: str) -> None:
        if node.kind is not NodeKind.MAPPING:
            self.complain(path, "is no mapping", f"give it keys: {', '.join(shape.keys)}")
            return
        for key, value in node.entries:
            self._entry(key, value, shape, path)
        for name, child in shape.keys.items():
            if child.path in self._schema.required and node.get(name) is None:
                self.complain(_join(path, name), "is missing", f"add {name}")

    def _entry(self, key: Node, value: Node, shape: Shape, path: str) -> None:
        here = _join(path, key.value)
        child = shape.keys.get(key.value) or shape.keys.get("*")
        if key.kind is not NodeKind.SCALAR or (key.plain and key.value == "<<"):
            place = Place(self._file, key.line, key.column)
            name = self._within + (path or "spec")
            text = f"{name} has a merge key or a key that is no text"
            self.problems.append(Problem(place, text, "write the keys out"))
        elif child is None:
            self._nodes[here] = key
            remedy = self._schema.hints.get(key.value) or nearest(key.value, shape.keys)
            name = shown(self._within + here)[1:-1]
            text = f"{name} is not known in a {self._schema.kind}"
            self.problems.append(Problem(self.place(here), text, remedy))
        else:
            self._nodes[here] = value
            self._keys[here] = key
            self._visit(value, child, here)

    def _leaf(self, node: Node, leaf: Field, path: str) -> None:
        value: Value | None = None
        if leaf.type is not Type.ANY:
            if node.kind is not NodeKind.SCALAR:
                self.complain(path, f"is not {leaf.type.value}", "write a single value")
                return
            try:
                value = read(node, leaf)
            except Wrong as error:
                self.complain(path, error.problem, error.remedy)
                return
            self._values[path] = value
        unfit = leaf.status is Status.DEFERRED or leaf.status is Status.REFUSED
        if unfit and (leaf.harmless is None or value != leaf.harmless):
            self._defer(leaf)

    def _defer(self, leaf: Field) -> None:
        """Refuse a field that is not honoured yet, once, or let it by."""
        if leaf.root in self.deferred:
            return
        if leaf.status is Status.DEFERRED and leaf.root in self.allowed:
            self.deferred[leaf.root] = None
            return
        name = self._within + leaf.root
        text = f"{name} is not supported yet: {leaf.why}"
        known = {problem.text for problem in self.problems}
        if text not in known:
            remedy = "remove it"
            if leaf.status is Status.DEFERRED:
                remedy = f"remove it, or let it by: allowMissing: [{leaf.root}] in controller.yaml"
            self.problems.append(Problem(self.place(leaf.root), text, remedy))


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
