"""`ports.Git` over a real repository."""

import pathlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from gitops_canary.errors import HistoryError, SpecError, Unavailable
from gitops_canary.git import commands, rejection
from gitops_canary.git.address import check_branch, parse_url
from gitops_canary.git.clone import Clone
from gitops_canary.git.commands import Update
from gitops_canary.git.drafting import Drafting
from gitops_canary.git.editing import Draft
from gitops_canary.git.identity import check_identity, choose_trusted, credentials
from gitops_canary.git.objects import ObjectId, parse_commit
from gitops_canary.git.ownership import Ownership
from gitops_canary.git.pack import build_pack
from gitops_canary.git.process import Finished, Runner
from gitops_canary.git.reader import DamagedClone, Reader
from gitops_canary.git.rejection import Fate
from gitops_canary.git.signing import load_key
from gitops_canary.git.surroundings import Surroundings
from gitops_canary.git.trees import Trees
from gitops_canary.git.walk import Walk
from gitops_canary.model.commits import Blob, Commit
from gitops_canary.model.decision import PlannedCommit
from gitops_canary.model.names import BlobId, Path, Revision

_CLONE_TIMES = 10
"""How many ordinary deadlines the first fetch may take."""
_LOW_SPEED_MIN_S = 2
_LOW_SPEED_MAX_S = 20
_KNOWN_MAX = 10_000


class Repository:
    """The config branch and the evidence branch of one remote; for one thread.

    Nothing is fetched before `fetch`, and nothing is written outside `directory`. `trusted_keys`
    is the text of an allowed_signers file or of `*.pub` files; with a signing key and without it,
    our own key is trusted; without either, a commit is ours by its committer. A blob above
    `blob_bytes_max` is never read. `timeout_ms` bounds every single question to the remote.

    Raises:
        ConfigError: an argument is not one we can work with.
        Unavailable: another process uses `directory`.
    """

    def __init__(
        self,
        *,
        url: str,
        branch: str,
        directory: pathlib.Path,
        name: str,
        email: str,
        evidence_branch: str = "gitops-canary/evidence",
        username: str | None = None,
        password_file: pathlib.Path | None = None,
        signing_key: pathlib.Path | None = None,
        trusted_keys: str | None = None,
        ca_file: pathlib.Path | None = None,
        allow_file: bool = False,
        allow_http: bool = False,
        blob_bytes_max: int = 1 << 20,
        timeout_ms: int = 60_000,
    ) -> None:
        address = parse_url(url, allow_file=allow_file, allow_http=allow_http)
        key = load_key(signing_key) if signing_key else None
        identity = check_identity(name, email)
        ownership = Ownership(identity, choose_trusted(trusted_keys, key))
        self._branch = check_branch(branch)
        self._evidence_branch = check_branch(evidence_branch)
        self._blob_bytes_max = blob_bytes_max
        surroundings = Surroundings(
            directory=directory.absolute(),
            address=address,
            credentials=credentials(username, password_file),
            ca_file=ca_file,
            blob_bytes_max=blob_bytes_max,
            low_speed_s=max(_LOW_SPEED_MIN_S, min(_LOW_SPEED_MAX_S, timeout_ms // 2000)),
        )
        self._runner = Runner(surroundings, timeout_ms=timeout_ms)
        self._clone = Clone(self._runner)
        self._reader = Reader(self._runner)
        self._trees = Trees(self._reader)
        self._walk = Walk(self._runner, self._reader, ownership)
        self._drafting = Drafting(self._reader, identity, key)
        self._local = self._clone.tips()
        self._ancestry: dict[tuple[Revision, Revision], bool] = {}
        self._atomic = True
        self._damaged = False
        self._blobs_absent = False

    def poll(self) -> Revision | None:
        """Ask the remote for the config branch's tip; None where it has no such branch."""
        return self._ask([self._branch]).get(self._branch)

    def fetch(self) -> tuple[Revision, Revision | None]:
        """Fetch what moved of both branches; their tips."""
        remote = self._ask([self._branch, self._evidence_branch])
        if self._branch not in remote:
            raise SpecError(
                f"the repository has no branch {self._branch}",
                remedy="push the branch, or correct `branch` in controller.yaml",
            )
        if self._damaged or any(self._local.get(b) != tip for b, tip in remote.items()):
            self._fetch(sorted(remote))
        evidence = self._local.get(self._evidence_branch)
        return self._local[self._branch], evidence if self._evidence_branch in remote else None

    def files(self, revision: Revision) -> Mapping[Path, Blob]:
        """List the regular files of a revision, executable or not; links and submodules not."""
        with self._healing():
            [(_, body)] = self._reader.read([ObjectId(revision)], "commit")
            return self._trees.files(parse_commit(body).tree)

    def read(self, blobs: Sequence[BlobId]) -> Mapping[BlobId, bytes]:
        """Read blobs; one over the size limit raises SpecError naming the limit."""
        names = [ObjectId(blob) for blob in dict.fromkeys(blobs)]
        with self._healing():
            for name, kind, size in list(self._reader.info(names)):
                if kind == "missing" and not self._blobs_absent:
                    self._blobs_absent = True  # damage, or left out for its size: clone and see
                    raise DamagedClone(f"the blob {name} is missing")
                if kind == "missing" or size > self._blob_bytes_max:
                    raise SpecError(
                        f"the file with blob {name} is larger than {self._blob_bytes_max} bytes",
                        remedy="keep manifests small, or keep this file out of `paths`",
                    )
            bodies = dict(self._reader.read(names, "blob"))
        return {blob: bodies[ObjectId(blob)] for blob in blobs}

    def history(self, tip: Revision) -> Iterator[Commit]:
        """Walk everything reachable from the tip, children before parents, newest first."""
        with self._healing():
            yield from self._walk.commits(tip)

    def contains(self, revision: Revision, ancestor: Revision) -> bool:
        """Tell whether `ancestor` is `revision` or reachable from it; unknown ones are not."""
        if not (commands.is_revision(revision) and commands.is_revision(ancestor)):
            return False
        pair = (revision, ancestor)
        if pair not in self._ancestry:
            finished = self._runner.run(commands.is_ancestor(ancestor, revision))
            if finished.code not in {0, 1}:
                return False  # one of them was never fetched; it may be tomorrow
            if len(self._ancestry) >= _KNOWN_MAX:
                self._ancestry.clear()
            self._ancestry[pair] = finished.ok
        return self._ancestry[pair]

    def push(
        self,
        *,
        onto: Revision,
        commits: Sequence[PlannedCommit],
        evidence_onto: Revision | None,
        evidence: Sequence[PlannedCommit],
    ) -> tuple[Revision, ...]:
        """Commit on top of the tips and push both branches at once, or change nothing.

        A server that cannot move two branches at once gets the evidence first. A failure is told
        by looking at the refs again: a push whose answer was lost is a success.

        Raises:
            Conflict: a tip moved; fetch and decide again.
            Refused: the server will not have it.
            EditRefused: a file cannot be written safely.
            Unavailable: the server did not answer; whether it has the commits shows the next fetch.
        """
        draft = Draft(self._trees.body)
        with self._healing():
            made = self._drafting.chain(draft, onto, commits)
            proof = self._drafting.chain(draft, evidence_onto, evidence)
        updates = [
            Update(branch=branch, old=old, new=chain[-1])
            for branch, old, chain in (
                (self._branch, onto, made),
                (self._evidence_branch, evidence_onto, proof),
            )
            if chain
        ]
        if updates:
            self._store(draft)
            self._send(updates)
        return made

    def close(self) -> None:
        """End every process and let go of the directory."""
        self._reader.close()
        self._clone.close()

    def _ask(self, branches: Sequence[str]) -> dict[str, Revision]:
        finished = self._runner.run(commands.ls_remote(branches))
        if not finished.ok:
            raise rejection.explain("ls-remote", finished)
        lines = (line.split("\t", 1) for line in finished.out.decode().splitlines())
        tips = {commands.branch_of(ref): Revision(tip) for tip, ref in lines}
        return {branch: tips[branch] for branch in branches if branch in tips}

    def _fetch(self, branches: Sequence[str]) -> None:
        if self._damaged:
            self._make_anew()
        finished = self._run_fetch(branches)
        if not finished.ok and not rejection.is_remote(finished):
            self._make_anew()  # the remote answered a moment ago: our side is the broken one
            finished = self._run_fetch(branches)
        if not finished.ok:
            raise rejection.explain("fetch", finished)
        self._local = self._clone.tips()
        self._clone.tidy()

    def _run_fetch(self, branches: Sequence[str]) -> Finished:
        times = 1 if self._local else _CLONE_TIMES
        command = commands.fetch(branches)
        return self._runner.run(command, timeout_ms=self._runner.timeout_ms * times)

    def _make_anew(self) -> None:
        self._reader.close()
        self._clone.make_anew()
        self._local = {}
        self._damaged = False

    def _store(self, draft: Draft) -> None:
        finished = self._runner.run(commands.INDEX_PACK, stdin=build_pack(draft.made.values()))
        if not finished.ok:
            self._damaged = True
            raise Unavailable(
                f"the new commits cannot be stored: {rejection.said(finished.err)}",
                remedy="look at the disk; the next tick makes the clone anew",
            )

    def _send(self, updates: Sequence[Update]) -> None:
        if len(updates) > 1 and not self._atomic:
            for update in reversed(updates):
                self._send([update])
            return
        finished = self._runner.run(commands.push(updates, atomic=len(updates) > 1))
        if finished.ok:
            return
        if len(updates) > 1 and rejection.lacks_atomic(finished):
            self._atomic = False
            self._send(updates)
            return
        outcome = rejection.fate(updates, self._ask([update.branch for update in updates]))
        if outcome is Fate.LANDED or (outcome is Fate.LOST and self._overtaken(updates)):
            return
        raise rejection.explain_push(updates, outcome, finished)

    def _overtaken(self, updates: Sequence[Update]) -> bool:
        """Whether our commits landed and somebody has already built on them."""
        self.fetch()
        return all(
            update.branch in self._local
            and self.contains(self._local[update.branch], Revision(update.new))
            for update in updates
        )

    @contextmanager
    def _healing(self) -> Iterator[None]:
        """Turn damage of our clone into a delay: the next fetch makes it anew."""
        try:
            yield
        except DamagedClone as error:
            self._reader.close()
            self._damaged = True
            raise Unavailable(
                f"the local clone is damaged ({error})",
                remedy="nothing: the next tick makes it anew from the remote",
            ) from error
        except ValueError as error:
            raise HistoryError(
                f"the repository holds an object git itself would not make: {error}",
                remedy="find it with git fsck",
            ) from error
