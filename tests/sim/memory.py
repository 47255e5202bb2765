"""`ports.Git` over objects in memory: the stand-in for a repository and its server.

Object ids, trees, ownership and editing are the product's own code over another shelf of bytes;
what is written here anew is the walk, the refs and their compare-and-swap. `tests/conformance`
holds it against real git.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field

from gitops_canary.app.indexing import PlainSift
from gitops_canary.core.footing import anchored
from gitops_canary.errors import Refused, SpecError, Unavailable
from gitops_canary.git.commands import Update, is_revision
from gitops_canary.git.drafting import Drafting
from gitops_canary.git.editing import Draft
from gitops_canary.git.objects import (
    Kind,
    ObjectId,
)
from gitops_canary.git.ownership import Ownership, TrustedKey
from gitops_canary.git.pack import Made
from gitops_canary.git.reader import Reader
from gitops_canary.git.rejection import Fate, conflict, fate
from gitops_canary.git.signing import SigningKey
from gitops_canary.git.trees import Files, Trees
from gitops_canary.model.commits import Blob, Commit
from gitops_canary.model.decision import PlannedCommit
from gitops_canary.model.names import BlobId, Path, Revision

from .remote import CONFIG, EVIDENCE, ME, Disk, Remote

_KINDS = {kind.value.decode(): kind for kind in Kind}


class _Shelf(Reader):
    """The product's reader without a process; a clone sees only the commits it has."""

    def __init__(self, remote: Remote, disk: Disk) -> None:
        self._remote = remote
        self._disk = disk

    def info(self, ids: Sequence[ObjectId]) -> Iterator[tuple[ObjectId, str, int]]:
        for name in ids:
            made = self._found(name)
            yield (name, made.kind.value.decode(), len(made.body)) if made else (name, "missing", 0)

    def read(self, ids: Sequence[ObjectId], kind: str) -> Iterator[tuple[ObjectId, bytes]]:
        for name in ids:
            yield name, self.one(name, kind)

    def one(self, name: ObjectId, kind: str) -> bytes:
        """Read one object; Unavailable where it is not here, or something else."""
        made = self._found(name)
        if made is None or made.kind is not _KINDS[kind] or self._disk.damaged:
            self._disk.lacking = True
            found = made.kind.value.decode() if made else "missing"
            raise Unavailable(
                f"the local clone is damaged ({name} is {found}, not a {kind})",
                remedy="nothing: the next look makes it anew from the remote",
            )
        return made.body

    def _found(self, name: ObjectId) -> Made | None:
        made = self._remote.objects.get(name)
        if made and made.kind is Kind.COMMIT and Revision(name) not in self._disk.known:
            return None
        return made

    def close(self) -> None:
        """Nothing runs."""


def _quiet(point: str) -> None:
    del point


@dataclass(slots=True)
class MemoryGit:
    """One clone of a remote."""

    remote: Remote
    disk: Disk = field(default_factory=Disk)
    key: SigningKey | None = None
    trusted: tuple[TrustedKey, ...] = ()
    """Keys whose commits are ours; by default its own."""
    branch: str = CONFIG
    blob_bytes_max: int = 1 << 20
    boundary: Callable[[str], None] = _quiet
    """Is told of every boundary between two effects; may raise instead of returning."""
    network: Callable[[str], None] = _quiet
    """Is asked before the remote answers, and as `acknowledged` after it took a push."""
    _shelf: _Shelf = field(init=False)
    _sift: PlainSift = field(init=False)
    _trees: Trees = field(init=False)
    _drafting: Drafting = field(init=False)
    _ownership: Ownership = field(init=False)
    _files: dict[ObjectId, Files] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._shelf = shelf = _Shelf(self.remote, self.disk)
        own = (TrustedKey(public=self.key.public),) if self.key else ()
        self._sift = PlainSift(self)
        self._trees = Trees(shelf)
        self._drafting = Drafting(shelf, ME, self.key)
        self._ownership = Ownership(ME, self.trusted or own)

    def poll(self) -> Revision | None:
        self.boundary("poll")
        self.network("poll")
        return self.remote.shown().get(self.branch)

    def fetch(self) -> tuple[Revision, Revision | None]:
        self.boundary("fetch")
        self.network("fetch")
        refs = dict(self.remote.shown())
        if self.branch not in refs:
            raise SpecError(
                f"the repository has no branch {self.branch}",
                remedy="push the branch, or correct `branch` in controller.yaml",
            )
        if self.disk.damaged or self.disk.lacking:
            self.disk.known.clear()
            self.disk.damaged = self.disk.lacking = False
        wanted = {b: refs[b] for b in (self.branch, EVIDENCE) if b in refs}
        self.disk.known |= self.remote.reachable(*wanted.values(), known=self.disk.known)
        self.disk.local = wanted
        self.boundary("fetched")
        return wanted[self.branch], wanted.get(EVIDENCE)

    def files(self, revision: Revision) -> Mapping[Path, Blob]:
        self._shelf.one(ObjectId(revision), "commit")
        tree = self.remote.tree(revision)
        if tree not in self._files:
            self._files[tree] = Files(self._trees, tree, nullcontext)
        return self._files[tree]

    def changed(self, before: Revision, after: Revision) -> Mapping[Path, Blob | None]:
        [*_] = self._shelf.read([ObjectId(before), ObjectId(after)], "commit")
        pair = self.remote.tree(before), self.remote.tree(after)
        found = self.remote.changed.get(pair)
        if found is None:
            found = self.remote.changed[pair] = self._trees.changed(*pair)
        return found

    def named(self, revision: Revision, names: Collection[str]) -> Mapping[Path, Blob]:
        return self._sift.named(revision, names)

    def mentioning(
        self, revision: Revision, words: Sequence[str], folders: Sequence[str]
    ) -> Mapping[Path, Blob]:
        return self._sift.mentioning(revision, words, folders)

    def read(self, blobs: Sequence[BlobId]) -> Mapping[BlobId, bytes]:
        names = [ObjectId(blob) for blob in dict.fromkeys(blobs)]
        for name, kind, size in self._shelf.info(names):
            if kind != "blob" or size > self.blob_bytes_max:
                raise SpecError(
                    f"the file with blob {name} is larger than {self.blob_bytes_max} bytes",
                    remedy="keep manifests small, or keep this file out of `paths`",
                )
        return {BlobId(name): body for name, body in self._shelf.read(names, "blob")}

    def commit(self, revision: Revision) -> Commit:
        self._shelf.one(ObjectId(revision), "commit")
        return self._commit(revision)

    def several(self, revisions: Sequence[Revision]) -> Sequence[Commit]:
        return [self.commit(revision) for revision in revisions]

    def history(
        self, tip: Revision, *, since: Revision | None = None, mentioning: str | None = None
    ) -> Iterator[Commit]:
        for commit in self._walk(tip, since):
            if mentioning is None or mentioning in commit.message:
                yield commit

    def _walk(self, tip: Revision, since: Revision | None) -> Iterator[Commit]:
        """Walk like `git rev-list --topo-order`: a merge's last parent comes first."""
        ends = [ObjectId(end) for end in (tip, since) if end]
        [*_] = self._shelf.read(ends, "commit")
        waiting = dict.fromkeys(self.remote.beyond(tip, since), 0)
        for revision in waiting:
            for parent in self.remote.parents(revision):
                if parent in waiting:
                    waiting[parent] += 1
        ready = [tip] if waiting else []
        while ready:
            commit = self._commit(ready.pop())
            yield commit
            for parent in commit.parents:
                if parent in waiting:
                    waiting[parent] -= 1
                    if waiting[parent] == 0:
                        ready.append(parent)

    def contains(self, revision: Revision, ancestor: Revision) -> bool:
        if not (is_revision(revision) and is_revision(ancestor)):
            return False
        if not {revision, ancestor} <= self.disk.known:
            return False
        return self.remote.contains(revision, ancestor)

    def push(
        self,
        *,
        onto: Revision,
        commits: Sequence[PlannedCommit],
        evidence_onto: Revision | None,
        evidence: Sequence[PlannedCommit],
    ) -> tuple[Revision, ...]:
        draft = Draft(self._trees.body)
        made = self._drafting.chain(draft, onto, commits)
        tip = made[-1] if made and self.remote.atomic else onto
        named = [anchored(one, tip, self.branch) for one in evidence]
        proof = self._drafting.chain(draft, evidence_onto, named)
        updates = [
            Update(branch=branch, old=old, new=chain[-1])
            for branch, old, chain in (
                (self.branch, onto, made),
                (EVIDENCE, evidence_onto, proof),
            )
            if chain
        ]
        if updates:
            self.boundary("store")
            self.remote.objects.update(draft.made)
            self.disk.known |= {*made, *proof}
            self.boundary("stored")
            groups = [updates] if self.remote.atomic else [[u] for u in reversed(updates)]
            for group in groups:
                self._send(group, draft)
        return made

    def abandon(self) -> None:
        """Nothing runs."""

    def close(self) -> None:
        """Nothing runs."""

    def _send(self, updates: Sequence[Update], draft: Draft) -> None:
        self.network("push")
        declined = self.remote.refuses(updates, draft.made)
        if declined and fate(updates, self.remote.refs) is Fate.UNTOUCHED:
            raise Refused(
                f"the server refused the push ({declined}): no reason given",
                remedy="let the controller's user push to this branch, or deliver by pull request",
            )
        if not declined and self.remote.push(updates):
            self.boundary("landed")
            self.network("acknowledged")
            return
        outcome = fate(updates, self.remote.refs)
        if outcome is Fate.LANDED or (outcome is Fate.LOST and self._overtaken(updates)):
            return
        if outcome is Fate.LOST:
            raise conflict(updates)
        raise Unavailable(
            "git push failed (exit 1): no reason given",
            remedy="look at the Git server and the network; `run` asks again by itself",
        )

    def _overtaken(self, updates: Sequence[Update]) -> bool:
        self.fetch()
        return all(
            update.branch in self.disk.local
            and self.contains(self.disk.local[update.branch], Revision(update.new))
            for update in updates
        )

    def _commit(self, revision: Revision) -> Commit:
        name = ObjectId(revision)
        known = self.remote.read.get(name)
        if known is None:
            self._shelf.one(name, "commit")
            raw = self.remote.raw(revision)
            known = Commit(
                revision=revision,
                parents=tuple(Revision(parent) for parent in raw.parents),
                author=raw.author,
                committer=raw.committer,
                date_ms=raw.date_s * 1000,
                message=raw.message,
                ours=self._ownership.ours(raw),
            )
            self.remote.read[name] = known
        return known
