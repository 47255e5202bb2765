"""Metric sources beside each other: what breaks one stops no other."""

import asyncio
import logging
from collections.abc import Mapping, Sequence

import pytest

from gitops_canary.metrics.sources import Sources
from gitops_canary.model.observation import Answer, Question


class Broken:
    """A source with a bug."""

    async def ask(self, questions: Sequence[Question]) -> Mapping[Question, Answer]:
        raise ValueError(questions[0].expression)

    async def aclose(self) -> None: ...


class Well:
    """A source that answers."""

    async def ask(self, questions: Sequence[Question]) -> Mapping[Question, Answer]:
        return dict.fromkeys(questions, Answer())

    async def aclose(self) -> None: ...


def test_a_bug_in_one_source_is_its_error_alone(caplog: pytest.LogCaptureFixture) -> None:
    bad, good = (
        Question(source=name, expression="up", start_ms=0, end_ms=0) for name in ("bad", "good")
    )
    with caplog.at_level(logging.ERROR):
        found = asyncio.run(Sources({"bad": Broken(), "good": Well()}).ask([bad, good]))
    assert found[good].error is None
    assert "by a bug of ours" in (found[bad].error or "")
    assert "the metric source bad" in caplog.text
