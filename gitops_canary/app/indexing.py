"""Which files of a revision matter: found once from nothing, then kept by what changes."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from gitops_canary.app.sharded import Sharded
from gitops_canary.errors import SpecError
from gitops_canary.manifest import bindings
from gitops_canary.manifest.screen import (
    ANY_NAME,
    holds_policy,
    holds_subject,
    subject_of,
)
from gitops_canary.model.commits import Blob
from gitops_canary.model.names import Path, Revision
from gitops_canary.ports import Scan, Sift, Store

T = TypeVar("T")
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
    scan: Scan | None = None
    """Kept only at a start, so that the pass that finds the policies finds what they own too."""

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

        def holds(data: bytes) -> bool:
            return any(needle in data for needle in needles)

        kept = self.scan(revision, lambda _: True, holds).where(lambda _: True)
        return {path: blob for path, (blob, _) in kept.items()}

    def scan(
        self, revision: Revision, among: Callable[[Path], bool], keep: Callable[[bytes], bool]
    ) -> "PlainScan":
        """Read the YAML files of a revision; see `ports.Sift`."""
        files = {
            p: b
            for p, b in self._store.files(revision).items()
            if p.endswith(SUFFIXES) and among(p)
        }
        read = bodies(self._store, files)
        return PlainScan({path: (files[path], data) for path, data in read if keep(data)})


@dataclass(frozen=True, slots=True)
class PlainScan:
    """What a plain pass kept."""

    kept: Mapping[Path, tuple[Blob, bytes]]

    def where(self, judge: Callable[[bytes], T | None]) -> Mapping[Path, tuple[Blob, T]]:
        """List the files of which `judge` says something; see `ports.Scan`."""
        said = ((path, blob, judge(data)) for path, (blob, data) in self.kept.items())
        return {path: (blob, verdict) for path, blob, verdict in said if verdict is not None}


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
        """Find the policies of a revision from nothing, and keep what they may own."""
        scan = self._sift.scan(
            revision, self.may_hold, lambda data: holds_subject(data) or holds_policy(data)
        )
        held = scan.where(lambda data: holds_policy(data) or None)
        policies = {path: blob for path, (blob, _) in held.items()}
        return Index(
            revision=revision,
            policies=Sharded[Path, Blob]().with_changes(policies),
            wanted=frozenset(),
            subjects=Sharded(),
            naming=Sharded(),
            scan=scan,
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
        blobs = self._search(index, fresh, found)
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
            scan=index.scan,
        )

    def _search(
        self, index: Index, fresh: frozenset[str], found: dict[Path, frozenset[str]]
    ) -> Mapping[Path, Blob]:
        """Find the files that name one of some labels; what each names goes to `found`."""
        scan = index.scan
        if scan is None and len(fresh) > _FEW:
            scan = self._sift.scan(
                index.revision, self.may_hold, lambda data: bool(subject_of(data, fresh))
            )
        if scan is not None:
            read = scan.where(lambda data: subject_of(data, fresh) or None)
            found |= {path: named for path, (_, named) in read.items()}
            return {path: blob for path, (blob, _) in read.items()}
        hits = self._sift.mentioning(index.revision, (*sorted(fresh), "\\"))
        mine = {path: blob for path, blob in hits.items() if self.may_hold(path)}
        found |= {
            path: named
            for path, data in bodies(self._store, mine)
            if (named := subject_of(data, fresh))
        }
        return {path: mine[path] for path in found}

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
