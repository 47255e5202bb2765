"""What was counted last week, for `doctor`."""

from collections.abc import Sequence

from gitops_canary.core import counting
from gitops_canary.core.pace import through
from gitops_canary.model.judging import Reading
from gitops_canary.model.spec import CanarySpec, Check
from gitops_canary.ports import Metrics

WEEK_MS = 7 * 86_400_000
WEEK_STEP_MS = 300_000
_CHUNK = 400
"""Blocks asked for at once, as by `backtest`."""


def week_times(now_ms: int) -> range:
    """Give the ends of last week's blocks, the start of the first one before them."""
    until_ms = now_ms - now_ms % WEEK_STEP_MS - WEEK_STEP_MS
    return through(until_ms - WEEK_MS, until_ms, WEEK_STEP_MS)


async def counted(
    spec: CanarySpec, check: Check, metrics: Metrics, times: Sequence[int], scrape_ms: int
) -> list[Reading]:
    """Count a check between each two instants, which are evenly apart.

    Raises:
        SpecError: the provider has no such series.
    """
    found: list[Reading] = []
    for start in range(0, len(times) - 1, _CHUNK):
        part = times[start : start + _CHUNK + 1]
        step_ms = part[1] - part[0]
        roles = counting.asked(check, spec, part, scrape_ms=scrape_ms, step_ms=step_ms)
        answers = await metrics.ask([one for own in roles.values() for one in own])
        found += counting.readings(check, spec, roles, answers, part)
    return found
