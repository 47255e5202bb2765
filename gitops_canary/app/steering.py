"""What a person asks of a canary: from a word to the bytes that say it in the repository."""

from collections.abc import Callable
from dataclasses import dataclass

from gitops_canary.app.branch_standing import Standing
from gitops_canary.app.reading import Rules
from gitops_canary.core.adopting import adopted
from gitops_canary.core.plan import QUARANTINE
from gitops_canary.core.text import percent
from gitops_canary.errors import Conflict, Refused, SpecError
from gitops_canary.git.checkout import Checkout
from gitops_canary.manifest import quarantine
from gitops_canary.manifest.problems import nearest
from gitops_canary.manifest.steering import steer
from gitops_canary.model.names import CanaryId, Path, Revision, RolloutId
from gitops_canary.model.rollout import Action, Move
from gitops_canary.model.spec import Policy

ATTEMPTS = 10
"""How often a change is made again because somebody pushed first; the controller does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One file of the repository as a person wants it."""

    path: Path
    before: str
    after: str
    said: str
    """What it asks for, as a clause for a person."""


Want = Callable[[Standing], Change | None]
"""Reads where everything stands; None: there is nothing to change."""


def paused(canary: CanaryId) -> Want:
    """Ask that nothing starts or rises; failures still roll back."""

    def want(standing: Standing) -> Change | None:
        if standing.spec(canary).control.paused:
            return None
        return controlled(standing, canary, "paused", value=True, said="paused")

    return want


def resumed(canary: CanaryId) -> Want:
    """Ask to go on: takes `paused` away, and adopts the weight a person has set."""

    def want(standing: Standing) -> Change | None:
        spec = standing.spec(canary)
        if spec.suspend:
            raise Refused(
                f"{canary} is suspended, which is more than paused.",
                remedy="take spec.suspend out of its document",
                place=spec.place,
            )
        change = _adopting(standing, canary)
        if not spec.control.paused:
            return change
        said = f"{change.said}, no longer paused" if change else "no longer paused"
        return controlled(standing, canary, "paused", value=False, said=said, onto=change)

    return want


def _adopting(standing: Standing, canary: CanaryId) -> Change | None:
    """Answer a person's hand on weight, route or primary; None where none waits for it."""
    move = standing.last(canary)
    rollout = standing.unanswered(canary, move)
    if rollout is None:
        return None
    weight = standing.ground(canary).owned.weight
    if move is None or move.record.over:
        said = f"resumed from {percent(weight)} %: nothing was under way, so the candidate starts"
    else:
        returning = move.record.action in {Action.PROMOTE, Action.FINISH}
        said = adopted(standing.policy(move), weight, returning=returning)
    token = f"{rollout}/{percent(weight)}"
    return controlled(standing, canary, "resume", value=token, said=said)


def aborted(canary: CanaryId) -> Want:
    """Ask for the stable state back, and for the version's quarantine."""

    def want(standing: Standing) -> Change | None:
        move = standing.last(canary)
        policy = standing.spec(canary).policy
        if standing.retry_waits(canary, move):
            raise Refused(
                f"A retry of {canary} is asked for and not begun, so there is nothing to abort.",
                remedy="revert the commit that asks for it, or commit the old version",
            )
        if move is None or (move.record.over and not _watched(move, policy, standing.now_ms)):
            raise Refused(
                f"Nothing of {canary} is rolling out.",
                remedy="to take a version back that is rolled out, commit the old one",
            )
        if move.record.action is Action.PROMOTE:
            raise Refused(
                f"{canary} is being promoted: the primary has the version already.",
                remedy="wait for its finish, then commit the old version",
            )
        rollout = move.record.rollout
        return controlled(standing, canary, "abort", value=rollout, said=f"abort of {rollout}")

    return want


def _watched(move: Move, policy: Policy, now_ms: int) -> bool:
    """Whether a finished rollout may still be watched; only the controller knows since when."""
    span_ms = policy.progress_deadline_ms + policy.watch_ms
    finished = policy.watch_ms > 0 and move.record.finished
    return finished and now_ms <= move.date_ms + span_ms


def retried(canary: CanaryId) -> Want:
    """Ask for another try of a version that was condemned or given up."""

    def want(standing: Standing) -> Change | None:
        standing.spec(canary)
        rollout = _kept_out(standing, canary)
        move = standing.last(canary)
        if rollout is None and move and move.record.action in {Action.ABORT, Action.RETREAT}:
            rollout = move.record.rollout
        if rollout is None:
            raise Refused(
                f"{canary} has nothing to retry: no version of it was condemned or given up last.",
                remedy="see `gitops-canary quarantine list`; `quarantine lift` lets a version in",
            )
        said = f"retry of {rollout}"
        if standing.ground(canary).owned.settled:
            # The rollback has put the stable version back, so there is nothing to begin with yet.
            said += ", once its version is committed again"
        return controlled(standing, canary, "retry", value=rollout, said=said)

    return want


def lifted(rollout: RolloutId) -> Want:
    """Ask to let the versions of one rollout in again."""

    def want(standing: Standing) -> Change | None:
        before = standing.text(QUARANTINE)
        known = sorted({entry.rollout for entry in quarantine.parse(before)})
        if rollout not in known:
            raise SpecError(
                f"No version is in quarantine for the rollout {rollout}.",
                remedy=nearest(rollout, known)
                if known
                else "see `gitops-canary quarantine list`: no version is kept out",
            )
        after = quarantine.lift(before, rollout)
        said = f"quarantine of {rollout} lifted"
        return Change(path=QUARANTINE, before=before, after=after, said=said)

    return want


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What became of a wish."""

    change: Change | None
    revision: Revision | None = None
    """The commit that says it; None where nothing had to change, or nothing was to be written."""


def carry_out(
    checkout: Checkout,
    want: Want,
    *,
    rules: Rules,
    now_ms: int,
    note: Callable[[Change], str],
    to: str | None,
    only_look: bool = False,
) -> Done:
    """Commit what is wanted onto the branch as it is now; again where somebody pushes first.

    `note` writes the commit message; `to` is the branch to push to, None for none.

    Raises:
        CanaryError: it cannot be done; nothing was pushed.
    """
    for attempt in range(ATTEMPTS):
        tip = checkout.fetch()
        change = want(Standing(checkout, tip, rules, now_ms=now_ms))
        if change is None or change.before == change.after:
            return Done(change=None)
        if only_look:
            return Done(change=change)
        revision = checkout.commit(tip, {change.path: change.after.encode()}, note(change))
        if to is None:
            return Done(change=change, revision=revision)
        try:
            checkout.push(revision, to, onto=tip)
        except Conflict:
            if to != checkout.branch or attempt == ATTEMPTS - 1:
                raise
            continue
        return Done(change=change, revision=revision)
    raise AssertionError("the last attempt returns or raises")


def _kept_out(standing: Standing, canary: CanaryId) -> RolloutId | None:
    """Find the rollout that put the candidate at the tip into quarantine."""
    digest = standing.ground(canary).owned.candidate.digest
    entry = quarantine.barring(standing.entries(), canary, digest)
    return entry.rollout if entry else None


def controlled(
    standing: Standing,
    canary: CanaryId,
    name: str,
    *,
    value: str | bool,
    said: str,
    onto: Change | None = None,
) -> Change:
    """Write one entry into the Canary document, on top of another change of it."""
    spec = standing.spec(canary)
    path = Path(spec.place.file)
    before = standing.text(path)
    text = onto.after if onto else before
    after = steer(text, standing.index(canary), spec.dialect, name, value, file=path)
    return Change(path=path, before=before, after=after, said=said)
