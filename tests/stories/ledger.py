"""The Git in memory of the simulated worlds, as stories speak of it: one clone that knows all."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sim.memory import MemoryGit
from sim.remote import CONFIG, EVIDENCE, ME, Files, Remote

from gitops_canary.errors import SpecError
from gitops_canary.git.objects import Identity, Kind
from gitops_canary.model.commits import Commit
from gitops_canary.model.names import Path, Revision

ADA = Identity(name="Ada", email="ada@example.com")


@dataclass(slots=True)
class Ledger(MemoryGit):
    """One server and its only clone."""

    remote: Remote = field(default_factory=Remote)

    @property
    def tip(self) -> Revision | None:
        """The tip of the branch; None before the first commit."""
        return self.remote.refs.get(CONFIG)

    @tip.setter
    def tip(self, revision: Revision | None) -> None:
        self.remote.point(CONFIG, revision)

    @property
    def proof(self) -> Revision | None:
        """Tip of the evidence branch."""
        return self.remote.refs.get(EVIDENCE)

    @proof.setter
    def proof(self, revision: Revision | None) -> None:
        self.remote.point(EVIDENCE, revision)

    @property
    def commits(self) -> Mapping[Revision, Commit]:
        """Every commit of either branch, in the order they were made."""
        made = (name for name, one in self.remote.objects.items() if one.kind is Kind.COMMIT)
        return {Revision(name): self.commit(Revision(name)) for name in made}

    def tree(self, revision: Revision) -> Mapping[Path, bytes]:
        """Give the files of a commit."""
        files = Files(self.remote, self.remote.tree(revision))
        return {Path(path): body for path, body in files.items()}

    def record(
        self,
        files: Mapping[Path, bytes | None],
        message: str,
        date_ms: int,
        *,
        ours: bool = False,
        parents: tuple[Revision, ...] | None = None,
    ) -> Revision:
        """Commit on the tip, or on given parents, and make it the tip.

        Its files begin as the first parent's, and it is no older than any of them.
        """
        if parents is None:
            parents = (self.tip,) if self.tip else ()
        made = self.remote.commit(
            {str(path): body for path, body in files.items()},
            message,
            who=ME if ours else ADA,
            date_s=max([date_ms // 1000, *(self.commit(p).date_ms // 1000 for p in parents)]),
            parents=parents,
        )
        self.disk.known.add(made)
        return made

    def find(self, word: str) -> Revision:
        """Find the newest commit whose message contains a word."""
        assert self.tip is not None, "a story begins with a commit"
        for commit in self.history(self.tip):
            if word in commit.message:
                return commit.revision
        raise SpecError(f"No commit says {word!r}.", remedy="correct the story")
