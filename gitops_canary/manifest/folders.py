"""Every kustomization of a revision by its folder, and which of them name a file or a folder."""

import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping

from gitops_canary.errors import SpecError
from gitops_canary.manifest.kustomize import FILES, Kustomization, Roots, is_kustomization, read
from gitops_canary.manifest.nodes import Node, parse
from gitops_canary.model.names import Path
from gitops_canary.model.sharded import Sharded


class Folders(Mapping[str, Kustomization]):
    """The kustomizations by folder, in the order of their files.

    Never changes; one that was made from another shares all that is the same.
    """

    __slots__ = ("_naming", "_own")

    def __init__(
        self,
        own: Sharded[str, Kustomization] | None = None,
        naming: Sharded[str, tuple[str, ...]] | None = None,
    ) -> None:
        self._own = Sharded[str, Kustomization]() if own is None else own
        self._naming = Sharded[str, tuple[str, ...]]() if naming is None else naming
        """Path to the folders that name it, but for a file's own: most lie beside what names them,
        and need no entry.
        """

    def __getitem__(self, folder: str) -> Kustomization:
        return self._own[folder]

    def __contains__(self, folder: object) -> bool:
        return isinstance(folder, str) and self._own.get(folder) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._own, key=lambda folder: self._own[folder].file))

    def __len__(self) -> int:
        return len(self._own)

    def naming(self, path: str) -> tuple[Kustomization, ...]:
        """Give those that build on a file or a folder or patch by it, in their files' order."""
        own = self._own.get(posixpath.dirname(path))
        beside = () if own is None or path not in _named(own) else (own,)
        others = (self._own[name] for name in self._naming.get(path, ()))
        return tuple(sorted((*beside, *others), key=lambda one: one.file))

    def building(self, path: str) -> tuple[Kustomization, ...]:
        """Give those that build on a file or a folder."""
        found = self.naming(path)
        return tuple(one for one in found if path in one.resources or path in one.components)

    def with_changes(self, changes: Mapping[str, Kustomization | None]) -> "Folders":
        """Derive others; None takes a folder out."""
        naming: dict[str, tuple[str, ...]] = {}
        for folder, new in changes.items():
            before, after = _elsewhere(folder, self._own.get(folder)), _elsewhere(folder, new)
            for path in before ^ after:
                known = naming.get(path, self._naming.get(path, ()))
                rest = tuple(one for one in known if one != folder)
                naming[path] = (*rest, folder) if path in after else rest
        return Folders(
            self._own.with_changes(changes),
            self._naming.with_changes({path: told or None for path, told in naming.items()}),
        )


def _named(own: Kustomization) -> frozenset[str]:
    return own.patches.union(own.resources, own.components)


def _elsewhere(folder: str, own: Kustomization | None) -> frozenset[str]:
    """List what a kustomization names outside of its own folder, or deeper in it."""
    named = _named(own) if own else ()
    return frozenset(path for path in named if posixpath.dirname(path) != folder)


def folders(files: Iterable[Path], roots: Callable[[Path], Roots]) -> Folders:
    """Read every kustomization, by its folder; one that cannot be read is left out."""
    return followed(Folders(), files, files, roots)


def gathered(texts: Iterable[tuple[Path, str]]) -> Folders:
    """Read kustomizations as `folders` does, however many there are: no text is kept.

    Equal texts that follow each other are taken apart once.
    """
    found: list[Kustomization] = []
    same: tuple[str, Node | None] = ("", None)
    for file, text in texts:
        if text != same[0]:
            same = text, _first(lambda path: parse(text, file=path), file)  # noqa: B023 - at once
        if same[1] is not None:
            found.append(read(same[1], file))
    found.sort(key=lambda own: own.file)
    return Folders().with_changes({own.folder: own for own in found})


def followed(
    before: Folders, changed: Iterable[Path], files: Iterable[Path], roots: Callable[[Path], Roots]
) -> Folders:
    """Bring the kustomizations up to date with what changed; `files` are those there are now.

    Of two in one folder, which kustomize does not build, the last that can be read stands for it.
    """
    there = files if isinstance(files, Mapping) else frozenset(files)
    fresh: dict[str, Kustomization | None] = {}
    for folder in {posixpath.dirname(one) for one in changed if is_kustomization(one)}:
        beside = sorted(Path(posixpath.join(folder, name)) for name in FILES)
        fresh[folder] = None
        for one in beside:
            root = _first(roots, one) if one in there else None
            if root is not None:
                fresh[folder] = read(root, one)
    return before.with_changes(fresh)


def _first(roots: Callable[[Path], Roots], file: Path) -> Node | None:
    try:
        return next((root for root in roots(file) if root is not None), None)
    except SpecError:
        # Another application's broken file: kustomize cannot build with it either.
        return None
