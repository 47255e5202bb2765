"""The bulk behind a decision: what stands in it, and what does not belong to it."""

import json
from dataclasses import replace
from typing import Any

import pytest
from grounds import AT_MS, act, canary_spec, ground
from situations import move

from gitops_canary.core.basis import Basis
from gitops_canary.core.evidence import decision_json, until
from gitops_canary.core.exposure import exposure_json
from gitops_canary.core.judges.sequential_types import RULE
from gitops_canary.manifest.policy import policy_json
from gitops_canary.model.names import Path, Revision
from gitops_canary.model.observation import Answer, Question, Sample, Series
from gitops_canary.model.rollout import Action
from gitops_canary.model.webhooks import HookType, Reply, Webhook

SPEC = canary_spec()
HERE = ground("1.1.0", "1.0", weight=10).owned
GATE = Webhook(name="gate", type=HookType.CONFIRM_PROMOTION, target="gate")


def basis(**changes: Any) -> Basis:
    values: dict[str, Any] = {
        "spec": SPEC, "policy": SPEC.policy, "effective": policy_json(SPEC.policy),
        "policy_revision": Revision("7" * 40), "origins": {}, "scrape_ms": 15_000, "lag_ms": 5_000,
        "scrape_timeout_ms": 10_000,
        "answers": {}, "before": HERE, "after": HERE, "previous_ms": AT_MS - 90_000, "changes": {},
        **changes,
    }  # fmt: skip
    return Basis(**values)


def record(before: str = "10") -> Any:
    return move(Action.ADVANCE, "50", 1, before).record


def written(**changes: Any) -> Any:
    one = {key: changes.pop(key) for key in ("told", "override", "live") if key in changes}
    return json.loads(decision_json(act(Action.ADVANCE, "50", **one), record(), basis(**changes)))


def test_after_a_finish_the_primary_is_named_as_measured() -> None:
    assert "workload" not in written()["measured"]
    assert written(finished=True)["measured"]["workload"] == "shop-primary"


def test_webhooks_stand_there_where_one_was_asked() -> None:
    assert "webhooks" not in written()
    told = {(GATE, 1_000): Reply(passed=True, status=200, why="HTTP 200")}
    assert written(told=told)["webhooks"] == [
        {"name": "gate", "type": "confirm-promotion", "at": "1970-01-01T00:00:01Z", "passed": True,
         "status": 200, "why": "HTTP 200"}
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("since_ms", "minutes"), [(90_000, "1.5"), (60_000, "1"), (0, "0"), (-5_000, "0"), (100, "0")]
)
def test_exposure_is_the_time_since_the_move_before(since_ms: int, minutes: str) -> None:
    one = act(Action.ADVANCE, "50")
    found = exposure_json(one, record(), basis(previous_ms=AT_MS - since_ms), {})
    assert found is not None
    assert (found["minutes"], found["weight"], found["requests"]) == (minutes, "10", None)


def test_nobody_was_exposed_at_0_nor_before_the_first_move() -> None:
    one = act(Action.ADVANCE, "50")
    assert exposure_json(one, record("0"), basis(), {}) is None
    assert exposure_json(one, record(), basis(previous_ms=None), {}) is None


def test_what_came_after_the_decision_is_cut_off_at_the_questions_own_instants() -> None:
    def ask(start: int, end: int, step: int | None) -> Question:
        return Question(source="a", expression="b", start_ms=start, end_ms=end, step_ms=step or 0)

    samples = tuple(Sample(at, "1") for at in (100, 130, 160))
    answer = Answer(
        series=(Series(labels={}, samples=samples), Series(labels={"a": "b"}, samples=samples[2:]))
    )
    cut = until({ask(100, 190, 30): answer, ask(150, 190, 30): answer}, 149)
    (question,) = cut
    assert (question.start_ms, question.end_ms) == (100, 130)
    assert [[s.at_ms for s in one.samples] for one in cut[question].series] == [[100, 130]]
    (whole,) = until({ask(100, 160, None): answer}, 149)
    assert whole.end_ms == 149
    assert len(until({ask(150, 190, 30): answer}, 150)) == 1


def test_changes_and_sides_are_written_down() -> None:
    one = written(changes={Path("b"): ("x\n", "y\n"), Path("a"): ("", "z\n")})
    assert [change["path"] for change in one["changes"]] == ["a", "b"]
    assert one["owned"]["before"]["weight"] == "10"
    assert one["owned"]["after"]["primary"]["images"] == {"app": "shop:1.0"}
    assert one["timing"] == {
        "scrapeMs": 15_000,
        "lagMs": 5_000,
        "scrapeTimeoutMs": 10_000,
        "rule": RULE,
        "underway": True,
    }


def test_what_is_the_rule_is_left_out() -> None:
    assert "override" not in written()
    assert written(override=True)["override"] is True
    assert "kind" not in written()["measured"]
    daemons = replace(SPEC, target=replace(SPEC.target, kind="DaemonSet"))
    assert written(spec=daemons)["measured"]["kind"] == "DaemonSet"


def test_liveness_is_told_where_it_was_seen() -> None:
    assert written()["live"] == {
        "since": "1970-01-01T00:16:40Z", "proof": ["seen"], "detail": {},
    }  # fmt: skip
    assert written(live=None)["live"] is None


def test_a_sample_at_the_very_instant_counts() -> None:
    question = Question(source="a", expression="b", start_ms=100, end_ms=190, step_ms=30)
    samples = tuple(Sample(at, "1") for at in (100, 130, 160))
    cut = until({question: Answer(series=(Series(labels={}, samples=samples),))}, 160)
    assert [len(one.samples) for answer in cut.values() for one in answer.series] == [3]


def test_what_was_dated_by_merges_says_so_and_nothing_else_does() -> None:
    dates = {"landed", "sealed"}
    assert not dates & written()["timing"].keys()
    timing = written(landed=True)["timing"]
    assert {name: timing[name] for name in dates} == {"landed": True, "sealed": True}
