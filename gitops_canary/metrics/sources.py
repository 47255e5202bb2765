"""All metric sources of the controller behind one port."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from gitops_canary.model.observation import Answer, Question
from gitops_canary.ports import Metrics

log = logging.getLogger("gitops_canary")


class Client(Metrics, Protocol):
    """A metric source that holds connections."""

    async def aclose(self) -> None:
        """Close the connections."""


class Sources:
    """Hands every question to the source it names, all sources at once."""

    def __init__(self, clients: Mapping[str, Client]) -> None:
        self._clients = dict(clients)

    async def ask(self, questions: Sequence[Question]) -> Mapping[Question, Answer]:
        """Answer all questions; errors begin with the source's name."""
        own: dict[str, list[Question]] = {}
        for question in questions:
            own.setdefault(question.source, []).append(question)
        answered = await asyncio.gather(*(self._ask(name, asked) for name, asked in own.items()))
        return {question: answer for part in answered for question, answer in part.items()}

    async def aclose(self) -> None:
        """Close all sources."""
        await asyncio.gather(*(client.aclose() for client in self._clients.values()))

    async def _ask(self, name: str, questions: Sequence[Question]) -> Mapping[Question, Answer]:
        client = self._clients.get(name)
        if client is None:
            known = ", ".join(sorted(self._clients)) or "none at all"
            error = (
                f"There is no metric source {name[:80]!r}: use one of {known}, "
                "or add it under metrics.sources in controller.yaml."
            )
            return dict.fromkeys(questions, Answer(error=error))
        try:
            answers = await client.ask(questions)
        except Exception:
            # A bug here must be heard, and no other source's canaries may stop by it.
            log.exception("a bug kept the metric source %s from answering", name)
            error = "could not be read, by a bug of ours: the log has it; please report it"
            answers = dict.fromkeys(questions, Answer(error=error))
        return {question: _named(name, answer) for question, answer in answers.items()}


def _named(name: str, answer: Answer) -> Answer:
    if answer.error is None:
        return answer
    return replace(answer, error=f"Metric source {name} {answer.error}")
