"""An abort claims to revert a commit only where nothing of it stays."""

import pytest
from telling import Telling

STORY = """\
00:00 commits {what}
00:05 tick
00:30 synced
00:35 tick
01:00 synced
{later}00:55 checks bad
02:00 tick
03:00 tick
"""


@pytest.mark.parametrize(
    ("what", "later", "whole"),
    [
        ("candidate v2", "", True),
        ("candidate v2 and note blue", "", False),
        ("candidate v2 and control paused: false", "", False),
        ("candidate v2", "01:00 commits note blue\n", False),
    ],
    ids=["the version alone", "the same file", "another file", "edited since"],
)
def test_an_abort_says_how_much_of_a_commit_it_undoes(
    what: str, later: str, *, whole: bool
) -> None:
    telling = Telling()
    told = telling.play(STORY.format(what=what, later=later))
    tip = telling.ledger.tip
    assert tip is not None, told
    message = telling.ledger.commit(tip).message
    source = telling.ledger.find("candidate v2")
    lines = message.splitlines()

    assert "abort v2" in lines[0], told
    assert f"Canary-Reverts: {telling.ledger.find('0% -> 10%')} {source}" in lines
    assert (f"This reverts commit {source}." in lines) is whole
    assert (f"Of commit {source} only what" in message) is not whole
