"""What the pull request shows while a story is played, and after it."""

from pathlib import Path

import pytest
from telling import Telling

from gitops_canary.app.noticing import notices
from gitops_canary.model.notice import Mark, Notice

STORIES = Path(__file__).parent


def shown(story: str) -> list[Notice]:
    """Give each notice of a story that differs from the one before, in order."""
    telling = Telling()
    telling.play((STORIES / f"{story}.txt").read_text())
    found: list[Notice] = []
    for report in telling.reports:
        for one in notices(report):
            if not found or found[-1] != one:
                found.append(one)
    return found


@pytest.mark.parametrize(
    ("story", "mark", "words"),
    [
        ("promoted", Mark.SUCCESS, "rolled out"),
        ("returned_in_steps", Mark.SUCCESS, "rolled out"),
        ("watched", Mark.SUCCESS, "rolled out"),
        ("watch_condemned", Mark.FAILURE, "## Before the next try"),
        ("condemned", Mark.FAILURE, "## Before the next try"),
        ("idle_at_zero", Mark.FAILURE, "## Before the next try"),
        ("blue_green", Mark.SUCCESS, "rolled out"),
    ],
)
def test_last_word_stands_with_its_summary(story: str, mark: Mark, words: str) -> None:
    found = shown(story)
    last = [one for one in found if one.key == found[0].key][-1]
    assert last.mark is mark
    assert words in last.body
    assert "## Rollback conditions in force" in last.body
    assert last.page.endswith(f"{last.key}/README.md")


@pytest.mark.parametrize("story", ["promoted", "returned_in_steps", "condemned", "idle_at_zero"])
def test_until_then_it_is_short_and_one_for_each_rollout(story: str) -> None:
    found = shown(story)
    under_way = [one for one in found if one.mark is Mark.PENDING]
    assert len(under_way) > 1
    assert not [one for one in under_way if "## " in one.body.replace("### ", "")]
    ended = [one.key for one in found if one.mark is not Mark.PENDING]
    assert len(ended) == len(set(ended)), "a rollout ends once"
    assert {one.source for one in found if one.key == found[0].key} == {found[0].source}
