"""New trees from old ones: only what was named changes, and only if it is a regular file."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
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
)
from gitops_canary.git.pack import Made
from gitops_canary.model.names import Path

_PATH_BYTES_MAX = 4096
_FORBIDDEN = frozenset({"", ".", "..", ".git", "git~1"})


@dataclass(slots=True)
class Draft:
    """Objects built on top of a repository, not yet written anywhere."""

    read_tree: Callable[[ObjectId], bytes]
    """The body of a tree that the repository has."""
    made: dict[ObjectId, Made] = field(default_factory=dict)

    def add(self, kind: Kind, body: bytes) -> ObjectId:
        """Keep an object; its id."""
        name = object_id(kind, body)
        self.made[name] = Made(kind, body)
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

    def _edit(
        self,
        tree: ObjectId | None,
        files: Mapping[tuple[str, ...], bytes | None],
        above: tuple[str, ...],
    ) -> ObjectId | None:
        entries = parse_tree(self._body(tree)) if tree else {}
        below: dict[str, dict[tuple[str, ...], bytes | None]] = {}
        for parts, content in files.items():
            if len(parts) == 1:
                self._set_file(entries, parts[0], content, above)
            else:
                below.setdefault(parts[0], {})[parts[1:]] = content
        for name, inside in below.items():
            self._set_directory(entries, name, inside, above)
        return self.add(Kind.TREE, build_tree(entries)) if entries else None

    def _set_file(
        self, entries: dict[bytes, Entry], name: str, content: bytes | None, above: tuple[str, ...]
    ) -> None:
        key = name.encode()
        old = entries.get(key)
        if old is not None and not old.is_file:
            raise _refused("/".join((*above, name)), "it is not a regular file")
        if content is not None:
            mode = old.mode if old else FILE_MODE
            entries[key] = Entry(mode, bytes.fromhex(self.add(Kind.BLOB, content)))
        elif old is not None:
            del entries[key]
        else:
            raise _refused("/".join((*above, name)), "there is no such file to delete")

    def _set_directory(
        self,
        entries: dict[bytes, Entry],
        name: str,
        inside: Mapping[tuple[str, ...], bytes | None],
        above: tuple[str, ...],
    ) -> None:
        key = name.encode()
        old = entries.get(key)
        if old is not None and not old.is_tree:
            raise _refused("/".join((*above, name)), "it is not a directory")
        new = self._edit(ObjectId(old.id.hex()) if old else None, inside, (*above, name))
        if new is None:
            entries.pop(key, None)
        else:
            entries[key] = Entry(TREE_MODE, bytes.fromhex(new))

    def _body(self, tree: ObjectId) -> bytes:
        made = self.made.get(tree)
        if made is not None:
            return made.body
        return b"" if tree == EMPTY_TREE else self.read_tree(tree)


def check_path(path: Path) -> None:
    """Accept a path only in the one form it can have in a tree; EditRefused otherwise."""
    if any(part.lower() in _FORBIDDEN for part in _parts(path)):
        raise _refused(path, "it is not in normal form")
    if not path.isprintable() or len(path.encode()) > _PATH_BYTES_MAX:
        raise _refused(path, "its name cannot be written safely")


def _parts(path: str) -> list[str]:
    return path.split("/")


def _refused(path: str, why: str) -> EditRefused:
    shown = path if path.isprintable() else ascii(path)
    return EditRefused(
        f"{shown[:200]} cannot be written: {why}",
        remedy="point the Canary at a regular file inside the repository",
        place=Place(shown[:200]),
    )
