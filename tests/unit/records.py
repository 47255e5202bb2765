"""Records for tests of messages and of replay."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from gitops_canary.model.names import CanaryId, Digest, Revision, RolloutId
from gitops_canary.model.rollout import Action, Outcome, Record, Window


def revision(number: int) -> Revision:
    return Revision(f"{number:040x}")


RECORD = Record(
    canary=CanaryId("prod/web"),
    rollout=RolloutId("0123456789ab"),
    action=Action.ADVANCE,
    step=2,
    steps=5,
    weight_from=Decimal(10),
    weight_to=Decimal("12.5"),
    version="app=example/web:2.0",
    verdict=Outcome.PASS,
    failed=1,
    threshold=5,
    window=Window(start_ms=1_770_000_000_250, end_ms=1_770_000_060_250),
    policy=Digest(f"sha256:{'a' * 64}"),
    evidence=Digest(f"sha256:{'b' * 64}"),
    source=revision(1),
    stable=revision(2),
    previous=revision(3),
    reverts=(),
)


def record(**changes: Any) -> Record:
    return replace(RECORD, **changes)
