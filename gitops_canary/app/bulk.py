"""The evidence branch of a clone: who wrote it, what was changed later, what nobody refers to."""

import json
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from copy import copy
from functools import cached_property
from itertools import islice

from gitops_canary.app.claims import Claim
from gitops_canary.app.evidence_models import read_decision
from gitops_canary.app.lineage import Lineage
from gitops_canary.app.shelf import DECISION
from gitops_canary.core import recorded
from gitops_canary.core.evidence import PAGES, decision_path, digest
from gitops_canary.core.footing import anchors
from gitops_canary.core.message import parse
from gitops_canary.core.pages import pages
from gitops_canary.core.recompute import recompute
from gitops_canary.core.statement import seal_path, statement
from gitops_canary.errors import CanaryError, HistoryError
from gitops_canary.git.objects import EMPTY_TREE, RawCommit
from gitops_canary.git.ownership import Ownership
from gitops_canary.git.plain import PlainClone
from gitops_canary.model.finding import Finding, Kind
from gitops_canary.model.names import BlobId, Path, Revision
from gitops_canary.model.rollout import Move

_BATCH = 256


class Bulk:
    """The evidence branch at one tip.

    Raises:
        VerificationError: an object was changed under its name.
    """

    def __init__(
        self,
        clone: PlainClone,
        ownership: Ownership,
        tip: Revision,
        config: Lineage,
        accepted: Container[Revision] = (),
    ) -> None:
        self._clone = clone
        self._ownership = ownership
        self._tip = tip
        self._config = config
        self.files: Mapping[Path, BlobId] = {
            path: blob.id for path, blob in clone.files(tip).items()
        }
        self.written: dict[Path, Revision | None] = {}
        """By the walk: the config commit that the last commit which wrote a path names."""
        self._accepted = accepted
        """Lost commits of the config branch whose loss a person accepted."""
        self.lost: dict[Path, Revision] = {}
        """By the walk: what went with such a loss, as its config commit is gone."""
        self._seals = ownership.keyed and any(p.endswith(".dsse.json") for p in self.files)

    def on(self, clone: PlainClone) -> "Bulk":
        """Give the same branch read through another reader of the clone."""
        other = copy(self)
        other._clone = clone  # noqa: SLF001 - it is one of us
        return other

    def walk(self) -> Iterator[Finding]:
        """Hold the branch's own commits against what the controller writes."""
        rest = Lineage(self._clone, self._tip).commits()
        while batch := list(islice(rest, _BATCH)):
            self._ownership.prepare(raw for _, raw in batch)
            parents = self._clone.commits([Revision(p) for _, raw in batch for p in raw.parents])
            known = [
                (before.tree, raw.tree)
                for _, raw in batch
                for name in raw.parents
                if (before := parents[Revision(name)])
            ]
            self._clone.read_ahead(known)
            for revision, raw in batch:
                yield from self._commit(revision, raw)

    def strays(
        self, chains: Sequence[Sequence[Move]], *, rewritten: bool
    ) -> tuple[list[Finding], int]:
        """Find decisions that no move names; with the number of all decisions."""
        expected = {
            decision_path(move.record, number)
            for chain in chains
            for number, move in enumerate(chain, 1)
        }
        every = [path for path in sorted(self.files) if DECISION.fullmatch(path)]
        found: list[Finding] = []
        for path in every:
            if path not in expected:
                found += self._nobodys(path, rewritten=rewritten)
                found += self._seal(path)
        return found, len(every)

    def seals(self, chain: Sequence[Move]) -> Iterator[Finding]:
        """Hold the seals of a rollout's decisions against their keys and the decisions."""
        for number, move in enumerate(chain, 1):
            yield from self._seal(decision_path(move.record, number))

    def blobs(self, claims: Iterable[Claim]) -> Iterator[BlobId]:
        """Name the decisions and seals of some rollouts, whatever their number, and their pages."""
        folders = {f"{c.move.record.canary}/{c.move.record.rollout}" for c in claims}
        for path in (path for folder in folders for path in self._folders.get(folder, ())):
            yield self.files[path]

    @cached_property
    def _folders(self) -> Mapping[str, Sequence[Path]]:
        found: dict[str, list[Path]] = {}
        for path in self.files:
            found.setdefault(path.rpartition("/")[0], []).append(path)
        return found

    def unsealed(self, move: Move, number: int) -> str | None:
        """Say why the seal of a move's decision does not vouch for it; None where it does."""
        return self._unsealed(decision_path(move.record, number))

    def _seal(self, path: Path) -> Iterator[Finding]:
        if self._seals and path in self.files and (wrong := self._unsealed(path)):
            yield _finding(None, f"{seal_path(path)}: {wrong}.")

    def _unsealed(self, path: Path) -> str | None:
        blobs = [self.files.get(seal_path(path)), self.files.get(path)]
        if blobs[0] is None or blobs[1] is None:
            return "there is no seal"
        bodies = self._clone.read([blobs[0], blobs[1]])
        try:
            sealed = self._ownership.unseal(bodies[blobs[0]])
            wanted = statement(path, bodies[blobs[1]])
        except (ValueError, KeyError) as error:
            return str(error)
        return None if sealed == wanted else "it seals something else than this decision"

    def _commit(self, revision: Revision, raw: RawCommit) -> Iterator[Finding]:
        """Hold one commit of the branch against what the controller writes: additions, signed."""
        doubt = self._ownership.doubt(raw)
        if doubt:
            yield _finding(revision, f"This commit on the evidence branch is not ours: {doubt}.")
        if len(raw.parents) > 1:
            yield _finding(revision, "This commit on the evidence branch is a merge.")
            return
        parent = self._clone.commits([Revision(p) for p in raw.parents]) if raw.parents else {}
        before = next((p.tree for p in parent.values() if p), EMPTY_TREE)
        if raw.parents and before == EMPTY_TREE:
            return  # cut off by a shallow clone, which is told elsewhere
        named = None if doubt else next(iter(anchors(raw.message)), None)
        for path, blob in self._clone.tree_changes(before, raw.tree).items():
            if blob is None:
                yield _finding(revision, f"It removes {path} from the evidence.")
            elif path in self.written and DECISION.fullmatch(path):
                yield self._again(revision, path, ours=doubt is None)
            self.written[path] = named
            self.lost.pop(path, None)
        if named and named in self._accepted:
            # What was pushed up to here and has no commit any more went with it.
            gone = {p for p, tip in self.written.items() if tip and tip not in self._config}
            self.lost |= dict.fromkeys(gone - self.lost.keys(), named)

    def _again(self, revision: Revision, path: Path, *, ours: bool) -> Finding:
        """Report a decision that was written a second time; only the controller has a reason to."""
        if ours and path in self.lost:
            text = f"It changes {path}, whose first writing went with a loss that was accepted"
            return _unread(revision, f"{text}: that of {self.lost[path][:12]}.")
        if ours and self._lost_push(path):
            text = f"It changes {path}, whose first writing never reached the config branch."
            return _unread(revision, text)
        return _finding(revision, f"It changes {path}, which was written before.")

    def _lost_push(self, path: Path) -> bool:
        """Whether a decision may have lost the race for the config branch, and nothing is gone.

        A server that moves one branch at a time gets the evidence first. Then it names the commit
        it would be put on, which is there; where both move at once it names its own.
        """
        named = self.written.get(path)
        if named is None or named not in self._config:
            return False
        try:
            record = parse(self._config.raw(named).message, named)
        except HistoryError:
            return True
        if record is None:
            return True
        beside = (p for p, tip in self.written.items() if tip == named and p in self.files)
        return all(digest(self._read(p)) != record.evidence for p in beside)

    def _read(self, path: Path) -> bytes:
        return self._clone.read([self.files[path]])[self.files[path]]

    def _nobodys(self, path: Path, *, rewritten: bool) -> Iterator[Finding]:
        """Report a decision that no commit names; where history was rewritten, recompute it."""
        if self._lost_push(path):
            text = f"The decision {path} never reached the config branch, or its commit was cut off"
            why = "the server moves one branch at a time, or it waits in a pull request"
            yield _unread(None, f"{text}; {why}.")
            return
        if path in self.lost:  # which is told once for all that went
            yield from self._recomputed(path)
            return
        if not rewritten:
            yield Finding(
                kind=Kind.DIFFERENCE,
                revision=self.written.get(path),  # what was there when it was pushed
                problem=f"No commit of this branch carries the decision {path}: commits were cut "
                "off or rewritten.",
                remedy="ask who may force-push; if it was meant, a person accepts it with "
                "`gitops-canary resume --accept-history`",
            )
            return
        yield from self._recomputed(path)
        yield Finding(
            kind=Kind.UNREADABLE,
            revision=None,
            problem=f"The commit of {path} was squashed or rebased: its verdicts were recomputed, "
            "its place in history and its diff cannot be read.",
            remedy="keep the controller's commits: merge instead of squashing",
        )

    def _recomputed(self, path: Path) -> Iterator[Finding]:
        """Judge a decision again of which there is no commit."""
        data = self._read(path)
        try:
            wrong = list(recompute(read_decision(data, name=path), ()))
        except CanaryError as error:
            wrong = [error.problem]
        yield from (_finding(None, f"{path}: {text}.") for text in wrong)

    def pages(self, chain: Sequence[Move]) -> Iterator[Finding]:
        """Build the readable pages again; those that another version worded are not compared."""
        decisions = [self._bytes(move, number) for number, move in enumerate(chain, 1)]
        worded = {json.loads(data).get("pages", 1) for data in decisions if data} - {PAGES}
        if worded:
            yield Finding(
                kind=Kind.UNREADABLE,
                revision=chain[-1].revision,
                problem=f"The pages of {decision_path(chain[-1].record, len(chain))} are worded by "
                f"another version ({', '.join(map(str, sorted(worded)))}, here {PAGES}), so they "
                "are not compared.",
                remedy="nothing: its decisions are; the version that wrote them compares pages",
            )
            return
        over = [n for n, move in enumerate(chain, 1) if move.record.over]
        wanted = pages(chain[-1].record, decisions)
        if over and over[-1] < len(chain):
            # The report is as the last move that ended the rollout, or an attempt, left it.
            number = over[-1]
            wanted = pages(chain[number - 1].record, decisions[:number]) | wanted
        for path, page in wanted.items():
            blob = self.files.get(path)
            text = self._clone.read([blob])[blob] if blob else b""
            if text != page and text not in self._lost_pages(path, chain, decisions):
                yield _finding(
                    chain[-1].revision, f"{path} is not what its decisions give when rebuilt."
                )

    def _lost_pages(
        self, path: Path, chain: Sequence[Move], decisions: Sequence[bytes]
    ) -> Iterator[bytes]:
        """Build a page with the decisions that follow on the branch, whose moves are gone.

        Their pushes were lost or accepted as lost; whether so, is told of each decision itself.
        """
        known = list(decisions)
        while extra := self.files.get(decision_path(chain[-1].record, len(known) + 1)):
            data = self._clone.read([extra])[extra]
            try:
                record = recorded.record(read_decision(data, name=path), digest(data))
            except CanaryError:
                return
            known.append(data)
            if page := pages(record, known).get(path):
                yield page

    def _bytes(self, move: Move, number: int) -> bytes:
        blob = self.files.get(decision_path(move.record, number))
        data = self._clone.read([blob])[blob] if blob else b""
        return data if digest(data) == move.record.evidence else b""


def _unread(revision: Revision | None, problem: str) -> Finding:
    return Finding(
        kind=Kind.UNREADABLE,
        revision=revision,
        problem=problem,
        remedy="nothing, where a push was refused or overtaken; the last tip you know tells: --tip",
    )


def _finding(revision: Revision | None, problem: str) -> Finding:
    return Finding(
        kind=Kind.DIFFERENCE,
        revision=revision,
        problem=problem,
        remedy="git log -p on the evidence branch shows who wrote what",
    )
