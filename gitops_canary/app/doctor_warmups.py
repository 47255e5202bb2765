"""What `doctor` says of versions that were slow in their first minutes alone, last week."""

from collections.abc import Sequence

from gitops_canary.app.backtesting import WEEK_MS, WEEK_STEP_MS
from gitops_canary.app.doctor import Finding, hint
from gitops_canary.app.measuring import Measuring
from gitops_canary.core import configs, counting
from gitops_canary.core.first_minutes import SPAN_MS, Seen, Warming, begun, warming
from gitops_canary.core.judges import sequential
from gitops_canary.core.pace import through
from gitops_canary.errors import SpecError
from gitops_canary.model.judging import Reading
from gitops_canary.model.spec import CanarySpec, Check
from gitops_canary.ports import Metrics

STARTS_MAX = 5
"""Versions whose first minutes are looked at, the newest ones."""
_CHUNK = 400
"""Blocks asked for at once, as by `backtest`."""


async def warmups(spec: CanarySpec, measuring: Measuring, now_ms: int) -> list[Finding]:
    """Name the `warmup` that would have left the slow first minutes of last week's versions out.

    Nothing is said where no version of last week is known, or where `warmup` is long enough.
    """
    judge = spec.policy.judge
    if sequential.NAME not in {judge.type, *judge.shadows}:
        return []
    found = []
    for check in spec.policy.checks:
        if check.builtin == "request-duration":
            seen = await _warming(spec, check, measuring, now_ms)
            if seen and seen.takes_ms > judge.warmup_ms:
                found.append(_told(spec, check, seen))
    return found


def _told(spec: CanarySpec, check: Check, seen: Warming) -> Finding:
    return hint(
        "limits", f"{spec.id} {check.name}, first minutes",
        f"{seen.words}; evidence counts from the warm-up on, and may roll the next one back for it",
        f"write `{seen.setting}` into spec.analysis.judge of the Canary in {spec.place}",
    )  # fmt: skip


async def _warming(
    spec: CanarySpec, check: Check, measuring: Measuring, now_ms: int
) -> Warming | None:
    scrape_ms, metrics = measuring.timing.scrape_ms, measuring.metrics
    until_ms = now_ms - now_ms % WEEK_STEP_MS - WEEK_STEP_MS
    times = through(until_ms - WEEK_MS, until_ms, WEEK_STEP_MS)
    try:
        week = await _read(spec, check, metrics, times, scrape_ms)
    except SpecError:
        # Not swallowed: `lint`, and every verdict, tell that this check cannot be asked.
        return None
    requests = [one.counts.canary if one.counts else None for one in week]
    starts = []
    for index in list(begun(requests))[-STARTS_MAX:]:
        first_ms, last_ms = times[index], min(times[index] + WEEK_STEP_MS + SPAN_MS, until_ms)
        fine = through(first_ms, last_ms, scrape_ms)
        starts.append(_since_first(await _read(spec, check, metrics, fine, scrape_ms)))
    return warming(starts, scrape_ms, configs.budget(check))


async def _read(
    spec: CanarySpec, check: Check, metrics: Metrics, times: Sequence[int], scrape_ms: int
) -> list[Reading]:
    """Count a check between each two instants, which are evenly apart."""
    found: list[Reading] = []
    for start in range(0, len(times) - 1, _CHUNK):
        part = times[start : start + _CHUNK + 1]
        step_ms = part[1] - part[0]
        roles = counting.asked(check, spec, part, scrape_ms=scrape_ms, step_ms=step_ms)
        answers = await metrics.ask([one for own in roles.values() for one in own])
        found += counting.readings(check, spec, roles, answers, part)
    return found


def _since_first(read: Sequence[Reading]) -> list[Seen]:
    """Give what a canary did from its first block with requests on; what is unknown is none."""
    seen = [(one.counts.canary, one.counts.canary_bad) if one.counts else (0, 0) for one in read]
    first = next((index for index, (requests, _) in enumerate(seen) if requests), len(seen))
    return seen[first:]
