"""What is read back from a decision on record: what it was, and when the moves before it were."""

import copy
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from records import record, revision
from test_altered_evidence import read

from gitops_canary.core import recorded
from gitops_canary.core.evidence import digest
from gitops_canary.core.recompute import recompute
from gitops_canary.manifest.policy import policy_from_json
from gitops_canary.model.rollout import Action, Move

Json = dict[str, Any]
ALL = read("windows.jsonl", "counts.jsonl", "underway.jsonl", "watched.jsonl")
BY_NAME = {name: (document, before) for name, document, before in ALL}


def changed(name: str, **changes: Any) -> list[str]:
    """Alter a decision on record; what is said against it."""
    document, before = BY_NAME[name]
    return list(recompute({**copy.deepcopy(document), **changes}, before))


def test_a_condemned_version_is_quarantined_and_every_move_names_the_one_before() -> None:
    for name, document, before in ALL:
        act, read_back = recorded.act(document), recorded.record(document, digest(b""))
        condemned = act.action is Action.ABORT
        assert (act.quarantine, act.override) == (condemned, False), name
        assert read_back.previous == (before[-1].revision if before else None), name


def test_what_a_person_overrode_is_read_as_an_override_and_not_decided_again() -> None:
    document, _ = BY_NAME["approved 3 advance"]
    assert recorded.act({**document, "override": True}).override
    assert changed("approved 3 advance", failed="1/2") == ["today's code decides failed 0, not 1"]
    assert changed("approved 3 advance", failed="1/2", override=True) == []


def test_nothing_is_decided_again_without_the_proof_that_it_was_live() -> None:
    assert changed("approved 2 advance", live=None) == []


def test_no_weight_is_that_of_a_step_before_the_first() -> None:
    document, _ = BY_NAME["returned_in_steps 2 advance"]
    last = document["policy"]["effective"]["steps"][-1]
    weight = {**document["weight"], "to": last}
    wrong = changed("returned_in_steps 2 advance", step="0/1", weight=weight)
    assert f"the weight {last} at step 0 is not the policy's, None" in wrong


def test_a_watch_that_was_over_is_told_as_such() -> None:
    document, _ = BY_NAME["watched conditions 6 abort"]
    live = {**document["live"], "since": "2026-02-02T02:44:14Z"}
    wrong = changed("watched conditions 6 abort", live=live)
    assert "today's code would hold: the watch was over" in wrong


def test_the_kind_that_was_measured_is_a_deployment_unless_it_is_told() -> None:
    def kind(**measured: str) -> str:
        document, _ = BY_NAME["approved 3 advance"]
        policy = policy_from_json(document["policy"]["effective"])
        told = {**document["measured"], **measured}
        return recorded.spec({**document, "measured": told}, policy).target.kind

    assert (kind(), kind(kind="DaemonSet")) == ("Deployment", "DaemonSet")


def moves() -> Iterator[Move]:
    """One without a merge, one that was merged later, one of those that a seal dates."""
    plain = Move(record=record(), revision=revision(1), date_ms=1000)
    yield plain
    yield replace(plain, landed_ms=5000)
    yield replace(plain, landed_ms=6000, sealed=True)


@pytest.mark.parametrize(
    ("timing", "dates"),
    [
        ({}, [1000, 1000, 1000]),
        ({"sealed": True}, [1000, 1000, 1000]),
        ({"landed": True}, [1000, 5000, 6000]),
        ({"landed": True, "sealed": True}, [1000, 5000, 1000]),
    ],
)
def test_moves_are_dated_as_the_decision_on_record_did(timing: Json, dates: list[int]) -> None:
    found = recorded.dated({"timing": timing}, tuple(moves()))
    assert [one.date_ms for one in found] == dates


def test_the_fast_way_back_to_what_finished_before_needs_no_verdict_where_it_is_allowed() -> None:
    policy = BY_NAME["skip_analysis 2 promote"][0]["policy"]

    def wrong(**effective: Any) -> list[str]:
        own = {**policy, "effective": {**policy["effective"], "skipAnalysis": False, **effective}}
        return changed("skip_analysis 2 promote", policy=own)[1:]  # the first is of the digest

    assert wrong(rollbackWindowMs=3_600_000) == []
    assert "it promotes without a verdict, and neither policy nor person allows that" in wrong()
    assert "today's code decides action advance, not promote" in wrong()
