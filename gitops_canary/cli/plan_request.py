"""`plan` for a pull request: what merging it would change, kept as one comment on it."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from gitops_canary.app.tick import Report
from gitops_canary.app.wiring import one_forge
from gitops_canary.cli.printing import say
from gitops_canary.core.explain import sentence
from gitops_canary.core.notice import BODY_MAX, marker
from gitops_canary.errors import Refused, Unavailable
from gitops_canary.model.names import CanaryId

KEY = "plan"
NOTHING = "Merging this changes nothing for any canary.\n"


def changed(reports: Iterable[Report], before: Iterable[Report]) -> Sequence[Report]:
    """Keep those canaries about which is decided otherwise than before."""
    known = {canary: said for report in before for canary, said in _said(report).items()}
    return [
        replace(
            report,
            decisions={
                canary: report.decisions[canary]
                for canary, said in _said(report).items()
                if known.get(canary) != said
            },
        )
        for report in reports
    ]


def tell(config: Path, request: int, text: str) -> None:
    """Keep what is planned as one comment on a pull request; nothing planned makes no new one.

    A forge that will not have it is told and changes nothing about the plan.

    Raises:
        ConfigError: not exactly one repository has a forge.
    """
    forge, body = one_forge(config), f"{marker(KEY)}\n{text or NOTHING}"[:BODY_MAX]
    try:
        asyncio.run(forge.comment(request, KEY, body, create=bool(text)))
    except (Refused, Unavailable) as error:
        say(f"warning: the pull request was not told: {error}")


def _said(report: Report) -> Mapping[CanaryId, tuple[str, str]]:
    """Say what is decided about each canary, and about which version."""
    seen = report.seen
    return {
        canary: (sentence(one), seen[canary].tip.owned.candidate.digest if canary in seen else "")
        for canary, one in sorted(report.decisions.items())
    }
