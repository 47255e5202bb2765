"""Which files of a revision matter: found once from nothing, then kept by what changes."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from gitops_canary.app.sharded import Sharded
from gitops_canary.errors import SpecError
from gitops_canary.manifest import bindings
from gitops_canary.manifest.screen import (
    ANY_NAME,
    POLICY_KINDS,
    holds_policy,
    subject_of,
)
from gitops_canary.model.commits import Blob
from gitops_canary.model.names import Path, Revision
from gitops_canary.ports import Sift, Store

SUFFIXES = (".yaml", ".yml")
_BATCH = 128
_FEW = 16
"""So many new words are looked for by a search; for more, everything is read once."""


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

    def footprint(self, names: Iterable[str]) -> Mapping[Path, Blob]:
        """List every subject that names one of the labels, and every one that may hide it."""
        paths = {p for name in (*names, ANY_NAME) for p in self.naming.get(name, ())}
        return {path: self.subjects[path][0] for path in sorted(paths)}


class PlainSift:
    """Finds files by reading all of them: for a store that is small, or read only once."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def changed(self, before: Revision, after: Revision) -> Mapping[Path, Blob | None]:
        """List the files that differ; None where one is gone."""
        old, new = self._store.files(before), self._store.files(after)
        return {p: new.get(p) for p in old.keys() | new.keys() if old.get(p) != new.get(p)}

    def mentioning(self, revision: Revision, words: Sequence[str]) -> Mapping[Path, Blob]:
        """List the YAML files in which one of the words stands."""
        needles = [word.encode() for word in words]
        return self.kept(revision, lambda _, data: any(needle in data for needle in needles))

    def kept(self, revision: Revision, keep: Callable[[Path, bytes], bool]) -> Mapping[Path, Blob]:
        """List the YAML files that `keep` accepts."""
        files = {p: b for p, b in self._store.files(revision).items() if p.endswith(SUFFIXES)}
        return {path: files[path] for path, data in bodies(self._store, files) if keep(path, data)}


def bodies(store: Store, files: Mapping[Path, Blob]) -> Iterator[tuple[Path, bytes]]:
    """Read files, without those over the size limit."""
    rest = iter(files.items())
    while batch := list(islice(rest, _BATCH)):
        try:
            found = store.read([blob.id for _, blob in batch])
        except SpecError:
            if len(batch) == 1:
                continue  # see Index
            for path, blob in batch:
                yield from bodies(store, {path: blob})
            continue
        yield from ((path, found[blob.id]) for path, blob in batch)


class Indexer:
    """Makes indexes of one repository's revisions."""

    def __init__(self, store: Store, sift: Sift, paths: Iterable[str]) -> None:
        self._store = store
        self._sift = sift
        self._paths = tuple(paths)

    def begin(self, revision: Revision) -> Index:
        """Find the policies of a revision from nothing."""
        found = self._sift.mentioning(revision, POLICY_KINDS)
        mine = {path: blob for path, blob in found.items() if self.may_hold(path)}
        held = {path: mine[path] for path, data in bodies(self._store, mine) if holds_policy(data)}
        return Index(
            revision=revision,
            policies=Sharded[Path, Blob]().with_changes(held),
            wanted=frozenset(),
            subjects=Sharded(),
            naming=Sharded(),
        )

    def follow(self, index: Index, revision: Revision) -> Index:
        """Bring an index from one revision to another by what differs between them."""
        changed = self._sift.changed(index.revision, revision)
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
        return Index(
            revision=revision,
            policies=index.policies.with_changes(policies),
            wanted=index.wanted,
            subjects=index.subjects.with_changes(subjects),
            naming=_renamed(index, subjects),
        )

    def widen(self, index: Index, wanted: frozenset[str]) -> Index:
        """Look for the subjects of labels that were not asked for before."""
        fresh = wanted - index.wanted
        if not fresh:
            return index
        found: dict[Path, frozenset[str]] = {}
        blobs = self._search(index.revision, fresh, found)
        subjects = {
            path: (blob, found[path] | index.subjects.get(path, (blob, frozenset()))[1])
            for path, blob in blobs.items()
        }
        return Index(
            revision=index.revision,
            policies=index.policies,
            wanted=index.wanted | fresh,
            subjects=index.subjects.with_changes(subjects),
            naming=_renamed(index, subjects),
        )

    def _search(
        self, revision: Revision, fresh: frozenset[str], found: dict[Path, frozenset[str]]
    ) -> Mapping[Path, Blob]:
        if len(fresh) <= _FEW:
            hits = self._sift.mentioning(revision, (*sorted(fresh), "\\"))
            mine = {path: blob for path, blob in hits.items() if self.may_hold(path)}
            found |= {
                p: named
                for p, data in bodies(self._store, mine)
                if (named := subject_of(data, fresh))
            }
            return {path: mine[path] for path in found}

        def keep(path: Path, data: bytes) -> bool:
            if self.may_hold(path) and (named := subject_of(data, fresh)):
                found[path] = named
            return path in found

        return self._sift.kept(revision, keep)

    def may_hold(self, path: Path) -> bool:
        """Tell whether a file is one the controller may look into."""
        return path.endswith(SUFFIXES) and bindings.allowed(path, self._paths)


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
