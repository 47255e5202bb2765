"""What webhooks said is in the evidence, and every decision follows from it again."""

import json
from pathlib import Path

import pytest
from telling import WEB, Telling

from gitops_canary.app.evidence_models import read_decision
from gitops_canary.core.evidence import decision_path
from gitops_canary.core.recompute import recompute
from gitops_canary.core.replay import by_canary, moves

STORIES = sorted(Path(__file__).parent.glob("webhook_*.txt"))


def played(story: Path) -> Telling:
    telling = Telling()
    telling.play(story.read_text())
    return telling


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.stem)
def test_every_decision_follows_from_its_record(story: Path) -> None:
    telling = played(story)
    ledger = telling.ledger
    assert ledger.tip is not None
    assert ledger.proof is not None
    rollout = by_canary(moves(ledger.history(ledger.tip))).rollout(WEB)
    assert rollout is not None
    told = 0
    for number, move in enumerate(rollout.moves, 1):
        path = decision_path(move.record, number)
        document = read_decision(ledger.tree(ledger.proof)[path], name=path)
        told += len(document.get("webhooks", []))
        assert list(recompute(document, rollout.moves[: number - 1])) == []
    assert told, "no webhook is in the evidence"


def test_a_changed_answer_is_found() -> None:
    [story] = [one for one in STORIES if one.stem == "webhook_before_the_first_weight"]
    ledger = played(story).ledger
    assert ledger.tip is not None
    assert ledger.proof is not None
    rollout = by_canary(moves(ledger.history(ledger.tip))).rollout(WEB)
    assert rollout is not None
    document = json.loads(ledger.tree(ledger.proof)[decision_path(rollout.moves[1].record, 2)])
    document["webhooks"][-1] |= {"passed": False, "status": 500, "why": "HTTP 500"}
    assert list(recompute(document, rollout.moves[:1]))


def test_an_abort_names_the_webhook_that_asked_for_it() -> None:
    [story] = [one for one in STORIES if one.stem == "webhook_takes_back"]
    ledger = played(story).ledger
    assert ledger.tip is not None
    assert ledger.proof is not None
    rollout = by_canary(moves(ledger.history(ledger.tip))).rollout(WEB)
    assert rollout is not None
    path = decision_path(rollout.last.record, len(rollout.moves))
    document = json.loads(ledger.tree(ledger.proof)[path])
    assert document["action"] == "abort"
    assert [row["name"] for row in document["webhooks"]] == ["panic"]
    assert document["alternatives"][0]["whyNot"] == "a rollback webhook asked for the abort"
