"""Every story is played through the whole controller; its ticks must decide what it says."""

import os
from pathlib import Path

import pytest
from telling import Telling

STORIES = sorted(Path(__file__).parent.glob("*.txt"))


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.stem)
def test_story(story: Path) -> None:
    text = story.read_text()
    told = Telling().play(text)
    if os.environ.get("STORIES") == "rewrite":
        story.write_text(told)
    assert told == text
