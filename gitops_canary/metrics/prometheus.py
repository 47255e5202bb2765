"""Prometheus' HTTP API, and whatever speaks it: Thanos, Mimir, VictoriaMetrics."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from gitops_canary.metrics.http import Credentials, Session
from gitops_canary.metrics.prometheus_answer import Garbled, Hide, read
from gitops_canary.model.observation import Answer, Question

_OK = 200
_REMEDIES: Final = {
    401: "put valid credentials into the files named in controller.yaml",
    403: "allow these credentials to query, or name others in controller.yaml",
    404: "correct the url in controller.yaml, with the path prefix if there is one",
    400: "correct the query of the check",
    422: "correct the query of the check",
}


class Prometheus:
    """One metric source; its arguments are those of `Session`."""

    def __init__(
        self,
        *,
        url: str,
        timeout_ms: int,
        token_file: Path | None = None,
        username: str | None = None,
        password_file: Path | None = None,
        ca_file: Path | None = None,
    ) -> None:
        self._session = Session(
            url=url,
            timeout_ms=timeout_ms,
            token_file=token_file,
            username=username,
            password_file=password_file,
            ca_file=ca_file,
        )

    async def ask(self, questions: Sequence[Question]) -> Mapping[Question, Answer]:
        """Answer all questions at once, under one deadline; trouble is told in `Answer.error`."""
        return await self._session.ask(questions, self._one)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._session.aclose()

    async def _one(self, question: Question, credentials: Credentials) -> Answer:
        # The query travels in the body, so that no log of URLs has it.
        status, body, clock_ms = await self._session.call(
            "POST",
            f"/api/v1/{'query_range' if question.step_ms else 'query'}",
            credentials,
            data=_form(question, self._session.timeout_ms),
        )
        try:
            if status != _OK:
                return Answer(error=_refusal(status, body, credentials.hidden))
            return replace(read(body, credentials.hidden), clock_ms=clock_ms)
        except Garbled as error:
            return Answer(error=str(error))


def _refusal(status: int, body: bytes, hide: Hide) -> str:
    """Say why there is no answer, in the server's words where it has some."""
    try:
        said = f" ({read(body, hide).error})"
    except Garbled:
        said = ""
    remedy = _REMEDIES.get(status, "look at its log; the next tick asks again")
    return f"refuses with HTTP status {status}{said}: {remedy}"


def _form(question: Question, timeout_ms: int) -> dict[str, str]:
    form = {"query": question.expression, "timeout": f"{timeout_ms}ms"}
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
