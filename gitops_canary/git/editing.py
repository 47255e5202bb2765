"""New trees from old ones: only what was named changes, and only if it is a regular file."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise

from gitops_canary.errors import EditRefused, Place
from gitops_canary.git.objects import (
    EMPTY_TREE,
    FILE_MODE,
    TREE_MODE,
    Entry,
    Kind,
    ObjectId,
    build_tree,
    object_id,
    parse_tree,
    splice_ids,
)
from gitops_canary.git.pack import Delta, Made, delta_at, delta_of
from gitops_canary.git.wide import Places, cut
from gitops_canary.model.names import Path

_PATH_BYTES_MAX = 4096
_PATH_PARTS_MAX = 100
_DEPTH_MAX = 40
"""Trees told one upon the other; reading the last one has to make all of them."""
_FORBIDDEN = frozenset({"", ".", "..", ".git", "git~1"})


@dataclass(slots=True)
class Draft:
    """Objects built on top of a repository, not yet written anywhere."""

    read_tree: Callable[[ObjectId], bytes]
    """The body of a tree that the repository has."""
    made: dict[ObjectId, Made] = field(default_factory=dict)
    _found: dict[ObjectId, bytes] = field(default_factory=dict)
    """Trees read; they are in the repository and need not be written again."""
    _places: dict[ObjectId, Places] = field(default_factory=dict)
    """Where the entries of a tree lie; trees that differ only in ids share it."""
    _depths: dict[ObjectId, int] = field(default_factory=dict)

    def add(self, kind: Kind, body: bytes, delta: Delta | None = None) -> ObjectId:
        """Keep an object; its id."""
        name = object_id(kind, body)
        if name not in self.made and name not in self._found:
            self.made[name] = Made(kind, body, delta)
        return name

    def edit(self, tree: ObjectId, files: Mapping[Path, bytes | None]) -> ObjectId:
        """Write the files over a tree (None deletes); the new tree's id.

        A file keeps its mode; a new one gets 100644; a directory left empty goes.

        Raises:
            EditRefused: a path is not in normal form, names something that is no regular file, or
                deletes what is not there.
        """
        for path in files:
            check_path(path)
        for one, other in pairwise(sorted(files, key=_parts)):
            if _parts(other)[: len(_parts(one))] == _parts(one):
                raise _refused(other, f"{one} cannot be a file and a directory")
        if not files:
            return tree
        named = {tuple(_parts(path)): content for path, content in files.items()}
        return self._edit(tree, named, ()) or self.add(Kind.TREE, b"")

    def differing(self, before: ObjectId, after: ObjectId, above: str = "") -> set[str]:
        """List every path, of whatever kind, that two trees hold differently."""
        if before == after:
            return set()
        old, new = map(parse_tree, cut(self._body(before), self._body(after)))
        found: set[str] = set()
        for name in old.keys() | new.keys():
            was, now = old.get(name), new.get(name)
            if was == now:
                continue
            path = above + name.decode(errors="surrogateescape")
            sides = [
                ObjectId(one.id.hex()) if one and one.is_tree else EMPTY_TREE for one in (was, now)
            ]
            found |= self.differing(sides[0], sides[1], path + "/")
            if (was and not was.is_tree) or (now and not now.is_tree):
                found.add(path)
        return found

    def _edit(
        self,
        tree: ObjectId | None,
        files: Mapping[tuple[str, ...], bytes | None],
        above: tuple[str, ...],
    ) -> ObjectId | None:
        places = self._placed(tree)
        changes: dict[bytes, Entry | None] = {}
        below: dict[str, dict[tuple[str, ...], bytes | None]] = {}
        for parts, content in files.items():
            if len(parts) == 1:
                changes[parts[0].encode()] = self._file(places, parts[0], content, above)
            else:
                below.setdefault(parts[0], {})[parts[1:]] = content
        for name, inside in below.items():
            changes[name.encode()] = self._directory(tree, places, name, inside, above)
        return self._changed(tree, places, changes)

    def _file(
        self, places: Places, name: str, content: bytes | None, above: tuple[str, ...]
    ) -> Entry | None:
        mode, _ = places.find(name.encode()) or (None, 0)
        if mode is not None and not Entry(mode, b"").is_file:
            raise _refused("/".join((*above, name)), "it is not a regular file")
        if content is not None:
            return Entry(mode or FILE_MODE, bytes.fromhex(self.add(Kind.BLOB, content)))
        if mode is None:
            raise _refused("/".join((*above, name)), "there is no such file to delete")
        return None

    def _directory(
        self,
        tree: ObjectId | None,
        places: Places,
        name: str,
        inside: Mapping[tuple[str, ...], bytes | None],
        above: tuple[str, ...],
    ) -> Entry | None:
        mode, at = places.find(name.encode()) or (None, 0)
        if mode is not None and not Entry(mode, b"").is_tree:
            raise _refused("/".join((*above, name)), "it is not a directory")
        old = ObjectId(self._body(tree)[at : at + 20].hex()) if tree and mode else None
        new = self._edit(old, inside, (*above, name))
        return Entry(TREE_MODE, bytes.fromhex(new)) if new else None

    def _changed(
        self, tree: ObjectId | None, places: Places, changes: Mapping[bytes, Entry | None]
    ) -> ObjectId | None:
        """Write a tree with other entries: into the places of the old ones where all stay."""
        body = self._body(tree) if tree else b""
        ids = [
            (found[1], entry.id)
            for name, entry in changes.items()
            if entry and (found := places.find(name)) and found[0] == entry.mode
        ]
        stays = len(ids) == len(changes)
        if stays:
            new = splice_ids(body, ids)
            spliced = sorted((at, at + len(entry)) for at, entry in ids)
            steps = partial(delta_at, len(body), new, spliced)
        else:
            entries = {**parse_tree(body), **changes}
            new = build_tree({name: entry for name, entry in entries.items() if entry})
            steps = partial(delta_of, body, new)
        if not new:
            return None
        name = self._add_tree(tree, body, new, steps)
        if stays:
            self._places[name] = places
        return name

    def _add_tree(
        self, tree: ObjectId | None, body: bytes, new: bytes, told: Callable[[], bytes]
    ) -> ObjectId:
        """Keep a tree, told as a change of the old one as long as that one is not told so too."""
        depth = self._depths.get(tree, 0) + 1 if tree and body else _DEPTH_MAX
        if depth >= _DEPTH_MAX or tree is None:
            return self.add(Kind.TREE, new)
        steps = told()
        delta = Delta(tree, steps) if len(steps) < len(new) // 2 else None
        name = self.add(Kind.TREE, new, delta)
        made = self.made.get(name)
        if made and made.delta == delta and delta:
            self._depths[name] = depth
        return name

    def _placed(self, tree: ObjectId | None) -> Places:
        if tree is None:
            return Places(b"")
        if tree not in self._places:
            self._places[tree] = Places(self._body(tree))
        return self._places[tree]

    def _body(self, tree: ObjectId) -> bytes:
        made = self.made.get(tree)
        if made is not None:
            return made.body
        if tree == EMPTY_TREE:
            return b""
        if tree not in self._found:
            self._found[tree] = self.read_tree(tree)
        return self._found[tree]


def check_path(path: Path) -> None:
    """Accept a path only in the one form it can have in a tree; EditRefused otherwise."""
    if any(part.lower() in _FORBIDDEN for part in _parts(path)):
        raise _refused(path, "it is not in normal form")
    if len(_parts(path)) > _PATH_PARTS_MAX:
        raise _refused(path, "it lies too deep")
    if not path.isprintable() or len(path.encode()) > _PATH_BYTES_MAX:
        raise _refused(path, "its name cannot be written safely")


def _parts(path: str) -> list[str]:
    return path.split("/")


def _refused(path: str, why: str) -> EditRefused:
    shown = path if path.isprintable() else ascii(path)
    return EditRefused(
        f"{shown[:200]} cannot be written: {why}",
        remedy="point the Canary at a regular file inside the repository, or take what is in the "
        "way out of its branch (of gitops-canary/evidence, for evidence)",
        place=Place(shown[:200]),
    )
