"""Where an entry's responses get their cookie: `headers` of Istio, `filters` of the Gateway API."""

from gitops_canary.manifest.document import (
    Json,
    Node,
    NodeKind,
    Pointer,
    append_item,
    insert_key,
    remove,
)
from gitops_canary.model.names import Path
from gitops_canary.routing.cookies import SET_COOKIE
from gitops_canary.routing.identity import word
from gitops_canary.routing.refusal import root_of, wrong

_WITHOUT = "remove analysis.sessionAffinity, or this"


class IstioHeader:
    """`headers.response.add` of a destination."""

    _path = ("headers", "response", "add", SET_COOKIE)

    def found(self, root: Node, entry: Pointer, name: str) -> Pointer | None:
        """Point at the key, and at what holds nothing else."""
        at = (*entry, *self._path)
        return _lonely(root, at, entry) if word(root, at).startswith(f"{name}=") else None

    def write(self, text: str, document: int, entry: Pointer, value: str, file: Path) -> str:
        """Add the key, and the mappings around it that are not there."""
        node = root_of(text, document, file).get(*entry)
        assert node is not None, "the entry splits"
        there, last = 0, len(self._path) - 1
        while (inner := node.get(self._path[there])) is not None:
            node, there = inner, there + 1
            if there > last:
                break
            if node.kind is not NodeKind.MAPPING or not node.entries:
                raise wrong("Headers stand here in an odd form", node, file, _WITHOUT)
        if any(key.value.lower() == SET_COOKIE.lower() for key, _ in node.entries) or there > last:
            raise wrong("Responses set another cookie already", node, file, _WITHOUT)
        at, key = (*entry, *self._path[:there]), self._path[there]
        new = _nested(self._path[there + 1 :], value)
        return insert_key(text, document, at, key, new, file=file)

    def remove(self, text: str, document: int, at: Pointer, file: Path) -> str:
        """Delete the lines."""
        return remove(text, document, at, file=file)


class GatewayFilter:
    """A `ResponseHeaderModifier` filter of a backend; a backend has one at the most."""

    def found(self, root: Node, entry: Pointer, name: str) -> Pointer | None:
        """Point at the header, and at what holds nothing else."""
        at = _modifier(root, entry)
        added = root.get(*at, "add") if at else None
        for index, one in enumerate(added.items if added else ()):
            header = word(one, ("name",)).lower() == SET_COOKIE.lower()
            if at and header and word(one, ("value",)).startswith(f"{name}="):
                item = at[:-1]
                found = _lonely(root, (*at, "add", index), item)
                # A filter without anything to modify is none.
                return _lonely(root, item, entry) if found == at else found
        return None

    def write(self, text: str, document: int, entry: Pointer, value: str, file: Path) -> str:
        """Add the header to the filter there is, or a filter."""
        root = root_of(text, document, file)
        header: Json = {"name": SET_COOKIE, "value": value}
        at, filters = _modifier(root, entry), root.get(*entry, "filters")
        if at is not None:
            node = root.get(*at)
            assert node is not None, "it was found there"
            added = node.get("add")
            if not node.entries or (added is not None and not added.items):
                raise wrong("Headers stand here in an odd form", node, file, _WITHOUT)
            if added is not None:
                return append_item(text, document, (*at, "add"), header, file=file)
            return insert_key(text, document, at, "add", [header], file=file)
        new: Json = {"type": "ResponseHeaderModifier", "responseHeaderModifier": {"add": [header]}}
        if filters is None:
            return insert_key(text, document, entry, "filters", [new], file=file)
        if not filters.items:
            raise wrong("Filters stand here in an odd form", filters, file, _WITHOUT)
        return append_item(text, document, (*entry, "filters"), new, file=file)

    def remove(self, text: str, document: int, at: Pointer, file: Path) -> str:
        """Delete the lines."""
        return remove(text, document, at, file=file)


def _nested(keys: tuple[str, ...], value: str) -> Json:
    """Put a value into mappings of one key each."""
    return {keys[0]: _nested(keys[1:], value)} if keys else value


def _modifier(root: Node, entry: Pointer) -> Pointer | None:
    filters = root.get(*entry, "filters")
    for index, one in enumerate(filters.items if filters else ()):
        if one.get("responseHeaderModifier") is not None:
            return (*entry, "filters", index, "responseHeaderModifier")
    return None


def _lonely(root: Node, at: Pointer, within: Pointer) -> Pointer:
    """Go up to the outermost place below `within` that holds nothing but this."""
    while len(at) > len(within) + 1:
        above = root.get(*at[:-1])
        if above is None or len(above.entries) + len(above.items) > 1:
            break
        at = at[:-1]
    return at
