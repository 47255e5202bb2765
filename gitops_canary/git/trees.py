"""Directories by id: what a revision holds, and what differs between two."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TypeVar, overload

from gitops_canary.git.objects import EMPTY_TREE, ID_BYTES, Entry, ObjectId, parse_tree
from gitops_canary.git.reader import Reader
from gitops_canary.git.wide import WIDE, cut, entry_in
from gitops_canary.model.commits import Blob
from gitops_canary.model.kept import Kept
from gitops_canary.model.names import BlobId, Path

D = TypeVar("D")
_BODIES_BYTES_MAX = 8 << 20
_PARSED_BYTES_MAX = 1 << 18
"""As bodies; taken apart they are some seven times as large."""
_BESIDE = 300
"""What a directory takes besides: its id, and its place among the others."""
_AT_ONCE = 256
"""Directories that are looked into in one turn with git."""
_HIDDEN = frozenset({b"", b".", b"..", b".git"})


class Trees:
    """Reads trees through a bounded cache."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._bodies = Kept[ObjectId, bytes](_BODIES_BYTES_MAX, _BESIDE)
        self._entries = Kept[ObjectId, Mapping[bytes, Entry]](_PARSED_BYTES_MAX)
        self._bodies.keep(EMPTY_TREE, b"", 0)

    def turn(self) -> None:
        """Let go of what was needed neither for this tip nor for the one before; for a new tip."""
        self._bodies.turn()
        self._entries.turn()

    def entries(self, tree: ObjectId) -> Mapping[bytes, Entry]:
        """Read one tree's entries; ValueError where it is none that git would make."""
        known = self._entries.get(tree)
        return self._parsed(tree, self.body(tree)) if known is None else known

    def _parsed(self, tree: ObjectId, body: bytes) -> Mapping[bytes, Entry]:
        known = self._entries.get(tree)
        if known is None:
            known = parse_tree(body)
            self._entries.keep(tree, known, len(body))
        return known

    def body(self, tree: ObjectId) -> bytes:
        """Read one tree."""
        return self.bodies([tree])[tree]

    def file(self, root: ObjectId, path: str) -> Blob | None:
        """Find one regular file under a root tree, by reading only the directories above it."""
        tree = root
        *above, name = path.split("/")
        for part in above:
            entry = self._entry(tree, part.encode())
            if entry is None or not entry.is_tree or text_of(part.encode()) is None:
                return None
            tree = id_of(entry)
        found = self._entry(tree, name.encode())
        visible = found is not None and found.is_file and text_of(name.encode()) is not None
        return _blob(found) if found is not None and visible else None

    def _entry(self, tree: ObjectId, name: bytes) -> Entry | None:
        known = self._entries.get(tree)
        if known is not None:
            return known.get(name)
        body = self.body(tree)
        if len(body) < WIDE:
            return self._parsed(tree, body).get(name)
        found = entry_in(body, name)
        return Entry(found[0], body[found[1] : found[1] + ID_BYTES]) if found else None

    def find(self, root: ObjectId, paths: Iterable[Path]) -> dict[Path, Blob]:
        """Find some of the regular files under a root tree, each directory above them read once."""
        found: dict[Path, Blob] = {}
        level = [(root, _nested(paths))]
        while level:
            bodies = self.bodies([tree for tree, _ in level])
            below: list[tuple[ObjectId, _Sought]] = []
            for tree, sought in level:
                entries = self._parsed(tree, bodies[tree])
                for name, inside in sought.below.items():
                    entry = entries.get(name.encode())
                    if entry is None or text_of(name.encode()) is None:
                        continue
                    if inside.below and entry.is_tree:
                        below.append((id_of(entry), inside))
                    elif inside.path is not None and entry.is_file:
                        found[inside.path] = _blob(entry)
            level = below
        return found

    def files(self, root: ObjectId) -> dict[Path, Blob]:
        """List the regular files under a root tree.

        An entry no checkout could have (`..`, `.git`, a slash, not UTF-8) is left out.
        """
        files: dict[Path, Blob | None] = {}
        self._add({"": root}, files)
        return {path: blob for path, blob in files.items() if blob is not None}

    def named(self, root: ObjectId, names: Collection[str]) -> dict[Path, Blob]:
        """List the regular files under a root tree that have one of some names.

        Every directory is looked into once and none is kept: there may be very many.
        """
        wanted = {name.encode() for name in names}
        found: dict[Path, Blob] = {}
        todo = [("", root)]
        while todo:
            level, todo = todo[-_AT_ONCE:], todo[:-_AT_ONCE]
            bodies = self._passing([tree for _, tree in level])
            for prefix, tree in level:
                for name, entry in parse_tree(bodies[tree]).items():
                    if entry.is_tree and (text := text_of(name)) is not None:
                        todo.append((f"{prefix}{text}/", id_of(entry)))
                    elif name in wanted and entry.is_file:
                        found[Path(prefix + name.decode())] = _blob(entry)
        return found

    def _passing(self, trees: Sequence[ObjectId]) -> dict[ObjectId, bytes]:
        """Read trees that nobody is likely to ask for again."""
        known = {tree: self._bodies.get(tree) for tree in trees}
        missing = [tree for tree, body in known.items() if body is None]
        read = dict(self._reader.read(missing, "tree"))
        return {tree: read[tree] if body is None else body for tree, body in known.items()}

    def changed(self, before: ObjectId, after: ObjectId) -> dict[Path, Blob | None]:
        """List the regular files that differ between two root trees; None where one is gone."""
        found: dict[Path, Blob | None] = {}
        gone: dict[str, ObjectId] = {}
        come: dict[str, ObjectId] = {}
        level = {"": (before, after)} if before != after else {}
        while level:
            bodies = self.bodies([tree for pair in level.values() for tree in pair])
            below: dict[str, tuple[ObjectId, ObjectId]] = {}
            for prefix, pair in level.items():
                for path, was, now in self._compare(pair, bodies, prefix):
                    if was and now and was.is_tree and now.is_tree:
                        below[path + "/"] = id_of(was), id_of(now)
                    else:
                        _put(was, path, gone, found, gone=True)
                        _put(now, path, come, found, gone=False)
            level = below
        removed: dict[Path, Blob | None] = {}
        self._add(gone, removed)
        found.update(dict.fromkeys(removed))
        self._add(come, found)
        return found

    def _compare(
        self, pair: tuple[ObjectId, ObjectId], bodies: Mapping[ObjectId, bytes], prefix: str
    ) -> Iterator[tuple[str, Entry | None, Entry | None]]:
        """Yield path, entry before and entry after of what differs in two trees themselves."""
        if max(len(bodies[tree]) for tree in pair) < WIDE:
            old, new = (self._parsed(tree, bodies[tree]) for tree in pair)
        else:
            old, new = map(parse_tree, cut(*(bodies[tree] for tree in pair)))
        for name in {name for name, _ in old.items() ^ new.items()}:
            text = text_of(name)
            if text is not None:
                yield prefix + text, old.get(name), new.get(name)

    def _add(self, trees: Mapping[str, ObjectId], files: dict[Path, Blob | None]) -> None:
        """Add everything under some directories, one level at a time for the sake of batches."""
        while trees:
            bodies = self.bodies(list(trees.values()))
            below: dict[str, ObjectId] = {}
            for prefix, tree in trees.items():
                for name, entry in self._parsed(tree, bodies[tree]).items():
                    text = text_of(name)
                    if text is not None:
                        place = prefix + text
                        if entry.is_tree:
                            below[place + "/"] = id_of(entry)
                        elif entry.is_file:
                            files[Path(place)] = _blob(entry)
            trees = below

    def bodies(self, trees: Sequence[ObjectId]) -> dict[ObjectId, bytes]:
        """Read trees, those not kept in one turn with git."""
        known = {tree: self._bodies.get(tree) for tree in trees}
        bodies = {tree: body for tree, body in known.items() if body is not None}
        if missing := [tree for tree in known if tree not in bodies]:
            for tree, body in self._reader.read(missing, "tree"):
                bodies[tree] = body
                self._bodies.keep(tree, body, len(body))
        return bodies


@dataclass(slots=True)
class _Sought:
    """What is looked for below a directory, by the names in it."""

    path: Path | None = None
    """Of the file that is looked for here."""
    below: "dict[str, _Sought]" = field(default_factory=dict)


def _nested(paths: Iterable[Path]) -> _Sought:
    top = _Sought()
    for path in paths:
        here = top
        for part in path.split("/"):
            found = here.below.get(part)
            if found is None:
                found = here.below[part] = _Sought()
            here = found
        here.path = path
    return top


class Files(Mapping[Path, Blob]):
    """The regular files of one revision: one is found quickly, all are listed only when asked."""

    def __init__(
        self, trees: Trees, root: ObjectId, healing: Callable[[], AbstractContextManager[None]]
    ) -> None:
        self._trees = trees
        self._root = root
        self._healing = healing
        self._all: dict[Path, Blob] | None = None

    def __getitem__(self, path: Path) -> Blob:
        blob = self._find(path)
        if blob is None:
            raise KeyError(path)
        return blob

    @overload
    def get(self, key: Path, /) -> Blob | None: ...
    @overload
    def get(self, key: Path, /, default: Blob | D) -> Blob | D: ...
    def get(self, key: Path, /, default: D | None = None) -> Blob | D | None:
        """Give the blob of a path, or the default, without an exception on the way."""
        blob = self._find(key)
        return default if blob is None else blob

    def _find(self, path: Path) -> Blob | None:
        if self._all is not None:
            return self._all.get(path)
        with self._healing():
            return self._trees.file(self._root, path)

    def __iter__(self) -> Iterator[Path]:
        return iter(self._listed())

    def __len__(self) -> int:
        return len(self._listed())

    def _listed(self) -> dict[Path, Blob]:
        if self._all is None:
            with self._healing():
                self._all = self._trees.files(self._root)
        return self._all


def _put(
    entry: Entry | None,
    path: str,
    trees: dict[str, ObjectId],
    files: dict[Path, Blob | None],
    *,
    gone: bool,
) -> None:
    if entry is not None and entry.is_tree:
        trees[path + "/"] = id_of(entry)
    elif entry is not None and entry.is_file:
        files[Path(path)] = None if gone else _blob(entry)


def text_of(name: bytes) -> str | None:
    """Read an entry's name; None where no checkout could have it."""
    if name.lower() in _HIDDEN or b"/" in name:
        return None
    try:
        return name.decode()
    except UnicodeDecodeError:
        return None


def id_of(entry: Entry) -> ObjectId:
    """Tell which object an entry names."""
    return ObjectId(entry.id.hex())


def _blob(entry: Entry) -> Blob:
    return Blob(id=BlobId(entry.id.hex()), executable=entry.executable)
