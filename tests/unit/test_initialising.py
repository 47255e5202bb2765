"""When a step of initialising is committed, and when it waits: pure decisions."""

from dataclasses import replace
from typing import Any

import pytest
from first_canary import plain

from gitops_canary.app.beginnings import remaining
from gitops_canary.app.reading import Rules
from gitops_canary.core.initialising import Beginning, decide, expected, plan
from gitops_canary.manifest.document import parse
from gitops_canary.manifest.initial.terrain import survey
from gitops_canary.manifest.spec_file import read_canary
from gitops_canary.model.decision import Act, Hold, Wait
from gitops_canary.model.names import Digest, Path, Revision
from gitops_canary.model.observation import Liveness
from gitops_canary.model.owned import Side
from gitops_canary.sync.live_object import Thing, selecting

TIP = Revision("a" * 40)
NOW = 1_770_000_000_000
LIVE = Liveness(live_ms=NOW - 5_000, proof=("seen",), waiting="")
CANARY = """\
apiVersion: gitops-canary.dev/v1alpha1
kind: Canary
metadata: {name: web, namespace: prod}
spec:
  provider: istio
  targetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  analysis:
    threshold: 1
    stepWeights: [10]
    metrics: [{name: request-success-rate, thresholdRange: {min: 99}}]
"""


def beginning(step: int = 1, **changes: Any) -> Beginning:
    """A canary of which the steps before are there."""
    root = parse(CANARY, file="c.yaml")[0]
    assert root is not None
    spec = read_canary(
        root, file="c.yaml", templates=lambda _space, _name: None, allow_missing=frozenset(),
        default_provider=None,
    )  # fmt: skip
    texts = {Path(p): t for p, t in plain("istio", {"c.yaml": CANARY}).items()}
    rules = Rules(paths=(), default_provider=None)
    for _ in range(step - 1):
        texts |= remaining(survey(texts), spec, rules)[1][0].files
    made = Beginning(
        spec=spec,
        tip=TIP,
        tip_ms=NOW - 60_000,
        stages=remaining(survey(texts), spec, rules)[1],
        before={},
        moves=(),
        workload=Side(
            digest=Digest(f"sha256:{'0' * 64}"), images={"app": "acme/web:1"}, replicas=3
        ),
        routes=(),
        selects=("app", "web-primary"),
    )
    return replace(made, **changes)


def test_the_first_step_waits_for_nothing() -> None:
    one = beginning()
    act = decide(one, None, NOW)
    assert isinstance(act, Act)
    assert (act.step, act.at_ms, expected(one, delay_ms=1, settle_ms=1)) == (1, one.tip_ms, None)
    made = plan(act, one)
    assert (made.record.source, made.record.stable, made.record.previous) == (TIP, TIP, None)
    assert (act.failed, made.record.failed, made.files) == (0, 0, one.stages[0].files)
    assert made.commit.message == plan(decide(one, None, NOW + 9), one).commit.message  # type: ignore[arg-type]  # it is an act, too
    assert "Next: step 2/3, once its pods are ready." in made.commit.message.replace("\n", " ")
    told = plan(act, replace(one, remarks=("Look at a.yaml:1:1: this. To do: that.",)))
    assert "\n\nLook at a.yaml:1:1: this. To do: that.\n\n" in told.commit.message


def test_users_are_sent_over_only_to_pods_that_were_seen() -> None:
    one = beginning(2)
    wanted = expected(one, delay_ms=1_000, settle_ms=1)
    assert wanted is not None
    assert (wanted.primary_images, wanted.primary_replicas) == ({"app": "acme/web:1"}, 3)
    unseen = decide(one, replace(LIVE, assumed=True), NOW)
    assert isinstance(unseen, Hold)
    assert (unseen.wait, unseen.alert) == (Wait.PERSON, True)
    act = decide(one, LIVE, NOW)
    assert isinstance(act, Act)
    assert act.at_ms == LIVE.live_ms


def test_the_old_pods_rest_only_once_the_service_has_left_them() -> None:
    wanted = expected(beginning(3), delay_ms=1_000, settle_ms=1)
    assert wanted is not None
    assert (wanted.selects, wanted.primary_images) == (("app", "web-primary"), None)
    service = Thing("v1", "Service", "prod", "web")
    for found, live in (("web", None), ("web-primary", NOW)):
        fact = selecting(
            {"spec": {"selector": {"app": found}}}, service, wanted.selects or ("", ""),
            since_ms=NOW - 9, applied_ms=NOW,
        )  # fmt: skip
        assert fact.at_ms == live


@pytest.mark.parametrize("step", [1, 2, 3])
def test_who_suspends_or_pauses_is_obeyed(step: int) -> None:
    one = beginning(step)
    for changes, wait in (
        ({"suspend": True}, Wait.SUSPENDED),
        ({"control": replace(one.spec.control, paused=True)}, Wait.PAUSED),
    ):
        held = decide(replace(one, spec=replace(one.spec, **changes)), LIVE, NOW)
        assert isinstance(held, Hold)
        assert held.wait is wait
