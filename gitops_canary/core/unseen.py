"""How much of the time in which requests were counted no sample tells of.

A source that scrapes nothing for a while answers all the same: with what it has.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

from gitops_canary.core import sides
from gitops_canary.core.judges.sequential_types import CLEAR, RULE
from gitops_canary.core.numbers import number
from gitops_canary.core.sides import Answers
from gitops_canary.model.judging import Reading
from gitops_canary.model.observation import Question

Json = dict[str, Any]
_SCRAPES = 2
"""For so many scrapes an answer may repeat a sample."""
_LATE = Fraction(3, 2)
"""After so many scrapes the next sample is late: scrapes are seldom a moment late, or missed."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """How new what was counted in windows was, by one side of a workload's requests."""

    who: tuple[str, str]
    """Workload and side."""
    asked: Sequence[Question]
    """For the time of the newest sample."""
    answers: Answers
    scrape_ms: int

    def unseen_ms(self, at_ms: int, window_ms: int) -> int:
        """Say how much of a window that ends at an instant no sample tells of.

        All of it where none tells of its end, or where nobody knows when samples came again.
        """
        late_ms = self._late_ms(at_ms)
        if late_ms is None or self.silent(at_ms - window_ms):
            return window_ms
        return min(late_ms, window_ms) if late_ms > _LATE * self.scrape_ms else 0

    def silent(self, at_ms: int) -> bool:
        """Whether nothing was scraped at an instant; not known of one that was not asked for."""
        if not any(one.start_ms <= at_ms <= one.end_ms for one in self.asked):
            return False
        late_ms = self._late_ms(at_ms)
        return late_ms is None or late_ms > _LATE * self.scrape_ms

    def _late_ms(self, at_ms: int) -> int | None:
        """Say how old the newest sample was; None where there was none."""
        for series, text in sides.present(sides.answer_at(self.asked, self.answers, at_ms), at_ms):
            labels, newest = series.labels, number(text)
            own = labels.get("destination_workload"), labels.get("reporter", "")
            if own == self.who and isinstance(newest, Decimal):
                return at_ms - int(newest * 1000)
        return None


def after_all(
    asked: Sequence[Question],
    answers: Answers,
    blocks: Sequence[Reading],
    times: Sequence[int],
    scrape_ms: int,
    rule: int = RULE,
) -> int:
    """Say how many milliseconds of the blocks between some instants no sample tells of.

    Counters catch up with a gap, so that only the one at the end is lost, and blocks without a
    number; since decision 57 the one at the beginning too, as nobody knows what is from before it.
    """
    seen = [at for at in times if sides.present(sides.answer_at(asked, answers, at), at)]
    first_ms, last_ms = (seen[0], seen[-1]) if seen else (times[0], times[0])
    blind_ms = first_ms if rule >= CLEAR else times[0]
    ends = zip(pairwise(times), blocks, strict=True)
    lost_ms = sum(end - start for (start, end), one in ends if not one.counts or end <= blind_ms)
    if last_ms < times[-1]:
        lost_ms += times[-1] - last_ms + _SCRAPES * scrape_ms
    return min(lost_ms, times[-1] - times[0])


def untold(found: Json | None, then: Json | None) -> None:
    """Take out of an exposure what records from before it was told do not say.

    Either was added later: what met a weight on its way, and what no sample tells of.
    """
    if not found or not then:
        return
    if "arriving" not in then:
        del found["arriving"]
    for now, old in ((found, then), (found.get("arriving"), then.get("arriving"))):
        if now and old and "unseen" not in old:
            now.pop("unseen", None)
