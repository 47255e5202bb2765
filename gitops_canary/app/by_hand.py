"""Primaries whose version a commit changed that is no move of ours: told, never acted on."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from gitops_canary.app.ancestry import Graph
from gitops_canary.app.reading import Reader
from gitops_canary.app.tracing import Trace, owned_at
from gitops_canary.core.edits import Ground
from gitops_canary.model.names import CanaryId, Path, Revision
from gitops_canary.model.owned import Side


@dataclass(frozen=True, slots=True, kw_only=True)
class PrimaryChange:
    """A version that everyone has although no rollout brought it to the primary."""

    canary: CanaryId
    old: str
    new: str
    """Both as `container=ref`, see `Side.version`."""
    candidate: str
    """The candidate's version, where that is another one now; else empty."""
    revision: Revision
    """The commit that did it."""

    def __str__(self) -> str:
        other = f" The candidate is {self.candidate}." if self.candidate else ""
        return (
            f"{self.canary}: the primary's version changed from {self.old} to {self.new} outside "
            f"any rollout, by commit {self.revision[:12]}: everyone has it, and no rollout judged "
            f"the change.{other}"
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
        was, new = owned_at(reader, before, canary), tip.owned.primary
        if was is None or not _differ(was.primary, new):
            continue
        revision = Trace(reader, graph, canary, tip).promoter().revision
        ours = {move.revision for move in graph.history.moves.get(canary, ())}
        if revision in ours or graph.contains(before, revision):
            continue
        yield PrimaryChange(
            canary=canary,
            old=was.primary.version,
            new=new.version,
            candidate="" if tip.owned.settled else tip.owned.candidate.version,
            revision=revision,
        )


def _differ(old: Side, new: Side) -> bool:
    """Whether a part that both have is another one; a part that is listed anew changed nothing."""
    return any(old.images[name] != new.images[name] for name in old.images.keys() & new.images)
