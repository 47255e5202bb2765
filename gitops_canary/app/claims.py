"""Commits that say they are moves, sorted by the rollout they name; whose they are comes later."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from gitops_canary.core.message import parse
from gitops_canary.errors import HistoryError
from gitops_canary.git.objects import RawCommit
from gitops_canary.model.names import CanaryId, Revision, RolloutId
from gitops_canary.model.rollout import Move

Key = tuple[CanaryId, RolloutId]


@dataclass(frozen=True, slots=True)
class Claim:
    """A commit with a record. `rank` is its place in the history, parents before children."""

    rank: int
    move: Move
    raw: RawCommit


@dataclass(frozen=True, slots=True)
class Illegible:
    """A commit that claims to be a move and cannot be read as one."""

    rank: int
    revision: Revision
    raw: RawCommit
    error: HistoryError


def read(
    commits: Iterable[tuple[Revision, RawCommit]], landings: Mapping[Revision, int]
) -> Iterator[Claim | Illegible]:
    """Read the records among commits, in the order given; `landings` tells when merges came."""
    for rank, (revision, raw) in enumerate(commits):
        try:
            record = parse(raw.message, revision)
        except HistoryError as error:
            yield Illegible(rank, revision, raw, error)
            continue
        if record:
            move = Move(
                record=record,
                revision=revision,
                date_ms=raw.date_s * 1000,
                landed_ms=landings.get(revision),
            )
            yield Claim(rank, move, raw)


def by_rollout(claims: Iterable[Claim]) -> dict[Key, list[Claim]]:
    """Sort claims by rollout; rollouts and claims stay in order."""
    found: dict[Key, list[Claim]] = {}
    for claim in claims:
        record = claim.move.record
        found.setdefault((record.canary, record.rollout), []).append(claim)
    return found
