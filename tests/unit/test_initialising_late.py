"""What each step of initialising waits for, how long that is normal, and what it is told by."""

from dataclasses import replace
from typing import Any

import pytest
from records import record, revision
from test_initialising import LIVE, NOW, TIP, beginning

from gitops_canary.core.initialising import Beginning, decide, expected, plan
from gitops_canary.model.decision import Act, Hold, Wait
from gitops_canary.model.names import Digest, Path, RolloutId
from gitops_canary.model.observation import Liveness
from gitops_canary.model.owned import DocRef, Side
from gitops_canary.model.rollout import Action, Move

ROUTE = DocRef(
    file=Path("route.yaml"), index=0, kind="VirtualService", api_version="v1", namespace="prod",
    name="web",
)  # fmt: skip
DEADLINE = 600_000


def made(step: int, date_ms: int = NOW - 30_000) -> Move:
    """The commit of an earlier step."""
    one = record(action=Action.INITIALISE, step=step, rollout=RolloutId("0123456789ab"))
    return Move(record=one, revision=revision(7), date_ms=date_ms)


def held(one: Beginning, live: Liveness | None = None, now_ms: int = NOW) -> Hold:
    found = decide(one, live, now_ms)
    assert isinstance(found, Hold)
    return found


def test_nothing_from_before_the_last_step_and_its_delay_is_proof() -> None:
    person = expected(beginning(2), delay_ms=1_000, settle_ms=7)
    ours = expected(beginning(2, moves=(made(1),)), delay_ms=1_000, settle_ms=7)

    assert person is not None
    assert ours is not None
    assert (person.since_ms, person.revision) == (NOW - 60_000 + 1_000, TIP)
    assert (ours.since_ms, ours.revision) == (NOW - 30_000 + 1_000, revision(7))
    assert (ours.settle_ms, ours.version_unseen) == (7, False)


def test_routes_are_looked_at_once_users_are_sent_over() -> None:
    second, third = (
        expected(beginning(step, routes=(ROUTE,)), delay_ms=0, settle_ms=0) for step in (2, 3)
    )

    assert second is not None
    assert third is not None
    assert (second.routes, second.selects) == ((), None)
    assert (third.routes, third.primary_replicas) == ((ROUTE,), None)


@pytest.mark.parametrize(
    ("age_ms", "late"), [(DEADLINE, False), (DEADLINE + 1, True), (DEADLINE + 1999, True)]
)
def test_a_step_that_is_not_live_by_its_deadline_calls_for_a_person(
    age_ms: int, *, late: bool
) -> None:
    one = beginning(2, moves=(made(1, NOW - age_ms),))
    one = replace(one, spec=replace(one.spec, policy=replace(
        one.spec.policy, progress_deadline_ms=DEADLINE)))  # fmt: skip
    found = held(one)

    assert (found.wait, found.alert, bool(found.remedy)) == (Wait.LIVE, late, late)
    since = f" for {'601s' if age_ms >= DEADLINE + 1000 else '10m'}" if late else ""
    assert found.reason == (
        f"Step 1/3 of initialising is not live{since}: nobody has said yet that it is live."
    )


def test_a_person_s_step_is_late_by_its_own_commit() -> None:
    one = beginning(2)
    assert not held(one, now_ms=one.tip_ms + one.spec.policy.progress_deadline_ms).alert
    assert held(one, now_ms=one.tip_ms + one.spec.policy.progress_deadline_ms + 1).alert


@pytest.mark.parametrize(
    ("live", "why"),
    [
        (Liveness(live_ms=None, proof=(), waiting="one pod is not ready"), "one pod is not ready"),
        (Liveness(live_ms=None, proof=(), waiting=""), "nobody has said yet that it is live"),
    ],
)
def test_what_is_missing_is_told(live: Liveness, why: str) -> None:
    assert held(beginning(2), live).reason.endswith(f"is not live: {why}.")


def test_a_step_that_was_committed_and_is_gone_is_a_person_s() -> None:
    found = held(beginning(2, moves=(made(1), made(2))), LIVE)

    assert (found.wait, found.alert) == (Wait.OVERRIDE, True)
    assert found.reason.startswith("Step 2/3 of initialising was committed, and is not there")
    assert isinstance(decide(beginning(2, moves=(made(1),)), LIVE, NOW), Act)


def test_the_last_step_believes_a_settle_time() -> None:
    assert isinstance(decide(beginning(3), replace(LIVE, assumed=True), NOW), Act)


@pytest.mark.parametrize(("version", "says"), [({"app": "acme/web:1"}, "app=acme/web:1"), ({}, "")])
def test_steps_of_ours_go_on_from_the_one_before(version: dict[str, str], says: str) -> None:
    workload = Side(digest=Digest(f"sha256:{'0' * 64}"), images=version, replicas=3)
    first = made(1)
    one = beginning(2, moves=(first,), workload=workload)
    act = decide(one, LIVE, NOW)
    assert isinstance(act, Act)
    found: Any = plan(act, one).record

    assert act.rollout == first.record.rollout
    assert (found.previous, found.source, found.stable) == (
        first.revision, first.record.source, first.record.stable,
    )  # fmt: skip
    assert found.version == (says or f"template@sha256:{'0' * 64}")
    assert (found.failed, found.step, found.steps) == (0, 2, 3)
