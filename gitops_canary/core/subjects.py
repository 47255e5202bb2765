"""A move in the few words of a commit's subject."""

from collections.abc import Sequence

from gitops_canary.core.text import change, percent
from gitops_canary.model.decision import Act
from gitops_canary.model.rollout import Action, Outcome, Record
from gitops_canary.model.spec import Strategy


def moved(act: Act, record: Record, strategy: Strategy, *, finished: bool) -> tuple[str, str]:
    """Say the move in a few words and the bracket that may be dropped."""
    version = record.version.rpartition(":")[2] if "," not in record.version else "versions"
    if record.version.startswith("template@"):
        version = "new pod template"
    rise = change(percent(record.weight_from), percent(record.weight_to))
    if strategy is Strategy.AB_TEST:
        rise += " of matches"
    if finished:
        rise = "after its promotion"
    bracket = f"step {record.step}/{record.steps}"
    checks = act.verdicts[-1].measurements if act.verdicts else ()
    if checks:
        bracket += f", {_counted([m.outcome for m in checks], act.verdict)}"
    words = {
        Action.START: f"start {version} at 0%",
        Action.ADVANCE: rise,
        Action.PROMOTE: f"promote {version}{' by override' if act.override else ''}",
        Action.FINISH: f"finish {version}, {rise}",
        Action.IDLE: "scale the canary to zero",
        Action.ABORT: f"abort {version} {rise}" if finished else f"abort {version}, {rise}",
        Action.RETREAT: f"retreat {rise}",
        Action.INITIALISE: "initialise",
    }
    return words[act.action], bracket


def _counted(checks: Sequence[Outcome], verdict: Outcome) -> str:
    """Say how many checks pass; of a pass for which not all have to be proven, how many fail."""
    passed = sum(one is Outcome.PASS for one in checks)
    if verdict is Outcome.PASS and passed < len(checks):
        return f"{sum(one is Outcome.FAIL for one in checks)}/{len(checks)} checks fail"
    return f"{passed}/{len(checks)} checks pass"
