"""Prometheus' HTTP API, and whatever speaks it: Thanos, Mimir, VictoriaMetrics."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from gitops_canary.http import Failed, Opening, Reply, Request, Secrets, Session
from gitops_canary.http.session import CONCURRENT_MAX
from gitops_canary.metrics.http import OK, refusal, within
from gitops_canary.metrics.prometheus_answer import Hide, read
from gitops_canary.model.observation import Answer, Question


class Prometheus:
    """One metric source."""

    def __init__(self, opening: Opening) -> None:
        self._session = Session(opening)

    @property
    def opening(self) -> Opening:
        """What it was opened with."""
        return self._session.opening

    async def ask(self, questions: Sequence[Question]) -> Mapping[Question, Answer]:
        """Answer all questions at once, under one deadline; trouble is told in `Answer.error`."""
        gate = asyncio.Semaphore(CONCURRENT_MAX)

        async def one(question: Question, secrets: Secrets) -> Answer:
            async with gate:
                return await self._one(question, secrets)

        return await within(self._session, questions, one)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._session.aclose()

    async def _one(self, question: Question, secrets: Secrets) -> Answer:
        # The query travels in the body, so that no log of URLs has it.
        reply = await self._session.call(
            Request(
                method="POST",
                path=f"/api/v1/{'query_range' if question.step_ms else 'query'}",
                headers=secrets.standard,
                form=form(question, self._session.opening.timeout_ms),
            )
        )
        return answer(reply, secrets.hidden)


def answer(reply: Reply, hide: Hide) -> Answer:
    """Read a reply of the API.

    Raises:
        Failed: it is none.
    """
    if reply.status not in OK:
        return Answer(error=refusal(reply, _said(reply, hide)))
    return replace(read(reply.body, hide), clock_ms=reply.clock_ms)


def _said(reply: Reply, hide: Hide) -> str:
    """Give the server's words; empty where it has none."""
    try:
        return read(reply.body, hide).error or ""
    except Failed:
        return ""


_WHOLE: Mapping[str, str] = {
    # Thanos: raw samples only, replicas joined, and an error where a store is missing instead of a
    # warning.
    "dedup": "true",
    "partial_response": "false",
    "max_source_resolution": "0s",
    # VictoriaMetrics' cluster: the same, and no cached points whose end has been rounded.
    "deny_partial_response": "1",
    "nocache": "1",
    # Nor the point before in the place of one that is newer than `-search.latencyOffset`.
    "latency_offset": "0s",
}
"""What asks for whole answers; servers leave alone what they do not know."""


def form(question: Question, timeout_ms: int) -> dict[str, str]:
    """Write a question as the parameters of the API."""
    form = {"query": question.expression, "timeout": f"{timeout_ms}ms", **_WHOLE}
    if question.step_ms:
        form["start"] = _seconds(question.start_ms)
        form["end"] = _seconds(question.end_ms)
        form["step"] = _seconds(question.step_ms)
    else:
        form["time"] = _seconds(question.start_ms)
    if question.lookback_ms:
        form["lookback_delta"] = _seconds(question.lookback_ms)
    return form


def _seconds(at_ms: int) -> str:
    """Write milliseconds as seconds, exactly.

    >>> _seconds(1_770_000_000_250), _seconds(-5)
    ('1770000000.250', '-0.005')
    """
    return f"{'-' if at_ms < 0 else ''}{abs(at_ms) // 1000}.{abs(at_ms) % 1000:03}"
