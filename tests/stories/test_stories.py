"""Every story is played through the whole controller; its ticks must decide what it says."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from telling import Telling

from gitops_canary.cli.outcome import WAITS
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


def stops(telling: Telling) -> Iterator[Hold]:
    """List every hold of a story that a person has to end."""
    for report in telling.reports:
        for one in report.decisions.values():
            if isinstance(one, Hold) and (one.alert or WAITS[one.wait] in {1, 4}):
                yield one
