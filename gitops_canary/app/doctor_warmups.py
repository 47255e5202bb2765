"""What `doctor` says of versions that were slow in their first minutes alone, last week."""

from collections.abc import Sequence

from gitops_canary.app.doctor import Finding, hint
from gitops_canary.app.measuring import Measuring
from gitops_canary.app.week_counts import WEEK_STEP_MS, counted, week_times
from gitops_canary.core import configs
from gitops_canary.core.first_minutes import SPAN_MS, Seen, Warming, begun, warming
from gitops_canary.core.judges import sequential
from gitops_canary.core.pace import through
from gitops_canary.errors import SpecError
from gitops_canary.model.judging import Reading
from gitops_canary.model.spec import CanarySpec, Check

STARTS_MAX = 5
"""Versions whose first minutes are looked at, the newest ones."""


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
    times = week_times(now_ms)
    try:
        week = await counted(spec, check, metrics, times, scrape_ms)
    except SpecError:
        # Not swallowed: `lint`, and every verdict, tell that this check cannot be asked.
        return None
    requests = [one.counts.canary if one.counts else None for one in week]
    starts = []
    for index in list(begun(requests))[-STARTS_MAX:]:
        first_ms, last_ms = times[index], min(times[index] + WEEK_STEP_MS + SPAN_MS, times[-1])
        fine = through(first_ms, last_ms, scrape_ms)
        starts.append(_since_first(await counted(spec, check, metrics, fine, scrape_ms)))
    return warming(starts, scrape_ms, configs.budget(check))


def _since_first(read: Sequence[Reading]) -> list[Seen]:
    """Give what a canary did from its first block with requests on; what is unknown is none."""
    seen = [(one.counts.canary, one.counts.canary_bad) if one.counts else (0, 0) for one in read]
    first = next((index for index, (requests, _) in enumerate(seen) if requests), len(seen))
    return seen[first:]
