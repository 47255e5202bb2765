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


class Silent:
    """A metric source that is away for a while, and tells the time once it is back."""

    clock_ms: int | None = None

    async def ask(self, questions: Sequence[Question]) -> Mapping[Question, Answer]:
        found = Answer(clock_ms=self.clock_ms, silent=self.clock_ms is None)
        return dict.fromkeys(questions, found)


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


def test_what_a_clock_behind_saw_while_the_source_was_silent_is_counted_back_by_a_steady_one(
    tmp_path: Path,
) -> None:
    steady, metrics, behind_ms = [0], Silent(), 3_600_000
    file = tmp_path / "config.seen"
    runs = Nothing(source="x", delay_ms=DELAY_MS, memory=file, steady=lambda: steady[0])

    def live_ms(one: Nothing, passed_ms: int) -> int | None:
        now_ms = SEEN_MS + passed_ms - (0 if metrics.clock_ms else behind_ms)
        return asyncio.run(one.observe([MOVE], metrics, now_ms))[MOVE].live_ms

    assert live_ms(runs, 0) is None
    steady[0] = DELAY_MS - 1_000
    later = Nothing(source="x", delay_ms=DELAY_MS, memory=file, steady=lambda: steady[0])
    assert live_ms(later, DELAY_MS - 1_000) is None, "it waits on in the next process"
    metrics.clock_ms = SEEN_MS + DELAY_MS - 1_000
    anew = Nothing(source="x", delay_ms=DELAY_MS, memory=file, steady=lambda: steady[0])
    assert live_ms(runs, DELAY_MS - 1_000) is None
    assert live_ms(anew, DELAY_MS - 1_000) is None
    steady[0] += 1_000
    metrics.clock_ms += 1_000
    assert live_ms(runs, DELAY_MS) == SEEN_MS + DELAY_MS
