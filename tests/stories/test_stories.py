"""Every story is played through the whole controller; its ticks must decide what it says."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from telling import WEB, Telling

from gitops_canary.app.evidence_models import read_decision
from gitops_canary.cli.outcome import WAITS
from gitops_canary.core.evidence import decision_path
from gitops_canary.core.recompute import recompute
from gitops_canary.core.replay import by_canary, moves
from gitops_canary.model.decision import Hold

STORIES = sorted(Path(__file__).parent.glob("*.txt"))


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.stem)
def test_story(story: Path) -> None:
    text = story.read_text()
    telling = Telling()
    told = telling.play(text)
    if os.environ.get("STORIES") == "rewrite":
        story.write_text(told)
    assert told == text
    assert [one for one in stops(telling) if not one.remedy] == [], "a stop says what to do next"
    assert list(otherwise(telling)) == [], "every decision follows from its record"


def otherwise(telling: Telling) -> Iterator[str]:
    """Say what of the decisions that are on record comes out otherwise when decided again."""
    ledger = telling.ledger
    assert ledger.tip is not None
    files = ledger.tree(ledger.proof) if ledger.proof else {}
    rollout = by_canary(moves(ledger.history(ledger.tip))).rollout(WEB)
    for number, move in enumerate(rollout.moves if rollout else (), 1):
        path = decision_path(move.record, number)
        if data := files.get(path):
            document = read_decision(data, name=path)
            yield from recompute(document, rollout.moves[: number - 1] if rollout else ())


def stops(telling: Telling) -> Iterator[Hold]:
    """List every hold of a story that a person has to end."""
    for report in telling.reports:
        for one in report.decisions.values():
            if isinstance(one, Hold) and (one.alert or WAITS[one.wait] in {1, 4}):
                yield one
