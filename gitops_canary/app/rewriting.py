"""A commit that initialises, checked: nothing measured allowed it, its bytes follow."""

from collections.abc import Iterator
from dataclasses import dataclass

from gitops_canary.app.beginnings import remaining
from gitops_canary.app.checking import compare, differs, shape, unread
from gitops_canary.app.initialising import texts_of
from gitops_canary.app.reading import Reader, Rules
from gitops_canary.errors import CanaryError
from gitops_canary.git.objects import RawCommit
from gitops_canary.git.plain import PlainClone
from gitops_canary.manifest.initial.terrain import survey
from gitops_canary.model.finding import Finding
from gitops_canary.model.names import Revision
from gitops_canary.model.rollout import Move


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewriter:
    """Writes steps again."""

    clone: PlainClone
    reader: Reader
    rules: Rules

    def check(self, move: Move, raw: RawCommit, *, forge: bool) -> Iterator[Finding]:
        """Yield what is wrong with one step."""
        yield from (differs(move, text) for text in shape(raw, forge=forge))
        if len(raw.parents) != 1:
            return
        parent = Revision(raw.parents[0])
        before = self.clone.commits([parent])[parent]
        if before is None:
            yield unread(move, "its parent is not in this clone", "git fetch --unshallow origin")
            return
        spec = self.reader.view(parent).canaries.get(move.record.canary)
        if spec is None:
            yield differs(move, "its parent has no such Canary")
            return
        terrain = survey(texts_of(self.clone, parent, self.rules.paths)[0])
        try:
            _, stages = remaining(terrain, spec, self.rules)
        except CanaryError as error:
            yield unread(move, f"its step cannot be written again: {error.problem}", error.remedy)
            return
        if not stages or stages[0].step != f"{move.record.step}/{move.record.steps}":
            yield differs(move, f"its parent is not one that lacks step {move.record.step}")
            return
        changed = self.clone.tree_changes(before.tree, raw.tree)
        yield from (differs(move, t) for t in compare(self.clone, changed, stages[0].files))
