"""What a record states as exposed, held against what really was: never less, more within bounds.

The statement is the one that people read: the product's own sums over the decisions of a rollout.
What really was is what ran in the cluster.
"""

import json

from gitops_canary.core import met
from gitops_canary.core.text import instant_ms
from gitops_canary.core.told import Told
from gitops_canary.model.rollout import Action

from .cluster import SCRAPE_MS, App
from .leaving import Leaving
from .remote import EVIDENCE
from .watching import Landed, need

ENDS = frozenset({Action.FINISH, Action.ABORT, Action.RETREAT})
DECIDED_MS = 45_000
NOTHING = "nothing says how many"
ROUNDED_MS = 1_000
"""By how much dates of moves and hundredths of a minute may round a statement, for each move."""


class Exposing(Leaving):
    """The promises about exposure (E), held where a rollout or an attempt ends."""

    def e1_no_minute_of_traffic_is_left_out(self, move: Landed) -> None:
        """What is told as minutes above 0 % is no less than what was live, up to the decision.

        Whoever moved a weight, and whatever clock was wrong. Nobody knows of a weight that Git
        tells of no more.
        """
        told, began = self._story(move), self.began(move)
        if told is None or began is None or self.hidden_ms() > began.at_ms:
            return
        ended_ms = min(instant_ms(told.last["decidedAt"]), move.at_ms)
        stated_ms = float(told.exposed()[0]) * 60_000
        slack_ms = ROUNDED_MS * len(told.decisions)
        live_ms = exposed_ms(self._app(move), began.at_ms, ended_ms)
        enough = stated_ms >= live_ms - slack_ms or self.blind(began.at_ms)
        need(enough, f"{live_ms} ms above 0 %, told are {stated_ms:.0f}")
        # A person's weight counts from the move before, since nobody saw it come; so does one of
        # ours whose commit is gone.
        chain = (*self.chain(move),)[::-1]
        met = next((one for one in chain if one.before.weight), began)
        met = min(met, began, key=chain.index)
        first = met.previous if (met.adopted or met.before.weight) and met.previous else met
        if self.hidden_ms() > (met.previous or met).at_ms:
            return
        # Its commit, and what brings that to the server, can take a while.
        dates = (self.dated_ms(one.revision) for one in self.chain(move))
        newest = max(newest_ms(told), *dates)
        longest_ms = max(newest - self.dated_ms(first.revision), 0) + slack_ms
        need(stated_ms <= longest_ms, f"told are {stated_ms:.0f} ms above 0 % in {longest_ms}")

    def e2_no_request_is_counted_twice(self, move: Landed) -> None:
        """Requests that are told are real ones, as far as the metric source told what was."""
        told, began = self._story(move), self.began(move)
        if told is None or began is None or self._misled(move, began):
            return
        ended_ms, requests = newest_ms(told), told.exposed()[1]
        if requests is None:
            return
        # Counted from its date on: the same weight may have been live then.
        since_ms = min(began.at_ms, self.dated_ms(began.revision))
        every = self._app(move).truth.within(since_ms, ended_ms)[0]
        need(float(requests) <= every + len(told.decisions), f"{requests} told, {every:.0f} met it")

    def e2_no_request_is_left_out(self, move: Landed) -> None:
        """With what is bounded as not counted no fewer are told than there were."""
        told, began = self._story(move), self.began(move)
        if told is None or began is None or not self.world.sees_live:
            return  # a window may begin before its weight, so that its rate is no bound
        if self._misled(move, began):
            return  # a rate that nobody scraped, or that is none, bounds nothing
        # Nobody knows of a weight that Git tells of no more, nor of users who stayed away and came.
        # What is judged by counters is counted from its decision on, which is older than its push.
        since_ms = began.at_ms - (DECIDED_MS if move.shape.weighs else 0)
        requests = told.exposed()[1]
        if (
            requests is None
            or self.hidden_ms() > began.at_ms
            or self.world.cluster.away_ms > since_ms
        ):
            return
        rows = [one["exposure"] for one in told.decisions if one["exposure"]]
        if move.shape.weighs and not any(row["counted"] for row in rows):
            return  # what came on its way had the weight for a part of the time only
        missed = met.most(told.stages)
        if missed is None and any(NOTHING in one for one in told.unknown()):
            return  # the record says so
        bound = float(requests) + (float(missed[1]) if missed else 0)
        # This Prometheus extrapolates nothing: each window lacks what came before its first sample.
        bound *= self.interval_ms(move) / (self.interval_ms(move) - SCRAPE_MS)
        ended_ms, truth = instant_ms(told.last["decidedAt"]), self._app(move).truth
        least = truth.within(began.at_ms + SCRAPE_MS, ended_ms - SCRAPE_MS)[0]
        enough = bound >= least - len(told.decisions)
        need(enough, f"{least:.0f} met it, told are {bound:.0f} at most")

    def interval_ms(self, move: Landed) -> int:
        """Say how long a window of its checks is."""
        return move.shape.interval_s * 1000

    def _misled(self, move: Landed, began: Landed) -> bool:
        """Whether the source lied, or was silent, about something that is counted.

        What is judged by counters is counted from its decision on, which is older than its push.
        """
        return self.untrue(began.at_ms - (DECIDED_MS if move.shape.weighs else 0))

    def untrue(self, since_ms: int) -> bool:
        """Whether what was measured was not so at some time since then, or users stayed away."""
        return self.world.untrue > 0 or self.world.untrue_ms > since_ms

    def _story(self, move: Landed) -> Told | None:
        """Read what was decided about a rollout; None where it goes on, or a decision is gone."""
        tip = self.world.remote.refs.get(EVIDENCE)
        if move.record.action not in ENDS or not move.before.weight or tip is None:
            return None
        files = self.world.files(tip)
        found = [self.decision(one, files) for one in (*self.chain(move),)[::-1]]
        every = [json.loads(one) for one in found if one]
        return Told(tuple(every)) if None not in found else None

    def began(self, move: Landed) -> Landed | None:
        """Find the move that gave a rollout its first traffic; a person's is none of its own."""
        gave = (one for one in (*self.chain(move),)[::-1] if one.after.weight)
        return next((one for one in gave if one.record.weight_to), None)

    def _app(self, move: Landed) -> App:
        return self.world.cluster.apps[move.shape.name]


def newest_ms(told: Told) -> int:
    """Say when the latest decision was made: a commit whose clock was behind dates one back."""
    return max(instant_ms(one["decidedAt"]) for one in told.decisions)


def exposed_ms(app: App, since_ms: int, until_ms: int) -> int:
    """Say how long a weight above 0 was live in a span."""
    nexts = [*(at_ms for at_ms, _ in app.weights[1:]), until_ms]
    spans = (
        min(after_ms, until_ms) - max(at_ms, since_ms)
        for (at_ms, weight), after_ms in zip(app.weights, nexts, strict=True)
        if weight
    )
    return sum(span_ms for span_ms in spans if span_ms > 0)
