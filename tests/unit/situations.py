"""A canary in the middle of a rollout, as `decide` sees it."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from checks import spec

from gitops_canary.core.situation import Situation
from gitops_canary.model.names import CanaryId, Digest, Revision, RolloutId
from gitops_canary.model.observation import Liveness, Measurement, Verdict
from gitops_canary.model.owned import Owned, Side
from gitops_canary.model.rollout import Action, Move, Outcome, Record, Rollout, Window
from gitops_canary.model.spec import Control, Policy

LIVE_MS = 1_000_000
POLICY = spec().policy
OLD, NEW = (
    Side(digest=Digest(f"sha256:{name}"), images={"app": f"shop:{name}"}, replicas=1)
    for name in ("1.0.0", "1.1.0")
)


def looks(*outcomes: Outcome) -> tuple[Verdict, ...]:
    """Verdicts half a minute apart since the move was live."""
    return tuple(
        Verdict(
            outcome=outcome,
            window=Window(start_ms=LIVE_MS + i * 30_000, end_ms=LIVE_MS + (i + 1) * 30_000),
            measurements=(measured(outcome),),
        )
        for i, outcome in enumerate(outcomes)
    )


def measured(outcome: Outcome) -> Measurement:
    return Measurement(
        check="errors",
        at_ms=LIVE_MS,
        outcome=outcome,
        value="1",
        limit="<= 1",
        samples="9 requests",
        why="why",
    )


def move(action: Action, weight: str, step: int, before: str = "0") -> Move:
    record = Record(
        canary=CanaryId("prod/shop"),
        rollout=RolloutId("0123456789ab"),
        action=action,
        step=step,
        steps=1,
        weight_from=Decimal(before),
        weight_to=Decimal(weight),
        version="app=shop:1.1.0",
        verdict=Outcome.NONE,
        failed=0,
        threshold=2,
        window=None,
        policy=Digest("sha256:0"),
        evidence=None,
        source=Revision("1" * 40),
        stable=Revision("0" * 40),
        previous=None,
        reverts=(),
    )
    return Move(record=record, revision=Revision("2" * 40), date_ms=LIVE_MS - 10_000)


def situation(
    policy: Policy, last: Move, verdicts: Sequence[Verdict] = (), **changes: Any
) -> Situation:
    """The last move is live; nothing was changed by a person."""
    owned = Owned(
        candidate=NEW, primary=OLD, weight=last.record.weight_to, shape=Digest("sha256:route")
    )
    values: dict[str, Any] = {
        "canary": CanaryId("prod/shop"),
        "policy": policy,
        "control": Control(),
        "suspend": False,
        "deleted": False,
        "tip": owned,
        "written": owned,
        "rollout": Rollout(moves=(last,)),
        "candidate_id": last.record.rollout,
        "source_ms": 0,
        "stable": Revision("0" * 40),
        "stable_replicas": 1,
        "renewed": False,
        "quarantined": None,
        "quarantined_until": "9999",
        "tip_ms": 0,
        "live": Liveness(live_ms=LIVE_MS, proof=(), waiting=""),
        "verdicts": tuple(verdicts),
        "now_ms": LIVE_MS + 3_600_000,
        **changes,
    }
    return Situation(**values)
