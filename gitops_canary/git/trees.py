"""Directories by id, and the files of a revision from what changed since the last one."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from gitops_canary.git.objects import EMPTY_TREE, Entry, ObjectId, parse_tree
from gitops_canary.git.reader import Reader
from gitops_canary.model.commits import Blob
from gitops_canary.model.names import BlobId, Path

_CACHE_BYTES_MAX = 64 << 20
_HIDDEN = frozenset({b"", b".", b"..", b".git"})


class Trees:
    """Reads trees through a bounded cache."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._cache: OrderedDict[ObjectId, bytes] = OrderedDict({EMPTY_TREE: b""})
        self._cached_bytes = 0
        self._last: tuple[ObjectId, dict[Path, Blob]] = (EMPTY_TREE, {})

    def body(self, tree: ObjectId) -> bytes:
        """Read one tree."""
        return self._bodies([tree])[tree]

    def files(self, root: ObjectId) -> Mapping[Path, Blob]:
        """List the regular files under a root tree.

        An entry no checkout could have (`..`, `.git`, a slash, not UTF-8) is left out.
        """
        before, files = self._last
        if before != root:
            files = dict(files)
            self._apply(before, root, "", files)
            self._last = (root, files)
        return MappingProxyType(files)

    def _apply(
        self, before: ObjectId, after: ObjectId, prefix: str, files: dict[Path, Blob]
    ) -> None:
        """Bring the files under `prefix` from one tree to another."""
        bodies = self._bodies([before, after])
        old, new = parse_tree(bodies[before]), parse_tree(bodies[after])
        added: dict[str, ObjectId] = {}
        for name in old.keys() | new.keys():
            was, now = old.get(name), new.get(name)
            path = prefix + (_text(name) or "")
            if was == now or path == prefix:
                continue
            if was and now and was.is_tree and now.is_tree:
                self._apply(_id(was), _id(now), path + "/", files)
                continue
            if was:
                self._remove(was, path, files)
            if now and now.is_tree:
                added[path + "/"] = _id(now)
            elif now and now.is_file:
                files[Path(path)] = _blob(now)
        self._add(added, files)

    def _remove(self, entry: Entry, path: str, files: dict[Path, Blob]) -> None:
        if entry.is_tree:
            gone: dict[Path, Blob] = {}
            self._add({path + "/": _id(entry)}, gone)
            for file in gone:
                files.pop(file, None)
        else:
            files.pop(Path(path), None)

    def _add(self, trees: Mapping[str, ObjectId], files: dict[Path, Blob]) -> None:
        """Add everything under some directories, one level at a time for the sake of batches."""
        while trees:
            bodies = self._bodies(list(trees.values()))
            below: dict[str, ObjectId] = {}
            for prefix, tree in trees.items():
                for name, entry in parse_tree(bodies[tree]).items():
                    text = _text(name)
                    if text is None:
                        continue
                    if entry.is_tree:
                        below[f"{prefix}{text}/"] = _id(entry)
                    elif entry.is_file:
                        files[Path(prefix + text)] = _blob(entry)
            trees = below

    def _bodies(self, trees: Sequence[ObjectId]) -> dict[ObjectId, bytes]:
        bodies = {tree: self._cache[tree] for tree in trees if tree in self._cache}
        missing = [tree for tree in dict.fromkeys(trees) if tree not in bodies]
        for tree, body in self._reader.read(missing, "tree"):
            bodies[tree] = body
            self._keep(tree, body)
        return bodies

    def _keep(self, tree: ObjectId, body: bytes) -> None:
        self._cache[tree] = body
        self._cached_bytes += len(body)
        while self._cached_bytes > _CACHE_BYTES_MAX:
            self._cached_bytes -= len(self._cache.popitem(last=False)[1])


def _text(name: bytes) -> str | None:
    if name.lower() in _HIDDEN or b"/" in name:
        return None
    try:
        return name.decode()
    except UnicodeDecodeError:
        return None


def _id(entry: Entry) -> ObjectId:
    return ObjectId(entry.id.hex())


def _blob(entry: Entry) -> Blob:
    return Blob(id=BlobId(entry.id.hex()), executable=entry.executable)
