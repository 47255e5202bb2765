"""`ports.Git` over a real repository."""

import pathlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

from gitops_canary.core.footing import anchored
from gitops_canary.errors import Unavailable
from gitops_canary.git import rejection
from gitops_canary.git.address import check_branch, parse_url
from gitops_canary.git.ahead import Ahead
from gitops_canary.git.clone import Clone
from gitops_canary.git.commands import TRACKING, Update, branch_of
from gitops_canary.git.descent import Descent
from gitops_canary.git.drafting import Drafting
from gitops_canary.git.editing import Draft
from gitops_canary.git.identity import check_identity, choose_ownership, credentials, ssh_login
from gitops_canary.git.objects import ObjectId, parse_commit
from gitops_canary.git.pgp_signing import load_signer
from gitops_canary.git.process import Runner
from gitops_canary.git.reader import Absent, DamagedClone, Reader
from gitops_canary.git.rejection import Fate
from gitops_canary.git.remote import Remote
from gitops_canary.git.sifting import Sifting
from gitops_canary.git.storing import storing
from gitops_canary.git.surroundings import Surroundings, low_speed_s
from gitops_canary.git.trees import Files, Trees
from gitops_canary.git.walk import Walk
from gitops_canary.git.witness import Witness
from gitops_canary.model.commits import Blob, Commit
from gitops_canary.model.decision import PlannedCommit
from gitops_canary.model.names import EVIDENCE_BRANCH, BlobId, Path, Revision


class Repository:
    """The config branch and the evidence branch of one remote; for one thread.

    Nothing is fetched before `fetch`, and nothing is written outside `directory`. `trusted_keys`
    is the text of an allowed_signers file or of `*.pub` files; with a signing key and without it,
    our own key is trusted; without either, a commit is ours by its committer. A blob above
    `blob_bytes_max` is never read; a `lean` clone fetches files as they are read. `timeout_ms`
    bounds every single question to the remote.

    Raises:
        ConfigError: an argument is not one we can work with.
        Unavailable: another process uses `directory`.
    """

    _polled: Mapping[str, Revision] | None = None
    _damaged = _blobs_absent = False

    def __init__(
        self,
        *,
        url: str,
        branch: str,
        directory: pathlib.Path,
        name: str,
        email: str,
        evidence_branch: str = EVIDENCE_BRANCH,
        username: str | None = None,
        password_file: pathlib.Path | None = None,
        signing_key: pathlib.Path | None = None,
        trusted_keys: str | None = None,
        ca_file: pathlib.Path | None = None,
        ssh_key: pathlib.Path | None = None,
        known_hosts: pathlib.Path | None = None,
        allow_file: bool = False,
        allow_http: bool = False,
        blob_bytes_max: int = 1 << 20,
        timeout_ms: int = 60_000,
        lean: bool = False,
        packs_max: int = 200,
    ) -> None:
        key = load_signer(signing_key) if signing_key else None
        ownership = choose_ownership(check_identity(name, email), trusted_keys, key)
        self._branch, self._evidence_branch = map(check_branch, (branch, evidence_branch))
        surroundings = Surroundings(
            directory=directory.absolute(),
            address=parse_url(url, allow_file=allow_file, allow_http=allow_http),
            credentials=credentials(username, password_file),
            ca_file=ca_file,
            ssh=ssh_login(ssh_key, known_hosts),
            blob_bytes_max=blob_bytes_max,
            lean=lean,
            low_speed_s=low_speed_s(timeout_ms),
        )
        self._runner = Runner(surroundings, timeout_ms=timeout_ms)
        self.abandon = self._runner.abandon
        self._clone = Clone(self._runner, packs_max=packs_max)
        self._reader = Reader(self._runner)
        self._trees = Trees(self._reader)
        self._sifting = Sifting(self._runner, self._trees)
        self._remote = Remote(self._runner)
        self._ahead = Ahead(lean, self._remote, self._reader, self._trees)
        self._walk = Walk(self._runner, self._reader, ownership)
        self._drafting = Drafting(self._reader, ownership.identity, key)
        self.witness = Witness(self._trees, self._root, self._healing, ownership)
        self._local = self._clone.tips()
        self._descent = Descent(self._runner, self._walk.lineage)

    def poll(self) -> Revision | None:
        """Ask the remote for the config branch's tip; None where it has no such branch."""
        self._polled = self._remote.tips([self._branch, self._evidence_branch])
        return self._polled.get(self._branch)

    @property
    def clock_ms(self) -> int | None:
        """What the server's clock said as it was polled last; None where it tells none."""
        return self._remote.clock_ms

    def fetch(self) -> tuple[Revision, Revision | None]:
        """Fetch what moved of both branches; their tips."""
        branches = [self._branch, self._evidence_branch]
        remote, self._polled = self._polled or self._remote.tips(branches), None
        if self._branch not in remote:
            raise rejection.no_branch(self._branch)
        if self._damaged or any(self._local.get(b) != tip for b, tip in remote.items()):
            self._fetch(sorted(remote))
        evidence = self._local.get(self._evidence_branch)
        return self._local[self._branch], evidence if self._evidence_branch in remote else None

    def files(self, revision: Revision) -> Mapping[Path, Blob]:
        """List the regular files of a revision, executable or not; links and submodules not."""
        with self._healing():
            return Files(self._trees, self._root(revision), self._healing)

    def changed(self, before: Revision, after: Revision) -> Mapping[Path, Blob | None]:
        """List the regular files that differ between two revisions; None where one is gone."""
        with self._healing():
            return self._trees.changed(self._root(before), self._root(after))

    def named(self, revision: Revision, names: Collection[str]) -> Mapping[Path, Blob]:
        """List the regular files that have one of some names, in whatever folder."""
        with self._healing():
            return self._trees.named(self._root(revision), names)

    def mentioning(
        self, revision: Revision, words: Sequence[str], folders: Sequence[str]
    ) -> Mapping[Path, Blob]:
        """List the YAML files that may name one of the words; see `ports.Sift`."""
        with self._healing():
            root = self._root(revision)
            self._ahead.bring_searched(root, folders)
            return self._sifting.mentioning(revision, root, words, folders)

    def read(self, blobs: Sequence[BlobId]) -> Mapping[BlobId, bytes]:
        """Read blobs; one over the size limit raises SpecError naming the limit."""
        names = [ObjectId(blob) for blob in dict.fromkeys(blobs)]
        most = self._runner.surroundings.blob_bytes_max
        with self._healing():
            self._ahead.bring(names)
            bodies = dict(self._reader.read_within(names, "blob", most))
            for name, body in bodies.items():
                if body is Absent.MISSING and not self._blobs_absent:
                    self._blobs_absent = True  # damage, or left out for its size: clone and see
                    raise DamagedClone(f"the blob {name} is missing")
                if isinstance(body, Absent):
                    raise rejection.too_large(name, most)
        return {BlobId(name): body for name, body in bodies.items() if isinstance(body, bytes)}

    def commit(self, revision: Revision) -> Commit:
        """Read one commit."""
        with self._healing():
            return self._walk.commit(revision)

    def several(self, revisions: Sequence[Revision]) -> Sequence[Commit]:
        """Read several commits, in the order given."""
        with self._healing():
            return self._walk.several(revisions)

    def history(
        self, tip: Revision, *, since: Revision | None = None, mentioning: str | None = None
    ) -> Iterator[Commit]:
        """Walk everything reachable from the tip, children before parents, newest first."""
        with self._healing():
            yield from self._walk.commits(tip, since=since, mentioning=mentioning)

    def contains(self, revision: Revision, ancestor: Revision) -> bool:
        """Tell whether `ancestor` is `revision` or reachable from it; unknown ones are not."""
        with self._healing():
            return self._descent.contains(revision, ancestor)

    def push(
        self,
        *,
        onto: Revision,
        commits: Sequence[PlannedCommit],
        evidence_onto: Revision | None,
        evidence: Sequence[PlannedCommit],
    ) -> tuple[Revision, ...]:
        """Commit on top of the tips and push both branches at once, or change nothing.

        Evidence names the tip it is pushed with; a server that moves one branch at a time gets it
        first, naming `onto`. A push whose answer was lost is a success: the refs tell.

        Raises:
            Conflict: a tip moved; fetch and decide again.
            Refused: the server will not have it.
            EditRefused: a file cannot be written safely.
            Unavailable: the server did not answer; whether it has the commits shows the next fetch.
        """
        self._polled = None
        draft = Draft(self._trees.body)
        with self._healing():
            moves = self._drafting.sketch(draft, onto, commits)
            proofs = self._drafting.sketch(draft, evidence_onto, evidence)
            roots = map(self._root, filter(None, (onto, evidence_onto)))
            self._ahead.bring_replaced(roots, [*commits, *evidence])
            with storing(self._runner, draft, len(commits) + len(evidence)) as finish:
                made = self._drafting.commit(draft, moves, [one.message for one in commits])
                tip = made[-1] if made and self._remote.atomic else onto
                named = [anchored(one, tip, self._branch).message for one in evidence]
                proof = self._drafting.commit(draft, proofs, named)
                try:
                    finish()
                except Unavailable:
                    self._damaged = True
                    raise
        sides = ((self._branch, onto, made), (self._evidence_branch, evidence_onto, proof))
        updates = [Update(branch=b, old=old, new=chain[-1]) for b, old, chain in sides if chain]
        if updates:
            outcome = self._remote.push(updates)
            if outcome is Fate.SPLIT:
                return self.push(
                    onto=onto, commits=commits, evidence_onto=evidence_onto, evidence=evidence
                )
            if outcome and not self._overtaken(updates):
                raise rejection.conflict(updates)
            with suppress(Unavailable):  # it landed; the next fetch tells of a damaged clone
                self._look_at_tips([update.branch for update in updates])
        return made

    def rehearse(self) -> int | None:
        """Ask whether we may push, without pushing; what the server's clock said, where it did."""
        tip = self._local[self._branch]
        return self._remote.rehearse(Update(branch=self._branch, old=tip, new=tip))

    def close(self) -> None:
        """End every process and let go of the directory."""
        ours = (self._remote, self._reader, self._drafting, self.witness.ownership, self._clone)
        for one in ours:
            one.close()

    def _fetch(self, branches: Sequence[str]) -> None:
        if self._damaged:
            self._make_anew()
        finished = self._remote.fetch(branches, first=not self._local)
        if not finished.ok and not rejection.is_remote(finished):
            self._make_anew()  # the remote answered a moment ago: our side is the broken one
            finished = self._remote.fetch(branches, first=True)
        if not finished.ok:
            raise rejection.explain("fetch", finished)
        self._local = {}
        self._look_at_tips(branches)
        if lost := [branch for branch in branches if branch not in self._local]:
            raise rejection.incomplete(lost[0], finished)

    def _look_at_tips(self, branches: Sequence[str]) -> None:
        """See what a fetch brought, or what a push has moved: that need not be fetched."""
        with self._healing():
            tips = self._reader.tips([TRACKING + branch for branch in branches])
        self._local |= {branch_of(ref): Revision(tip) for ref, tip in tips.items()}
        self._trees.turn()
        self._walk.turn()
        self._clone.tidy()

    def _make_anew(self) -> None:
        self._reader.close()
        self._clone.make_anew()
        self._local = {}
        self._damaged = False

    def _overtaken(self, updates: Sequence[Update]) -> bool:
        """Whether our commits landed and somebody has already built on them."""
        self._polled = None  # what was asked before the push says nothing about it
        self.fetch()
        return all(
            update.branch in self._local
            and self.contains(self._local[update.branch], Revision(update.new))
            for update in updates
        )

    def _root(self, revision: Revision) -> ObjectId:
        [(_, body)] = self._reader.read([ObjectId(revision)], "commit")
        return parse_commit(body).tree

    @contextmanager
    def _healing(self) -> Iterator[None]:
        """Turn damage of our clone into a delay: the next fetch makes it anew."""
        try:
            yield
        except DamagedClone as error:
            self._reader.close()
            self._damaged = True
            raise rejection.damaged(error) from error
        except ValueError as error:
            raise rejection.strange(error) from error
