"""Which files of a revision matter: found once from nothing, then kept by what changes."""

import posixpath
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice

from gitops_canary.errors import SpecError
from gitops_canary.manifest import bindings, kustomize
from gitops_canary.manifest.screen import (
    ANY_NAME,
    POLICY_KINDS,
    holds_policy,
    mentions,
    subject_of,
)
from gitops_canary.model.commits import Blob
from gitops_canary.model.names import BlobId, Path, Revision
from gitops_canary.model.sharded import Sharded
from gitops_canary.ports import Sift, Store

SUFFIXES = (".yaml", ".yml")
_BATCH = 128
_CHANGED = 4
"""How many differences between two revisions are kept: each is asked for twice in a row."""
_KEPT_BYTES_MAX = 32 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """The files of one revision that may hold a Canary, or something a canary owns.

    A file over the size limit is in none: nothing that large is a manifest of ours.
    """

    revision: Revision
    policies: Sharded[Path, Blob]
    """Files that may hold a Canary, a MetricTemplate or an AlertProvider."""
    wanted: frozenset[str]
    """The labels that subjects were looked for by."""
    subjects: Sharded[Path, tuple[Blob, frozenset[str]]]
    """Files that may hold a workload or a route, with the labels they name."""
    naming: Sharded[str, frozenset[Path]]
    """Label to subjects."""
    barren: tuple[str, ...] = ()
    """The allowed paths below which there is no file at all."""

    def footprint(self, names: Iterable[str]) -> Mapping[Path, Blob]:
        """List every subject that names one of the labels, and every one that may hide it."""
        paths = {p for name in (*names, ANY_NAME) for p in self.naming.get(name, ())}
        return {path: self.subjects[path][0] for path in sorted(paths)}


class PlainSift:
    """Finds files by reading all of them: for a store that is small, or must prove what it read."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._last: tuple[Revision, tuple[str, ...], tuple[tuple[Path, Blob, bytes], ...]] | None
        self._last = None

    def changed(self, before: Revision, after: Revision) -> Mapping[Path, Blob | None]:
        """List the files that differ; None where one is gone."""
        old, new = self._store.files(before), self._store.files(after)
        return {p: new.get(p) for p in old.keys() | new.keys() if old.get(p) != new.get(p)}

    def named(self, revision: Revision, names: Collection[str]) -> Mapping[Path, Blob]:
        """List the regular files that have one of some names, in whatever folder."""
        files = self._store.files(revision).items()
        return {path: blob for path, blob in files if posixpath.basename(path) in names}

    def mentioning(
        self, revision: Revision, words: Sequence[str], folders: Sequence[str]
    ) -> Mapping[Path, Blob]:
        """List the YAML files that may name one of the words; see `ports.Sift`."""
        wanted = frozenset(words)
        files = self._yaml(revision, tuple(folders))
        return {path: blob for path, blob, data in files if mentions(data, wanted)}

    def _yaml(
        self, revision: Revision, folders: tuple[str, ...]
    ) -> tuple[tuple[Path, Blob, bytes], ...]:
        """Read every YAML file; those of the last revision are kept if they are not many."""
        if self._last and self._last[:2] == (revision, folders):
            return self._last[2]
        self._last = None
        files = {
            path: blob
            for path, blob in self._store.files(revision).items()
            if path.endswith(SUFFIXES) and bindings.allowed(path, folders)
        }
        read = tuple((path, files[path], data) for path, data in bodies(self._store, files))
        if sum(len(data) for _, _, data in read) <= _KEPT_BYTES_MAX:
            self._last = revision, folders, read
        return read


def bodies(store: Store, files: Mapping[Path, Blob]) -> Iterator[tuple[Path, bytes]]:
    """Read files, without those over the size limit; bytes that several share are read once."""
    sharing: dict[BlobId, list[Path]] = {}
    for path, blob in files.items():
        sharing.setdefault(blob.id, []).append(path)
    rest = iter(sharing)
    while batch := list(islice(rest, _BATCH)):
        for blob_id, data in _read(store, batch):
            yield from ((path, data) for path in sharing[blob_id])


def _read(store: Store, batch: Sequence[BlobId]) -> Iterator[tuple[BlobId, bytes]]:
    try:
        yield from store.read(batch).items()
    except SpecError:
        # One of them is too large, see Index; a batch tells of none.
        for blob_id in batch if len(batch) > 1 else ():
            yield from _read(store, [blob_id])


class Indexer:
    """Makes indexes of one repository's revisions."""

    def __init__(self, store: Store, sift: Sift, paths: Iterable[str]) -> None:
        self._store = store
        self._sift = sift
        self._paths = tuple(paths)
        self.changed = lru_cache(_CHANGED)(sift.changed)

    def begin(self, revision: Revision, expected: frozenset[str] = frozenset()) -> Index:
        """Find the policies of a revision from nothing, and the subjects of expected labels."""
        hits = self._mentioning(revision, (*POLICY_KINDS, *sorted(expected)))
        policies: dict[Path, Blob] = {}
        subjects: dict[Path, tuple[Blob, frozenset[str]]] = {}
        for path, data in bodies(self._store, hits):
            if holds_policy(data):
                policies[path] = hits[path]
            if named := subject_of(data, expected):
                subjects[path] = hits[path], named
        empty = Index(
            revision=revision,
            policies=Sharded[Path, Blob]().with_changes(policies),
            wanted=expected,
            subjects=Sharded(),
            naming=Sharded(),
            barren=self._barren(revision, self._paths, policies),
        )
        naming = _renamed(empty, subjects)
        return replace(empty, subjects=empty.subjects.with_changes(subjects), naming=naming)

    def follow(self, index: Index, revision: Revision) -> Index:
        """Bring an index from one revision to another by what differs between them."""
        changed = self.changed(index.revision, revision)
        mine = {path: blob for path, blob in changed.items() if self.may_hold(path)}
        policies: dict[Path, Blob | None] = {p: None for p in mine if p in index.policies}
        subjects: dict[Path, tuple[Blob, frozenset[str]] | None] = {
            p: None for p in mine if p in index.subjects
        }
        come = {path: blob for path, blob in mine.items() if blob is not None}
        for path, data in bodies(self._store, come):
            if holds_policy(data):
                policies[path] = come[path]
            if named := subject_of(data, index.wanted):
                subjects[path] = (come[path], named)
        kept = index.policies.with_changes(policies)
        gone = [path for path, blob in changed.items() if blob is None]
        suspects = [p for p in self._paths if p in index.barren or _below(p, gone)]
        return Index(
            revision=revision,
            policies=kept,
            wanted=index.wanted,
            subjects=index.subjects.with_changes(subjects),
            naming=_renamed(index, subjects),
            barren=self._barren(revision, suspects, kept),
        )

    def widen(self, index: Index, wanted: frozenset[str]) -> Index:
        """Look for the subjects of labels that were not asked for before."""
        fresh = wanted - index.wanted
        if not fresh:
            return index
        hits = self._mentioning(index.revision, sorted(fresh))
        found = {
            path: named
            for path, data in bodies(self._store, hits)
            if (named := subject_of(data, fresh))
        }
        subjects = {
            path: (hits[path], named | index.subjects.get(path, (hits[path], frozenset()))[1])
            for path, named in found.items()
        }
        return Index(
            revision=index.revision,
            policies=index.policies,
            wanted=index.wanted | fresh,
            subjects=index.subjects.with_changes(subjects),
            naming=_renamed(index, subjects),
            barren=index.barren,
        )

    def _barren(
        self, revision: Revision, suspects: Sequence[str], policies: Iterable[Path]
    ) -> tuple[str, ...]:
        """List the paths below which nothing lies; all files are listed only for one in doubt."""
        doubtful = [path for path in suspects if not _below(path, policies)]
        if not doubtful:
            return ()
        files = self._store.files(revision)
        return tuple(path for path in doubtful if not _below(path, files))

    def _mentioning(self, revision: Revision, words: Sequence[str]) -> Mapping[Path, Blob]:
        hits = self._sift.mentioning(revision, words, self._paths)
        return {path: blob for path, blob in sorted(hits.items()) if self.may_hold(path)}

    def may_hold(self, path: Path) -> bool:
        """Tell whether a file is one the controller may look into."""
        return path.endswith(SUFFIXES) and bindings.allowed(path, self._paths)

    def may_patch(self, path: Path) -> bool:
        """Tell whether a file is one that kustomize reads though it is no YAML by its name."""
        named = path.endswith(".json") or kustomize.is_kustomization(path)
        return named and bindings.allowed(path, self._paths)


def _below(folder: str, files: Iterable[Path]) -> bool:
    return any(bindings.allowed(file, [folder]) for file in files)


def _renamed(
    index: Index, subjects: Mapping[Path, tuple[Blob, frozenset[str]] | None]
) -> Sharded[str, frozenset[Path]]:
    """Bring label -> files up to date with what became of some files."""
    changes: dict[str, frozenset[Path]] = {}
    for path, now in subjects.items():
        was = index.subjects[path][1] if path in index.subjects else frozenset()
        names = now[1] if now else frozenset()
        for name in was ^ names:
            known = changes.get(name, index.naming.get(name, frozenset()))
            changes[name] = known | {path} if name in names else known - {path}
    return index.naming.with_changes({name: paths or None for name, paths in changes.items()})
