"""One tick of every repository, for the verbs that look once."""

import asyncio
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from gitops_canary.app.controller import Round
from gitops_canary.app.tick import Report
from gitops_canary.app.wiring import opened
from gitops_canary.errors import SpecError, Unavailable
from gitops_canary.manifest.bindings import nothing_below
from gitops_canary.manifest.problems import nearest_canary


def looked(
    config: Path, *, write: bool = False, allow_missing: frozenset[str] = frozenset()
) -> Sequence[Report]:
    """Tick every repository once; writes only if told to."""

    async def tick_all() -> Sequence[Report]:
        async with opened(config, keeps=write, allow_missing=allow_missing) as rounds:
            reports = await asyncio.gather(*(one.station.tick(write=write) for one in rounds))
            for one, report in zip(rounds, reports, strict=True):
                if write:
                    one.follow(report)
            await asyncio.gather(*(one.drain() for one in rounds))
            return [
                await _stranded(*pair, write=write) for pair in zip(rounds, reports, strict=True)
            ]

    return asyncio.run(tick_all())


async def _stranded(one: Round, report: Report, *, write: bool) -> Report:
    """Add what a person can type where Git is away while traffic is out; keep what was seen."""
    if write:
        await one.outage.note(report, 0)
    if not isinstance(report.error, Unavailable):
        return report
    return replace(report, breakglass=await one.outage.commands())


def complaints(report: Report) -> Iterator[str]:
    """Say what is wrong with a repository as a whole."""
    if report.error:
        yield f"error: {report.repository}: {report.error}"
    for folder in report.barren:
        yield f"warning: {report.repository}: {nothing_below(folder)}"


def names(text: str) -> frozenset[str]:
    """Split a comma-separated option."""
    return frozenset(part.strip() for part in text.split(",") if part.strip())


def chosen(reports: Sequence[Report], wanted: Collection[str] | None) -> Callable[[str], bool]:
    """Tell which canaries were asked for; one that does not exist is an error.

    Raises:
        SpecError: no repository has a canary of that name.
    """
    if not wanted:
        return lambda _: True
    known = {str(canary) for report in reports for canary in report.decisions}
    missing = sorted(set(wanted) - known)
    if missing and not any(report.error for report in reports):
        raise SpecError(
            f"There is no canary {missing[0]}.", remedy=nearest_canary(missing[0], known)
        )
    return lambda canary: canary in wanted
