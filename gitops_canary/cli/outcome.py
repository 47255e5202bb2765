"""From reports to exit codes (docs/reference/exit-codes.md)."""

from collections.abc import Iterable

from gitops_canary.app.tick import Report
from gitops_canary.errors import SpecError
from gitops_canary.model.decision import Act, Decision, Hold, Wait
from gitops_canary.model.names import CanaryId
from gitops_canary.model.rollout import Action

ORDER = (70, 5, 6, 7, 8, 1, 4, 3, 0)
"""Of several canaries, the first code that applies."""
IN_PROGRESS = 3
WAITS = {
    Wait.IDLE: 0,
    Wait.LIVE: IN_PROGRESS,
    Wait.READY: IN_PROGRESS,
    Wait.WEBHOOK: IN_PROGRESS,
    Wait.WINDOW: IN_PROGRESS,
    Wait.WATCH: IN_PROGRESS,
    Wait.DATA: IN_PROGRESS,
    Wait.APPROVAL: 4,
    Wait.REQUEST: 4,
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


def settled(report: Report) -> bool:
    """Tell whether nothing is under way in a repository that only has to be waited for."""
    holds = [one for one in report.decisions.values() if isinstance(one, Hold)]
    return (
        report.error is None
        and len(holds) == len(report.decisions)
        and all(WAITS[one.wait] != IN_PROGRESS for one in holds)
    )


def _codes(report: Report) -> Iterable[int]:
    if report.error:
        yield report.error.exit_code
    if report.barren:
        yield SpecError.exit_code
    for canary, decision in report.decisions.items():
        yield _code(
            decision, rolled_back=_rolled_back(report, canary), paused=_paused(report, canary)
        )


def _code(decision: Decision, *, rolled_back: bool, paused: bool) -> int:
    if isinstance(decision, Act):
        return 1 if decision.action is Action.ABORT else IN_PROGRESS
    if decision.exit_code:
        return decision.exit_code
    code = WAITS[decision.wait]
    if paused and code == IN_PROGRESS:
        code = WAITS[Wait.PAUSED]
    return 1 if rolled_back and code in {0, IN_PROGRESS} else code


def _rolled_back(report: Report, canary: CanaryId) -> bool:
    """Whether the newest rollout of a canary was aborted."""
    one = report.seen.get(canary)
    if one is None or one.rollout is None:
        return False
    return any(m.record.action is Action.ABORT for m in one.rollout.moves) and not one.running


def _paused(report: Report, canary: CanaryId) -> bool:
    """Whether a running rollout will go no further once it is live."""
    one = report.seen.get(canary)
    return one is not None and one.running and one.situation.control.paused
