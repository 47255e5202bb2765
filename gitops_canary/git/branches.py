"""Branches of single moves beside the config branch, for delivery by pull request."""

from collections.abc import Mapping, Sequence
from contextlib import suppress

from gitops_canary.core.footing import anchored
from gitops_canary.delivery_ports import Choice
from gitops_canary.errors import ConfigError, Unavailable
from gitops_canary.git import rejection
from gitops_canary.git.address import check_branch
from gitops_canary.git.commands import Update, path_to
from gitops_canary.git.editing import Draft
from gitops_canary.git.objects import ObjectId
from gitops_canary.git.rejection import Fate
from gitops_canary.git.repository import Repository
from gitops_canary.git.storing import storing
from gitops_canary.model.decision import PlannedCommit
from gitops_canary.model.names import Revision


class Branches(Repository):
    """A repository in which moves get branches of their own; see `ports.Branches`."""

    def below(self, folder: str, choose: Choice) -> Mapping[str, Revision]:
        """Fetch the branches below a folder of names that are chosen by those; their tips."""
        found = self._remote.below(folder)
        tips = {name: found[name] for name in choose([name for name in found if _fits(name)])}
        with self._healing():
            kinds = list(self._reader.info([ObjectId(tip) for tip in tips.values()]))
        missing = {str(name) for name, kind, _ in kinds if kind == "missing"}
        wanted = [name for name, tip in tips.items() if tip in missing]
        if wanted:
            finished = self._remote.fetch(wanted, first=False)
            if not finished.ok:
                raise rejection.explain("fetch", finished)
        return tips

    def create(
        self,
        *,
        onto: Revision,
        commits: Mapping[str, PlannedCommit],
        evidence_onto: Revision | None,
        evidence: Sequence[PlannedCommit],
    ) -> Mapping[str, Revision]:
        """Push each commit as a new branch, with its evidence, all at once; the branches' tips.

        Evidence names `onto`, since nobody knows yet what the config branch will have.
        """
        self._polled = None
        draft = Draft(self._trees.body)
        with self._healing():
            tips = {
                branch: self._drafting.chain(draft, onto, [one])[0]
                for branch, one in commits.items()
            }
            roots = map(self._root, filter(None, (onto, evidence_onto)))
            self._ahead.bring_replaced(roots, (*commits.values(), *evidence))
            named = [anchored(one, onto, self._branch) for one in evidence]
            proof = self._drafting.chain(draft, evidence_onto, named)
        updates = [Update(branch=check_branch(b), old=None, new=tip) for b, tip in tips.items()]
        if proof:
            last = Update(branch=self._evidence_branch, old=evidence_onto, new=proof[-1])
            updates.append(last)
        try:
            with storing(self._runner, draft, 0) as finish:
                finish()
        except Unavailable:
            self._damaged = True
            raise
        self._send(updates)
        return tips

    def later(self, revision: Revision, most: int = 20) -> Sequence[Revision]:
        """List commits of the config branch that contain a revision, the oldest first.

        Of many the oldest and the newest ones; of a revision that is not there none.
        """
        tip = self._local.get(self._branch)
        if tip is None or tip == revision or not self.contains(tip, revision):
            return ()
        finished = self._runner.run(path_to(tip, revision))
        if not finished.ok:
            return ()
        found = [Revision(name) for name in reversed(finished.out.decode().split())]
        half = most // 2
        return found if len(found) <= most else [*found[:half], *found[half - most :]]

    def delete(self, branch: str, tip: Revision) -> None:
        """Delete a branch, if nobody has pushed to it meanwhile."""
        self._polled = None
        self._remote.delete(check_branch(branch), tip)

    def _send(self, updates: Sequence[Update]) -> None:
        outcome = self._remote.push(updates)
        if outcome is Fate.SPLIT:
            outcome = self._remote.push(updates)
        if outcome:
            raise rejection.conflict(updates)
        with suppress(Unavailable):  # it landed; the next fetch tells of a damaged clone
            self._look_at_tips([update.branch for update in updates])


def _fits(name: str) -> bool:
    """Whether a branch can be one of ours, by its name."""
    try:
        check_branch(name)
    except ConfigError:
        return False
    return True
