"""What else could have been done, and why it was not: what a reviewer misses most."""

from gitops_canary.core.text import counted
from gitops_canary.model.decision import Act
from gitops_canary.model.rollout import Action, Outcome, Record
from gitops_canary.model.webhooks import HookType

_FIXED: dict[Action, tuple[tuple[str, str], ...]] = {
    Action.START: (
        ("wait", "candidate and primary differ, and the candidate is not quarantined"),
        ("advance", "the first weight needs a canary that is ready in its new version"),
    ),
    Action.FINISH: (
        ("wait", "the primary was seen ready in its new version"),
        ("abort", "no failing verdict stands against the version"),
    ),
    Action.IDLE: (("wait", "nobody is served by the canary, and weight 0 is live"),),
    Action.INITIALISE: (),
}
_UNSEEN = ("wait", "no source sees the pods, so the time that stands in for that has passed")


def alternatives(act: Act, record: Record) -> tuple[tuple[str, str], ...]:
    """List (action, why not) for what was not done; a function of the decision alone."""
    unseen = act.live is not None and act.live.unseen
    if act.action is Action.FINISH and unseen:
        return (_UNSEEN, *_FIXED[act.action][1:])
    fixed = _FIXED.get(act.action)
    if fixed is not None:
        return fixed
    failed = counted(record.failed, "failed look")
    failures = f"{failed} of the {record.threshold} that condemn a version"
    if act.action is Action.ABORT:
        return _abort(act, record)
    if act.action is Action.RETREAT:
        return (
            ("wait", _waited(act)),
            ("advance", "only a passing verdict raises the weight"),
            (
                "abort",
                "there is no other version to go back to"
                if act.quarantine
                else f"{failures}: silence condemns nobody",
            ),
        )
    if act.override:
        return (
            ("wait", "a person asked to promote now, and no check condemns the version"),
            ("advance", "a person's word stands in the place of the steps that are left"),
            ("abort", failures),
        )
    rest = record.steps - record.step
    further = (
        ("advance", f"step {record.step} of {record.steps} is the last one")
        if act.action is Action.PROMOTE
        else ("promote", f"{rest} of {record.steps} steps are still to be passed")
        if rest
        else ("promote", "the last step has to pass its checks first")
    )
    return (
        _UNSEEN if unseen and act.verdict is not Outcome.PASS else ("wait", _ready(act)),
        further,
        ("skip a step", "the weight rises one step at a time"),
        ("abort", failures),
        ("retreat", "there was an answer to every check")
        if act.verdict is Outcome.PASS
        else ("retreat", "the previous move became live in time"),
    )


def _abort(act: Act, record: Record) -> tuple[tuple[str, str], ...]:
    if act.verdict is not Outcome.FAIL:
        webhook = any(
            hook.type is HookType.ROLLBACK and reply.passed for (hook, _), reply in act.told.items()
        )
        who = "rollback webhook" if webhook else "person"
        return (
            ("wait", f"a {who} asked for the abort"),
            ("advance", f"a {who} asked for the abort"),
            ("retreat", f"the {who} asked for the version to be taken out, not only the traffic"),
        )
    counted = f"failed looks reached the limit, {record.failed} of {record.threshold}"
    final = bool(act.verdicts) and act.verdicts[-1].final
    return (
        ("wait", "the verdict condemns by itself, whatever comes next" if final else counted),
        ("advance", "a failing verdict never raises the weight"),
        ("retreat", "the verdict is about the version, so it is taken out of Git and quarantined"),
    )


def _waited(act: Act) -> str:
    if act.verdict is Outcome.INCONCLUSIVE:
        return "nothing could be measured for a whole progress deadline"
    return "the reason above does not pass by waiting"


def _ready(act: Act) -> str:
    if act.verdict is Outcome.PASS:
        return "every check passed over a whole window, so waiting would show nothing new"
    return "nothing is measured before the first weight, and the canary is ready"
