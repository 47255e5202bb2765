"""From reports to exit codes (docs/reference/exit-codes.md)."""

from collections.abc import Iterable

from gitops_canary.app.tick import Report
from gitops_canary.model.decision import Act, Decision, Wait
from gitops_canary.model.names import CanaryId
from gitops_canary.model.rollout import Action

ORDER = (70, 5, 6, 7, 8, 1, 4, 3, 0)
"""Of several canaries, the first code that applies."""
WAITS = {
    Wait.IDLE: 0,
    Wait.LIVE: 3,
    Wait.READY: 3,
    Wait.WEBHOOK: 3,
    Wait.WINDOW: 3,
    Wait.WATCH: 3,
    Wait.DATA: 3,
    Wait.APPROVAL: 4,
    Wait.PAUSED: 4,
    Wait.SUSPENDED: 4,
    Wait.OVERRIDE: 4,
    Wait.PERSON: 4,
    Wait.QUARANTINED: 1,
    Wait.ERROR: 1,
}


def exit_code(reports: Iterable[Report]) -> int:
    """Say with one number what the reports say."""
    found = {code for report in reports for code in _codes(report)}
    return next((code for code in ORDER if code in found), 0)


def _codes(report: Report) -> Iterable[int]:
    if report.error:
        yield report.error.exit_code
    for canary, decision in report.decisions.items():
        yield _code(decision, rolled_back=_rolled_back(report, canary))


def _code(decision: Decision, *, rolled_back: bool) -> int:
    if isinstance(decision, Act):
        return 1 if decision.action is Action.ABORT else 3
    if decision.exit_code:
        return decision.exit_code
    code = WAITS[decision.wait]
    return 1 if rolled_back and code in {0, 3} else code


def _rolled_back(report: Report, canary: CanaryId) -> bool:
    """Whether the newest rollout of a canary was aborted."""
    one = report.seen.get(canary)
    if one is None or one.rollout is None:
        return False
    return any(m.record.action is Action.ABORT for m in one.rollout.moves) and not one.running
