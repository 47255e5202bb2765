"""What steers a rollout, and what its policy digest follows."""

import pytest
from canary_texts import Json, analysis, flagger, own, read, refusal

from gitops_canary.manifest.spec_file import (
    policy_json,
)


def annotated(**annotations: str) -> Json:
    document = flagger()
    document["metadata"]["annotations"] = {
        f"gitops-canary.dev/{name}": value for name, value in annotations.items()
    }
    return document


def test_annotations_steer_a_flagger_canary() -> None:
    document = annotated(
        paused="true",
        approve="0123456789ab/2, 0123456789ab/3",
        abort="0123456789ab",
        retry="ffffffffffff",
        resume="0123456789ab/12.5",
        id="shop/checkout",
    )
    spec = read(document)
    assert spec.id == "shop/checkout"
    control = spec.control
    assert control.paused
    assert control.approve == ("0123456789ab/2", "0123456789ab/3")
    assert (control.abort, control.retry) == ("0123456789ab", "ffffffffffff")
    assert control.resume == "0123456789ab/12.5"


def test_foreign_annotations_are_nobodys_business() -> None:
    document = flagger()
    document["metadata"]["annotations"] = {"kuma.io/mesh": "default"}
    assert read(document) == read(flagger())


@pytest.mark.parametrize(
    ("annotations", "problem"),
    [
        ({"pausd": "true"}, "gitops-canary.dev/pausd is not known"),
        ({"paused": "yes"}, "gitops-canary.dev/paused is 'yes'"),
        ({"abort": "all"}, "gitops-canary.dev/abort is 'all'"),
        ({"approve": "0123456789ab"}, "gitops-canary.dev/approve is"),
        ({"resume": "0123456789ab/101"}, "gitops-canary.dev/resume is"),
        ({"id": "../x"}, "gitops-canary.dev/id is '../x'"),
        ({"id": "a\nb"}, "gitops-canary.dev/id is 'a\\nb'"),
    ],
)
def test_wrong_annotation_is_refused(annotations: dict[str, str], problem: str) -> None:
    assert problem in refusal(annotated(**annotations)).problem


def test_policy_digest_follows_what_it_says_and_nothing_else() -> None:
    base = read(flagger()).policy
    assert base.digest.startswith("sha256:")
    assert len(base.digest) == len("sha256:") + 64
    assert read(flagger(suspend=True, service={"port": 81})).policy.digest == base.digest
    assert read(flagger(progressDeadlineSeconds=600)).policy == base
    assert read(flagger(progressDeadlineSeconds=601)).policy.digest != base.digest
    digests = {
        read(flagger(analysis=analysis(**{key: value}))).policy.digest
        for key, value in (("threshold", 4), ("interval", "2m"), ("stepWeights", [10, 51]))
    }
    assert len(digests | {base.digest}) == 4


def test_policy_json_is_pinned() -> None:
    assert policy_json(read(flagger()).policy) == {
        "steps": ["10", "50"],
        "intervalMs": 60_000,
        "threshold": 3,
        "checks": [
            {
                "name": "request-success-rate",
                "source": "default",
                "builtin": "request-success-rate",
                "query": "",
                "intervalMs": 60_000,
                "minimum": "99",
                "maximum": None,
                "variables": {},
                "address": None,
            }
        ],
        "progressDeadlineMs": 600_000,
        "skipAnalysis": False,
        "attemptsMax": 3,
        "settleMs": 30_000,
    }


def test_gates_and_rollback_window_of_our_own_dialect() -> None:
    policy = read(own(gates={"approval": [2, 0, 2]}, rollbackWindow="24h")).policy

    assert policy.approvals == (0, 2)
    assert policy.rollback_window_ms == 86_400_000


def test_a_gate_at_a_step_that_is_not_there_is_refused() -> None:
    problem = refusal(own(gates={"approval": [3]})).problem

    assert "gates.approval[0] exceeds the 2 steps of the ladder" in problem
