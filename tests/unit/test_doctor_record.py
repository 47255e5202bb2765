"""Whose the newest move is, as `doctor` says."""

from dataclasses import replace

from records import record as of
from records import revision

from gitops_canary.app.doctor import Health
from gitops_canary.app.doctor_record import record
from gitops_canary.core.message import compose
from gitops_canary.model.commits import Commit

OURS = Commit(
    revision=revision(7),
    parents=(),
    author="a <a@x>",
    committer="a <a@x>",
    date_ms=0,
    message=compose("10% -> 12.5%", paragraphs=["Why."], verdict=None, record=of()),
    ours=True,
)
TALK = replace(OURS, message="Say that Canary-Format: 1 is what it is\n", ours=False)


def test_the_newest_move_tells_whether_the_old_key_was_forgotten() -> None:
    def told(*commits: Commit) -> list[tuple[Health, str]]:
        return [(one.health, one.what) for one in record(commits, "main")]

    foreign = replace(OURS, ours=False)
    assert told() == told(TALK) == []
    assert told(TALK, OURS, foreign) == [
        (Health.OK, "the newest move, 000000000000, counts as ours")
    ]
    [(health, what)] = told(foreign, OURS)
    assert health is Health.HINT
    assert "counts as a person's commit: no trusted key signed it" in what
