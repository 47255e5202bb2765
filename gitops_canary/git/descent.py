"""Which commit lies behind which, each pair asked once."""

from gitops_canary.git.commands import is_ancestor, is_revision
from gitops_canary.git.lineage import Lineage
from gitops_canary.git.objects import ObjectId
from gitops_canary.git.process import Runner
from gitops_canary.model.names import Revision

_KNOWN_MAX = 10_000


class Descent:
    """What the nearest commits or `git merge-base --is-ancestor` said: it stays true."""

    def __init__(self, runner: Runner, lineage: Lineage) -> None:
        self._runner = runner
        self._lineage = lineage
        self._known: dict[tuple[Revision, Revision], bool] = {}

    def contains(self, revision: Revision, ancestor: Revision) -> bool:
        """Tell whether `ancestor` is `revision` or reachable from it; unknown ones are not."""
        if not (is_revision(revision) and is_revision(ancestor)):
            return False
        pair = (revision, ancestor)
        if pair not in self._known:
            near = self._lineage.reaches(ObjectId(revision), ObjectId(ancestor))
            if near is not None:
                return near
            finished = self._runner.run(is_ancestor(ancestor, revision))
            if finished.code not in {0, 1}:
                return False  # one of them was never fetched; it may be tomorrow
            if len(self._known) >= _KNOWN_MAX:
                self._known.clear()
            self._known[pair] = finished.ok
        return self._known[pair]
