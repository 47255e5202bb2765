"""Seeing in the traffic, and in kube-state-metrics' series, that a move is live.

Everything is read as raw samples with their own times. The live instant is the earliest sample at
which all facts hold, so that whoever looks later finds the same instant.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gitops_canary.core.istio import raw_requests
from gitops_canary.core.questions import ask_delay_ms
from gitops_canary.core.text import duration, iso, percent
from gitops_canary.errors import SpecError
from gitops_canary.model.observation import Answer, Expectation, Liveness, Question, Series
from gitops_canary.ports import Metrics
from gitops_canary.sync.fact import Fact, joined
from gitops_canary.sync.readiness import (
    Readiness,
    Wanted,
    known_query,
    pods_query,
    ready,
    workload_query,
)
from gitops_canary.sync.share import Shift, Unreadable, Weights, proven

FIRST_LOOK_MS = 600_000
LONG_LOOK_MS = 7_200_000
"""How long after the commit samples are read: a little first, more only where that is needed."""
_LATER_STEP_MS = 3_600_000
_BASE_SCRAPES = 2
_NEWEST_SCRAPES = 4
_ABSENT_MS = 3_600_000
"""How long kube-state-metrics must have been silent to count as not there."""
Answers = Mapping[Question, Answer]


class _Unanswered(Exception):  # noqa: N818 - named for what happened
    """A question has no answer that can be used; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """Reads one Prometheus that has the mesh's counters and, best, kube-state-metrics' series."""

    source: str
    """The metric source's name in controller.yaml."""
    scrape_ms: int
    lag_ms: int
    scrape_timeout_ms: int | None = None

    async def observe(
        self, expected: Sequence[Expectation], metrics: Metrics, now_ms: int
    ) -> Mapping[Expectation, Liveness]:
        """Tell for each expectation whether it holds; no usable answer is never live."""
        seen_ms = now_ms - ask_delay_ms(self.scrape_ms, self.lag_ms, self.scrape_timeout_ms)
        found: dict[Expectation, Liveness] = {}
        todo = {e: _windows(e.since_ms, seen_ms) for e in expected}
        while todo:
            looks = [_Look(self, e, *windows[0]) for e, windows in todo.items()]
            questions = tuple(dict.fromkeys(q for look in looks for q in look.questions()))
            answers = await metrics.ask(questions) if questions else {}
            found |= {look.expectation: look.liveness(answers) for look in looks}
            todo = {e: w[1:] for e, w in todo.items() if w[1:] and found[e].live_ms is None}
        return found | await self._lasting(found, metrics, seen_ms)

    async def _lasting(
        self, found: Mapping[Expectation, Liveness], metrics: Metrics, seen_ms: int
    ) -> dict[Expectation, Liveness]:
        """Look again at what was ready long ago and has to be so still; give what is not."""
        since_ms = seen_ms - _NEWEST_SCRAPES * self.scrape_ms
        looks = [
            _Look(self, e, since_ms, seen_ms)
            for e, live in found.items()
            if e.lasting and live.live_ms is not None and seen_ms > e.since_ms + FIRST_LOOK_MS
        ]
        if not looks:
            return {}
        answers = await metrics.ask(tuple({q: None for look in looks for q in look.questions()}))
        again = {look.expectation: look.liveness(answers) for look in looks}
        return {e: live for e, live in again.items() if live.live_ms is None}


def _windows(since_ms: int, seen_ms: int) -> tuple[tuple[int, int], ...]:
    """List the spans to look at, one after the other until one of them is live.

    All begin at the commit and so find the same instant; only what was not live for two hours is
    then looked for in the last one or two hours alone.
    """
    spans = [(since_ms, min(seen_ms, since_ms + FIRST_LOOK_MS))]
    if seen_ms > since_ms + FIRST_LOOK_MS:
        spans.append((since_ms, min(seen_ms, since_ms + LONG_LOOK_MS)))
    if seen_ms > since_ms + LONG_LOOK_MS:
        steps = (seen_ms - since_ms) // _LATER_STEP_MS - 1
        spans.append((since_ms + steps * _LATER_STEP_MS, seen_ms))
    return tuple(spans)


@dataclass(frozen=True, slots=True)
class _Look:
    """One expectation, looked at with the samples of one span; pure."""

    traffic: Traffic
    expectation: Expectation
    since_ms: int
    until_ms: int

    def questions(self) -> tuple[Question, ...]:
        """List what has to be asked; nothing before there can be an answer."""
        if self.until_ms < self.since_ms:
            return ()
        try:
            return tuple(self._asked())
        except SpecError:
            # Not swallowed: `liveness` meets it again and reports it.
            return ()

    def liveness(self, answers: Answers) -> Liveness:
        """Join all facts: live since the latest of their instants."""
        if self.until_ms < self.since_ms:
            first = iso(self.since_ms)
            return Liveness(live_ms=None, proof=(), waiting=f"its samples come after {first}")
        try:
            facts = tuple(self._facts(answers))
        except (_Unanswered, Unreadable) as error:
            return Liveness(live_ms=None, proof=(), waiting=str(error))
        except SpecError as error:
            return Liveness(live_ms=None, proof=(), waiting=f"{error.problem} {error.remedy}")
        return joined(facts)

    def _asked(self) -> Iterator[Question]:
        if self._moves and not self.expectation.matched:
            yield self._counts()
        for wanted in self._wanted():
            yield self._raw(workload_query(wanted))
            yield self._raw(pods_query(wanted))
            if self._settled_ms <= self.until_ms:
                yield self._known()
                yield self._heard()

    def _facts(self, answers: Answers) -> Iterator[Fact]:
        if self._moves and self.expectation.matched:
            yield self._matched()
        elif self._moves:
            yield self._weight(answers)
        else:
            weight = percent(self.expectation.weight_to)
            words = f"The weight stays at {weight} %: nothing to prove."
            yield Fact(self.expectation.since_ms, words, {})
        for wanted in self._wanted():
            yield self._ready(wanted, answers)

    @property
    def _moves(self) -> bool:
        return self.expectation.weight_from != self.expectation.weight_to

    @property
    def _settled_ms(self) -> int:
        return self.expectation.since_ms + self.expectation.settle_ms

    def _wanted(self) -> Iterator[Wanted]:
        e = self.expectation
        sides = (
            (e.canary_workload, e.canary_images, e.canary_replicas),
            (e.primary_workload, e.primary_images, e.primary_replicas),
        )
        for workload, images, replicas in sides:
            if images is not None or replicas is not None:
                yield Wanted(
                    namespace=e.namespace,
                    workload=workload,
                    kind=e.workload_kind,
                    images=images,
                    replicas=replicas,
                    percent=e.ready_percent,
                    not_before_ms=max(self.since_ms, self._settled_ms if e.version_unseen else 0),
                    scrape_ms=self.traffic.scrape_ms,
                    lasting=e.lasting,
                )

    def _counts(self) -> Question:
        e = self.expectation
        return self._raw(raw_requests(e.namespace, e.canary_workload, e.primary_workload))

    def _raw(self, selector: str) -> Question:
        """Ask for all samples from a little before the commit up to where we look."""
        base_ms = _BASE_SCRAPES * self.traffic.scrape_ms
        window_ms = self.until_ms - self.since_ms + base_ms
        return self._at(f"{selector}[{window_ms}ms]", self.until_ms)

    def _known(self) -> Question:
        """Ask whether kube-state-metrics has told anything about this namespace lately."""
        e = self.expectation
        known = known_query(e.workload_kind, e.namespace)
        return self._counted(known, e.settle_ms + _ABSENT_MS)

    def _heard(self) -> Question:
        """Ask whether any target at all was read while it had time to settle."""
        window_ms = self.expectation.settle_ms + _BASE_SCRAPES * self.traffic.scrape_ms
        return self._counted("up{}", window_ms)

    def _counted(self, selector: str, window_ms: int) -> Question:
        return self._at(f"count(last_over_time({selector}[{window_ms}ms]))", self._settled_ms)

    def _at(self, expression: str, at_ms: int) -> Question:
        source = self.traffic.source
        return Question(source=source, expression=expression, start_ms=at_ms, end_ms=at_ms)

    def _weight(self, answers: Answers) -> Fact:
        e = self.expectation
        weights = Weights(
            before=e.weight_from,
            after=e.weight_to,
            since_ms=self.since_ms,
            scrape_ms=self.traffic.scrape_ms,
        )
        series = _series(answers, self._counts())
        shift = proven(series, e.canary_workload, e.primary_workload, weights)
        if shift.at_ms is None:
            remedy = "" if shift.requests else _unseen(e, series)
            return Fact(None, shift.undecided(e.weight_from, e.weight_to), {}, remedy=remedy)
        change = f"{percent(e.weight_to)} % rather than {percent(e.weight_from)} %"
        words = f"{shift.requests} requests up to {iso(shift.at_ms)} show {change}."
        return Fact(shift.at_ms, words, _numbers(shift))

    def _matched(self) -> Fact:
        """Stand in for a share that nobody can foresee."""
        settle = duration(self.expectation.settle_ms)
        words = f"How many requests match is not known, so a settle time of {settle} stands in"
        reached = self._settled_ms <= self.until_ms
        return Fact(self._settled_ms if reached else None, f"{words}.", {})

    def _ready(self, wanted: Wanted, answers: Answers) -> Fact:
        if self._stands_in(answers):
            settle = duration(self.expectation.settle_ms)
            words = (
                f"{wanted.workload}: kube-state-metrics told nothing about {wanted.namespace}, "
                f"so a settle time of {settle} stands in for readiness and version."
            )
            return Fact(self._settled_ms, words, {}, assumed=True)
        replicas = self._raw(workload_query(wanted))
        pods = self._raw(pods_query(wanted))
        state = ready(_series(answers, replicas), _series(answers, pods), wanted)
        if state.at_ms is None:
            return Fact(None, _unready(wanted, state), {})
        count = f"{state.ready} of {state.wanted}"
        words = f"{wanted.workload}: {count} pods ready with {wanted.version}"
        return Fact(state.at_ms, f"{words} at {iso(state.at_ms)} (kube-state-metrics).", {})

    def _stands_in(self, answers: Answers) -> bool:
        """Whether a settle time may stand in for readiness.

        Only where there is no kube-state-metrics: not while it is silent for a moment, nor where
        the source knows of nothing at all.
        """
        if self._settled_ms > self.until_ms or _series(answers, self._known()):
            return False
        return bool(_series(answers, self._heard()))


def _unseen(e: Expectation, series: Sequence[Series]) -> str:
    """Say what to look at where no request at all can prove a weight."""
    if series:
        return (
            f"look whether requests reach {e.canary_workload} and {e.primary_workload}, and "
            "whether the sync engine has applied the route (`gitops-canary doctor`)"
        )
    return (
        f"the source has no request series of {e.canary_workload} or {e.primary_workload} in "
        f"{e.namespace}: look whether it scrapes what counts them (`gitops-canary doctor`), and "
        "whether anybody calls them"
    )


def _unready(wanted: Wanted, state: Readiness) -> str:
    if not state.known:
        return f"{wanted.workload}: kube-state-metrics tells of no such {wanted.kind}"
    count = f"{state.ready} of {'?' if state.wanted is None else state.wanted}"
    why = f" ({state.why})" if state.why else ""
    return f"{wanted.workload}: {count} pods ready with {wanted.version}{why}"


def _numbers(shift: Shift) -> Mapping[str, str]:
    return {
        "canaryRequests": str(round(shift.canary)),
        "primaryRequests": str(round(shift.primary)),
        "likelihoodRatio": f"{shift.ratio:.4g}",
        "seenBy": shift.side or "none",
    }


def _series(answers: Answers, question: Question) -> tuple[Series, ...]:
    answer = answers.get(question, Answer(error="the question was not answered"))
    if answer.error:
        raise _Unanswered(answer.error)
    return answer.series
