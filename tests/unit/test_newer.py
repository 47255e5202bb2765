"""Records of a version that is newer than this one: told by name, and never guessed at."""

import json
from typing import Any

import pytest
from records import record
from situations import POLICY, move, situation
from test_altered_evidence import decisions

from gitops_canary.app.evidence_models import read_decision
from gitops_canary.core.canonical import canonical
from gitops_canary.core.decide import decide
from gitops_canary.core.evidence import PAGES, SCHEMA
from gitops_canary.core.judges.sequential_types import RULE
from gitops_canary.core.pages import pages
from gitops_canary.core.recompute import recompute
from gitops_canary.core.recorded import newer
from gitops_canary.errors import NewerRecordError, VerificationError
from gitops_canary.model.decision import Hold, Wait
from gitops_canary.model.rollout import Action

Json = dict[str, Any]
BEYOND = "Commit 0123 is signed as ours, in format 2."


def decision(**changes: Any) -> Json:
    """Give a decision on record, changed."""
    _, document, _ = next(one for one in decisions() if one[1]["verdicts"])
    copy: Json = json.loads(json.dumps(document))
    return {**copy, **changes}


def by_rule(number: int, **changes: Any) -> Json:
    made = decision(**changes)
    made["timing"]["rule"] = number
    return made


def test_a_newer_rule_is_not_judged_again_by_an_older_one() -> None:
    with pytest.raises(NewerRecordError, match=f"judged by rule {RULE + 1}.* up to {RULE}"):
        list(recompute(by_rule(RULE + 1), ()))
    list(recompute(by_rule(RULE), ()))


@pytest.mark.parametrize(
    "document",
    [by_rule(RULE + 1, more=1), decision(schema=f"{SCHEMA[:-1]}2"), decision(schema="x/v10", a=1)],
)
def test_what_a_newer_version_added_is_told_as_such(document: Json) -> None:
    known = "gitops-canary.dev" in document["schema"]
    with pytest.raises(VerificationError) as raised:
        read_decision(canonical(document), name="decision-01.json")
    assert isinstance(raised.value, NewerRecordError) is known
    assert ("that wrote it, or a newer one" in raised.value.remedy) is known


@pytest.mark.parametrize("odd", [[], "text", {}, {"timing": 1}, {"timing": {"rule": "99"}}, None])
def test_what_is_no_decision_is_no_newer_one(odd: object) -> None:
    assert newer(odd) == ""


def test_pages_with_a_decision_of_a_newer_version_stay_as_they_are() -> None:
    ended = record(action=Action.FINISH)
    old, new = (canonical(decision(pages=number)) for number in (PAGES, PAGES + 1))
    assert pages(ended, (old, old)) != {}
    assert pages(ended, (new, old)) == {}


def test_nothing_is_decided_on_a_record_that_cannot_be_read() -> None:
    held = decide(situation(POLICY, move(Action.ADVANCE, "10", 1), beyond=BEYOND))
    assert isinstance(held, Hold)
    assert (held.wait, held.alert) == (Wait.ERROR, True)
    assert held.reason.endswith(f"had written it: {BEYOND}")
    assert "run the version of gitops-canary that wrote it" in held.remedy
    suspended = decide(
        situation(POLICY, move(Action.ADVANCE, "10", 1), beyond=BEYOND, suspend=True)
    )
    assert isinstance(suspended, Hold)
    assert suspended.wait is Wait.SUSPENDED
