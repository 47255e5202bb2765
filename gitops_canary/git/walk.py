"""History, read lazily: whoever asks stops where enough has been seen."""

import time
from collections.abc import Iterator, Sequence

from gitops_canary.git.commands import rev_list
from gitops_canary.git.lineage import Lineage
from gitops_canary.git.objects import ObjectId, RawCommit, parse_commit
from gitops_canary.git.ownership import Ownership
from gitops_canary.git.process import Child, Runner
from gitops_canary.git.reader import DamagedClone, Reader
from gitops_canary.model.commits import Commit
from gitops_canary.model.kept import Kept
from gitops_canary.model.names import Revision

_FIRST_BATCH = 32
_BATCH_MAX = 256
_KEPT_MAX = 10_000


class Walk:
    """Reads commits; remembers the last ones, whose signatures need no second look."""

    def __init__(self, runner: Runner, reader: Reader, ownership: Ownership) -> None:
        self._runner = runner
        self._reader = reader
        self.lineage = Lineage(reader)
        self._ownership = ownership
        self._kept = Kept[ObjectId, Commit](_KEPT_MAX)
        self.turn = self._kept.turn

    def commit(self, revision: Revision) -> Commit:
        """Read one commit.

        Raises:
            DamagedClone: it is missing.
        """
        return self._read([ObjectId(revision)])[0]

    def several(self, revisions: Sequence[Revision]) -> list[Commit]:
        """Read commits, in the order given.

        Raises:
            DamagedClone: one is missing.
        """
        found: list[Commit] = []
        for start in range(0, len(revisions), _BATCH_MAX):
            batch = revisions[start : start + _BATCH_MAX]
            found += self._read([ObjectId(revision) for revision in batch])
        return found

    def commits(
        self, tip: Revision, *, since: Revision | None = None, mentioning: str | None = None
    ) -> Iterator[Commit]:
        """Yield everything reachable from the tip, children before parents, newest first.

        Raises:
            DamagedClone: something reachable is missing.
        """
        begin, end = ObjectId(tip), ObjectId(since) if since else None
        # A whole history that is narrowed is for git to narrow.
        far = mentioning is not None and since is None
        near, rest = ([], begin) if far else self.lineage.chain(begin, end)
        for start in range(0, len(near), _FIRST_BATCH):
            for commit in self._read(near[start : start + _FIRST_BATCH]):
                if mentioning is None or mentioning in commit.message:
                    yield commit
        if rest is not None:
            yield from self._listed(Revision(rest), since, mentioning)

    def _listed(
        self, tip: Revision, since: Revision | None, mentioning: str | None
    ) -> Iterator[Commit]:
        child = self._runner.start(rev_list(tip, since=since, mentioning=mentioning))
        try:
            size = _FIRST_BATCH
            while batch := self._next(child, size):
                yield from self._read(batch)
                size = min(2 * size, _BATCH_MAX)
            if child.process.wait() != 0:
                raise DamagedClone(f"not everything reachable from {tip} is there")
        finally:
            child.kill()

    def _next(self, child: Child, size: int) -> list[ObjectId]:
        deadline = time.monotonic() + self._runner.timeout_ms / 1000
        batch: list[ObjectId] = []
        try:
            while len(batch) < size:
                batch.append(ObjectId(child.line(deadline).decode()))
        except EOFError:
            return batch
        except TimeoutError as error:
            raise DamagedClone("git rev-list stopped answering") from error
        return batch

    def _read(self, batch: list[ObjectId]) -> list[Commit]:
        """Read one batch to its end, so that the reader is free while the caller looks at it."""
        known = {name: self._kept.get(name) for name in batch}
        unknown = [name for name, commit in known.items() if commit is None]
        found = {name: parse_commit(body) for name, body in self._reader.read(unknown, "commit")}
        self.lineage.remember(found.items())
        self._ownership.prepare(found.values())
        fresh = {
            name: self._kept.keep(name, self._commit(name, raw), 1) for name, raw in found.items()
        }
        return [known[name] or fresh[name] for name in batch]

    def _commit(self, name: ObjectId, raw: RawCommit) -> Commit:
        return Commit(
            revision=Revision(name),
            parents=tuple(Revision(parent) for parent in raw.parents),
            author=raw.author,
            committer=raw.committer,
            date_ms=raw.date_s * 1000,
            message=raw.message,
            ours=self._ownership.ours(raw),
        )
