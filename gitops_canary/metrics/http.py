"""Metric sources over HTTP: many questions at once, under one deadline, asked in any dialect."""

import asyncio
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from gitops_canary.http import Failed, Opening, Reply, Request, Secrets, Session, secrets_of
from gitops_canary.http.session import CONCURRENT_MAX, TROUBLE, unreachable
from gitops_canary.metrics import shapes
from gitops_canary.metrics.shapes import Point
from gitops_canary.model.observation import Answer, Question, Sample, Series

INSTANTS_MAX: Final = 60
"""Newest instants asked for: each is a request, and older ones were judged already."""
KNOWN_MAX: Final = 8192
"""Answers kept, so that an instant is asked for once; they only spare requests."""
OK: Final = frozenset({200})
"""The one status of a whole answer: 206 is a part of one, 203 what a proxy made of it."""
_UNITS_MS: Final = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_REMEDIES: Final = {
    400: "correct the query of the check",
    401: "put valid credentials into the files named in controller.yaml",
    403: "allow these credentials to query, or name others in controller.yaml",
    404: "correct the url in controller.yaml, or the query",
    422: "correct the query of the check",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Instant:
    """One query as of one instant, over a window that ends there."""

    expression: str
    at_ms: int
    window_ms: int

    @property
    def from_ms(self) -> int:
        """Where the window begins."""
        return self.at_ms - self.window_ms

    def reaches(self, text: str, spans: re.Pattern[str]) -> None:
        """Hold every look back that a query names against the window.

        `spans` finds a number and a unit that begins as s, m, h, d or w; `ms` is milliseconds.

        Raises:
            Failed: one is longer, so that it would reach back before the weight was live.
        """
        for count, unit in spans.findall(text):
            if int(count) * (1 if unit == "ms" else _UNITS_MS[unit[0]]) > self.window_ms:
                raise Failed(
                    f"looks back {count}{unit}, further than its interval: lengthen the interval"
                )

    def timed(self, text: str) -> str:
        """Put the window's ends in the place of `${from_ms}`, `${to_s}` and their like."""
        for name, instant in (("from", self.from_ms), ("to", self.at_ms)):
            text = text.replace(f"${{{name}_ms}}", str(instant))
            text = text.replace(f"${{{name}_s}}", str(instant // 1000))
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How a service is asked now."""

    secrets: Secrets
    options: Mapping[str, str]
    base: str
    now_s: float
    """Our clock, for signatures alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """One series of an answer; null values are left out of it."""

    labels: Mapping[str, str] = field(default_factory=dict)
    points: Sequence[Point]


Exchange = Callable[[Session, Access], Awaitable[Access]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How one kind of service is asked for one instant, and how its answer is read; pure."""

    ask: Callable[[Instant, Access], Request]
    read: Callable[[Reply, Instant], Sequence[Track]]
    live: bool = False
    """Whether it tells only how things are now: then a point may lie a window after its instant."""
    limits: Callable[[Reply], bool] = lambda _: False
    """Whether a refusal says that it is asked too often, where 429 does not say so."""
    exchange: Callable[[], Exchange] | None = None
    """Makes what turns a long-lived secret into a short-lived one before questions are asked."""


class Source:
    """A metric source that is asked instant by instant, each instant once."""

    def __init__(self, dialect: Dialect, opening: Opening, clock: Callable[[], float]) -> None:
        self._dialect = dialect
        self._session = Session(opening)
        self._clock = clock
        self._known: OrderedDict[Instant, tuple[Series, ...]] = OrderedDict()
        self._exchange = dialect.exchange() if dialect.exchange else None

    @property
    def opening(self) -> Opening:
        """What it was opened with."""
        return self._session.opening

    async def ask(self, questions: Sequence[Question]) -> Mapping[Question, Answer]:
        """Answer all questions at once, under one deadline; trouble is told in `Answer.error`."""
        gate = asyncio.Semaphore(CONCURRENT_MAX)

        async def one(question: Question, secrets: Secrets) -> Answer:
            access = Access(
                secrets=secrets,
                options=self._session.opening.options,
                base=self._session.base,
                now_s=self._clock(),
            )
            if self._exchange:
                access = await self._exchange(self._session, access)
            return await self._one(question, access, gate)

        return await within(self._session, questions, one)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._session.aclose()

    async def _one(self, question: Question, access: Access, gate: asyncio.Semaphore) -> Answer:
        every = instants(question)
        if self._dialect.live:
            # Only the newest instant is near enough to now; the others are known or lost.
            every = [one for one in every if one in self._known or one == every[-1]]
        wanted = [one for one in every if one not in self._known]
        # All are waited for, so that what one of them learnt is known next time.
        found = await asyncio.gather(
            *(self._instant(one, access, gate) for one in reversed(wanted)), return_exceptions=True
        )
        for one in found:
            if isinstance(one, BaseException):
                raise one
        return Answer(series=_joined([self._known.get(one, ()) for one in every]))

    async def _instant(self, instant: Instant, access: Access, gate: asyncio.Semaphore) -> None:
        async with gate:
            try:
                tracks = await self._tracks(instant, access)
            except Failed as error:
                raise Failed(access.secrets.hidden(str(error))) from None
            found = self._fresh(tracks, instant, access.secrets)
        if found:
            self._known[instant] = found
            while len(self._known) > KNOWN_MAX:
                self._known.popitem(last=False)

    async def _tracks(self, instant: Instant, access: Access) -> Sequence[Track]:
        reply = await self._session.call(self._dialect.ask(instant, access))
        if reply.status not in OK:
            if self._dialect.limits(reply):
                self._session.rest(reply.status)
            raise Failed(refusal(reply, shapes.words(reply.body, access.secrets.hidden)))
        return self._dialect.read(reply, instant)

    def _fresh(
        self, tracks: Sequence[Track], instant: Instant, secrets: Secrets
    ) -> tuple[Series, ...]:
        """Take the newest point of each series that lies in the window."""
        latest_ms = instant.at_ms + (instant.window_ms if self._dialect.live else 0)
        found = []
        for track in tracks:
            near = [p for p in track.points if instant.from_ms <= p.at_ms <= latest_ms]
            if near:
                newest = max(near, key=lambda point: point.at_ms)
                if {p.value for p in near if p.at_ms == newest.at_ms} != {newest.value}:
                    raise Failed(
                        "answers with several numbers for one instant: correct the query, so that "
                        "they are one, or are series with labels of their own"
                    )
                sample = Sample(at_ms=instant.at_ms, value=newest.value)
                labels = {name: secrets.hidden(text) for name, text in track.labels.items()}
                found.append(Series(labels=labels, samples=(sample,)))
        return tuple(found)


def instants(question: Question) -> list[Instant]:
    """List the instants a question is about, the newest of them where there are many."""
    every = range(question.start_ms, question.end_ms + 1, question.step_ms or 1)
    return [
        Instant(expression=question.expression, at_ms=at_ms, window_ms=question.lookback_ms)
        for at_ms in every[-INSTANTS_MAX:]
    ]


def _joined(every: Sequence[tuple[Series, ...]]) -> tuple[Series, ...]:
    """Put instants together to series; two without any label between them stay two."""
    found: dict[tuple[Any, ...], list[Sample]] = {}
    for at_once in every:
        seen: dict[tuple[Any, ...], int] = {}
        for one in at_once:
            labels = tuple(sorted(one.labels.items()))
            seen[labels] = seen.get(labels, -1) + 1
            found.setdefault((labels, seen[labels]), []).extend(one.samples)
    return tuple(
        Series(labels=dict(labels), samples=tuple(samples))
        for (labels, _), samples in found.items()
    )


def refusal(reply: Reply, said: str) -> str:
    """Say why there is no answer, in the service's words where it has some."""
    remedy = _REMEDIES.get(reply.status, shapes.AGAIN)
    return f"refuses with HTTP status {reply.status}{f' ({said})' if said else ''}: {remedy}"


One = Callable[[Question, Secrets], Awaitable[Answer]]


async def within(
    session: Session, questions: Sequence[Question], one: One
) -> Mapping[Question, Answer]:
    """Answer all questions at once, under one deadline; trouble is told in `Answer.error`."""
    unique = tuple(dict.fromkeys(questions))
    timeout_ms = session.opening.timeout_ms
    try:
        secrets = secrets_of(session.opening)
    except Failed as error:
        return dict.fromkeys(unique, Answer(error=str(error)))
    deadline = asyncio.get_running_loop().time() + timeout_ms / 1000

    async def told(question: Question) -> Answer:
        try:
            async with asyncio.timeout_at(deadline):
                return await one(question, secrets)
        except TimeoutError:
            waited = f"did not answer within {timeout_ms} ms: "
            return Answer(error=f"{waited}look at its load, or raise its timeout", silent=True)
        except Failed as error:
            return Answer(error=secrets.hidden(str(error)))
        except TROUBLE as error:
            return Answer(error=unreachable(error, secrets), silent=True)

    answers = await asyncio.gather(*(told(question) for question in unique))
    return dict(zip(unique, answers, strict=True))
