"""A fixed delay counts from when the commit was first seen, also for those who only look."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from shelf import SINCE, expected

from gitops_canary.model.observation import UNSEEN, Answer, Liveness, Question
from gitops_canary.sync.none import WARNING, Nothing

MOVE = expected("0", "5")
DELAY_MS = 10_000
SEEN_MS = SINCE + 60_000


class Away:
    """A metric source that answers nothing, so that this machine's clock counts."""

    async def ask(self, questions: Sequence[Question]) -> Mapping[Question, Answer]:
        return {question: Answer(error="away") for question in questions}


def look(source: Nothing, now_ms: int) -> Liveness:
    return asyncio.run(source.observe([MOVE], Away(), now_ms))[MOVE]


def test_one_who_only_looks_knows_since_when_the_controller_waits(tmp_path: Path) -> None:
    file = tmp_path / "config.seen"
    runs = Nothing(source="default", delay_ms=DELAY_MS, memory=file)
    assert look(runs, SEEN_MS).live_ms is None
    kept = file.read_bytes()

    looks = Nothing(source="default", delay_ms=DELAY_MS, memory=file, writes=False)
    assert look(looks, SEEN_MS + DELAY_MS).live_ms == SEEN_MS + DELAY_MS
    assert file.read_bytes() == kept


def test_what_is_not_proven_is_told_once_and_with_every_answer(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    runs = Nothing(source="default", delay_ms=DELAY_MS, memory=tmp_path / "config.seen")
    asyncio.run(runs.observe([], Away(), SEEN_MS))
    assert not caplog.records
    look(runs, SEEN_MS)
    found = look(runs, SEEN_MS + DELAY_MS)
    assert [r.message for r in caplog.records] == [WARNING]
    assert found.proof[0].startswith(UNSEEN)


def test_one_who_only_looks_leaves_nothing_behind(tmp_path: Path) -> None:
    file = tmp_path / "config.seen"
    looks = Nothing(source="default", delay_ms=DELAY_MS, memory=file, writes=False)
    assert look(looks, SEEN_MS + DELAY_MS).live_ms is None
    assert not file.exists()
