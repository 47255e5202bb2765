"""Primaries that a commit changed which is no move of ours: told, never acted on."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from gitops_canary.app.ancestry import Graph
from gitops_canary.app.reading import Reader
from gitops_canary.app.tracing import Trace, ground_at
from gitops_canary.core.edits import Ground
from gitops_canary.model.commits import Commit
from gitops_canary.model.names import CanaryId, Path, Revision
from gitops_canary.model.owned import Templates


@dataclass(frozen=True, slots=True, kw_only=True)
class PrimaryChange:
    """What everyone has although no rollout brought it to the primary."""

    canary: CanaryId
    old: str
    new: str
    """Both as `container=ref`, see `Side.version`; the same where something else changed."""
    candidate: str
    """The candidate's version, where that is another one now; else empty."""
    revision: Revision
    """The commit that did it."""

    def __str__(self) -> str:
        other = f" The candidate is {self.candidate}." if self.candidate else ""
        what = f"the primary's version changed from {self.old} to {self.new}"
        if self.old == self.new:
            what = f"what the primary runs changed beside its version {self.new},"
        return (
            f"{self.canary}: {what} outside any rollout, by commit {self.revision[:12]}: everyone "
            "has it, and no rollout judged the change. To have one judged, change the candidate "
            f"alone.{other}"
        )


def by_hand(
    reader: Reader,
    graph: Graph,
    before: Revision,
    touched: Collection[Path],
    grounds: Mapping[CanaryId, Ground],
) -> Iterator[PrimaryChange]:
    """List the primaries that somebody else changed between a revision and the graph's tip.

    Only canaries with a version in one of the `touched` files are looked at. What had no version
    before, or one that cannot be read, did not change.
    """
    there = reader.view(graph.tip).canaries
    for canary, tip in grounds.items():
        if canary not in there or tip.binding.versions.files.isdisjoint(touched):
            continue
        was, new = ground_at(reader, before, canary), tip.owned.primary
        if was is None or not _differ(was, tip):
            continue
        revision = Trace(reader, graph, canary, tip).promoter().revision
        ours = {move.revision for move in graph.history.moves.get(canary, ())}
        if revision in ours or graph.contains(before, revision):
            continue
        yield PrimaryChange(
            canary=canary,
            old=was.owned.primary.version,
            new=new.version,
            candidate="" if tip.owned.settled else tip.owned.candidate.version,
            revision=revision,
        )


def bypass(trace: Trace, written: Ground | None, candidate: Commit) -> Revision | None:
    """Name the commit that changed what the primary runs since our newest move; None if none did.

    `written` is what that move left. Where there is none: the commit that gave the primary another
    version than the candidate's, if it is newer than the one that made the `candidate`.
    """
    if written is not None:
        return trace.promoter().revision if _differ(written, trace.tip) else None
    if trace.tip.owned.settled:
        return None
    revision = trace.promoter().revision
    if revision == candidate.revision or not trace.graph.contains(revision, candidate.revision):
        return None
    return revision


def _differ(old: Ground, new: Ground) -> bool:
    """Whether the primary runs something else; a part that is listed anew changed nothing."""
    was, now = old.owned.primary, new.owned.primary
    if isinstance(old.binding.versions, Templates) and isinstance(new.binding.versions, Templates):
        return was.digest != now.digest
    return any(was.images[name] != now.images[name] for name in was.images.keys() & now.images)
