"""What a running rollout waits for, and what it does once it has it."""

from collections.abc import Sequence
from decimal import Decimal

from gitops_canary.core import hooks
from gitops_canary.core.permitting import gate, unconfirmed
from gitops_canary.core.situation import Situation
from gitops_canary.core.text import duration, iso, percent
from gitops_canary.core.unheard import (
    WAITS,
    failing,
    gives_up,
    silence,
    silences,
    silent,
    unmeasured,
)
from gitops_canary.model.decision import WAY_OUT, Decision, Wait
from gitops_canary.model.observation import Verdict
from gitops_canary.model.rollout import Action, Outcome
from gitops_canary.model.spec import Strategy


def going(s: Situation) -> Decision:
    """Take a running rollout one move further, or say what it waits for."""
    live_ms = s.live_ms()
    if live_ms is None:
        # What was asked for may be long in coming: the weight before it is judged meanwhile.
        return condemned(s, s.verdicts) or _not_live(s)
    if s.returning:
        return _returning(s, live_ms)
    if s.last is Action.START:
        return _ready(s, live_ms)
    return _judged(s, live_ms)


def _not_live(s: Situation) -> Decision:
    """Wait for sync; past the deadline go back, or page where there is nothing to take back."""
    waiting = s.live.waiting if s.live and s.live.waiting else "no sync source has answered"
    if s.now_ms <= s.deadline_ms():
        wait = Wait.READY if s.last is Action.START else Wait.LIVE
        paused = _paused(s)
        way_out = WAY_OUT[Wait.PAUSED].format(s.canary) if paused else ""
        reason = f"The last commit is not live yet: {waiting}.{paused}"
        return s.hold(wait, reason, remedy="; ".join(filter(None, (way_out, _look_at(s)))))
    limit = duration(s.policy.progress_deadline_ms)
    if s.last is Action.ADVANCE:
        return s.act(
            Action.RETREAT,
            at_ms=s.deadline_ms(),
            reason=f"The last commit was not live after {limit}: {waiting}.",
            restore=gives_up(s),
        )
    subject = "The promoted primary" if s.returning else "The canary"
    return s.hold(
        Wait.PERSON,
        f"{subject} is not live and ready after {limit}: {waiting}. Traffic stays where it is.",
        remedy="look at the workload's pods and the sync engine; it goes on by itself once ready",
        alert=True,
    )


def _look_at(s: Situation) -> str:
    """Give what a sync source advises, and when the wait for it ends; empty without advice."""
    if s.live is None or not s.live.remedy:
        return ""
    then = "the weight goes back to 0" if s.last is Action.ADVANCE else "a person is called"
    return f"{s.live.remedy}; if it is not live by {iso(s.deadline_ms())}, {then}"


def _seen(s: Situation, subject: str, ready: str) -> str:
    """Claim that pods are ready only where a source saw it, else say that only time has passed."""
    assert s.live is not None, "it is live"
    if s.live.unseen:
        return f"Nothing tells whether {subject}'s pods are ready; a settle time has passed"
    return ready


def _paused(s: Situation) -> str:
    """Say what a pause will hold once the last commit is live; empty where it will nothing."""
    assert s.rollout is not None
    if not s.control.paused:
        return ""
    if s.returning:
        return " Paused by a person: traffic will not return to the primary."
    asked = s.control.promote == s.rollout.id
    return "" if asked else " Paused by a person: it will not rise."


def _returning(s: Situation, live_ms: int) -> Decision:
    """Give the proven primary its traffic back: all at once, or in steps an interval apart."""
    weight = s.policy.returned(s.tip.weight)
    at_ms = live_ms if s.last is Action.PROMOTE else live_ms + s.policy.interval_ms
    if s.control.paused:
        ready = _seen(s, "the primary", "The primary is ready")
        return s.hold(Wait.PAUSED, f"Paused by a person; {ready[0].lower()}{ready[1:]}.")
    if s.now_ms < at_ms:
        left = percent(s.tip.weight)
        return s.hold(
            Wait.WINDOW, f"Traffic returns to the primary; the canary still has {left} %."
        )
    ready = _seen(s, "the primary", "The primary runs the new version and is ready")
    if s.last is Action.FINISH:
        ready = "The primary has had its traffic for an interval"
    gets = "all traffic goes to it" if weight == 0 else f"{percent(100 - weight)} % go to it"
    return s.act(Action.FINISH, weight=weight, at_ms=at_ms, reason=f"{ready}, so {gets}.")


def _promoted(s: Situation, live_ms: int) -> Decision | None:
    """Promote at once where a person says so; what the checks condemn is aborted before."""
    assert s.rollout is not None
    if s.control.promote != s.rollout.id:
        return None
    left = len(s.policy.steps) - s.rollout.last.record.step
    return s.act(
        Action.PROMOTE,
        step=len(s.policy.steps),
        weight=s.tip.weight,
        at_ms=max(live_ms, s.tip_ms),
        reason="Override: a person asked by control.promote to promote now, without the checks of "
        f"this step{f' and of the {left} left' if left else ''}.",
        override=True,
    )


def _ready(s: Situation, live_ms: int) -> Decision:
    if asked := _promoted(s, live_ms):
        return asked
    if s.control.paused:
        return s.hold(Wait.PAUSED, "Paused by a person before the first weight.")
    if held := gate(s, 0):
        return held
    if s.policy.skip_analysis or s.proven:
        why = s.proven or "skipAnalysis asks for no checks"
        return s.act(
            Action.PROMOTE,
            step=len(s.policy.steps),
            weight=s.tip.weight,
            at_ms=live_ms,
            reason=f"{_seen(s, 'the canary', 'The canary is ready')}, and {why}.",
        )
    if s.policy.trial or hooks.alone(s.policy, s.last):
        return _judged(s, live_ms)
    first = s.policy.steps[0]
    ready = _seen(s, "the canary", "The canary is ready in its new version")
    return unconfirmed(s) or s.act(
        Action.ADVANCE,
        step=1,
        weight=first,
        at_ms=live_ms,
        reason=f"{ready}, so it takes {_share(s, first)}.",
    )


def _judged(s: Situation, live_ms: int) -> Decision:
    """Condemn on enough failures, rise on a pass, and retreat where nothing can be measured."""
    assert s.rollout is not None
    if found := condemned(s, s.verdicts) or _promoted(s, live_ms):
        return found
    failed = s.rollout.last.record.failed
    failed += sum(verdict.outcome is Outcome.FAIL for verdict in s.verdicts)
    # No pass counts that a later failure contradicts; of the others the first that completes the
    # number decides, so that replicas which look a little later decide the same. Nor does one that
    # came before a silence as long as the deadline, where a gate or a pause was in its way.
    failures = [i for i, verdict in enumerate(s.verdicts) if verdict.outcome is Outcome.FAIL]
    passes = [i for i, verdict in enumerate(s.verdicts) if verdict.outcome is Outcome.PASS]
    deciding = passes[s.policy.needed(s.rollout.last.record.step) - 1 :]
    quiet = silences(s, live_ms, s.verdicts)
    since = max((*failures, *quiet), default=-1)
    for index in deciding:
        if index > since:
            return _rise(s, index)
    return _measuring(s, quiet, failed)


def condemned(s: Situation, verdicts: Sequence[Verdict]) -> Decision | None:
    """Abort at the first failure that is enough; None where none is."""
    assert s.rollout is not None
    failed = s.rollout.last.record.failed
    for index, verdict in enumerate(verdicts):
        failed += verdict.outcome is Outcome.FAIL
        enough = verdict.final or failed >= s.policy.threshold
        if enough and verdict.outcome is Outcome.FAIL:
            return _condemn(s, verdicts[: index + 1], failed)
    return None


def _condemn(s: Situation, seen: Sequence[Verdict], failed: int) -> Decision:
    verdict = seen[-1]
    counted = (
        f"{failing(verdict, s.policy)}. That was failed look {failed} of {s.policy.threshold}."
    )
    return s.act(
        Action.ABORT,
        at_ms=verdict.window.end_ms,
        reason=f"{verdict.reason}." if verdict.final else counted,
        verdict=Outcome.FAIL,
        failed=failed,
        window=verdict.window,
        verdicts=tuple(seen),
        quarantine=True,
    )


def _rise(s: Situation, index: int) -> Decision:
    assert s.rollout is not None
    if s.control.paused:
        return s.hold(Wait.PAUSED, "Paused by a person; the checks pass.")
    record = s.rollout.last.record
    if held := gate(s, record.step):
        return held
    last = record.step >= len(s.policy.steps)
    if held := unconfirmed(s, promotes=last):
        return held
    seen = s.verdicts[: index + 1]
    failed = record.failed + sum(v.outcome is Outcome.FAIL for v in seen)
    weight = s.tip.weight if last else s.policy.steps[record.step]
    return s.act(
        Action.PROMOTE if last else Action.ADVANCE,
        step=record.step if last else record.step + 1,
        weight=weight,
        at_ms=seen[-1].window.end_ms,
        reason=_passed(s, seen[-1], last=last)
        + (
            ", so the primary gets the new version."
            if last
            else f", so the canary takes {_share(s, weight)}."
        ),
        verdict=Outcome.PASS,
        failed=failed,
        window=seen[-1].window,
        verdicts=seen,
    )


def _passed(s: Situation, verdict: Verdict, *, last: bool) -> str:
    """Say what let it pass: every check, or, where not each is proven, what the judge says."""
    if all(one.outcome is Outcome.PASS for one in verdict.measurements):
        return f"All checks passed {_where(s)}{', the last step' if last else ''}"
    said = f"{verdict.reason[:1].upper()}{verdict.reason[1:]}"
    return said if last else f"{said} {_where(s)}"


def _measuring(s: Situation, quiet: Sequence[int], failed: int) -> Decision:
    unheard = silence(s.verdicts, quiet, waits=s.policy.no_data in WAITS)
    if unheard is not None:
        return unmeasured(s, unheard)
    wait, reason = _measured(s, failed)
    paused = _paused(s)
    remedy = WAY_OUT[Wait.PAUSED].format(s.canary) if paused else ""
    return s.hold(wait, f"{reason}{paused}", remedy=remedy)


def _measured(s: Situation, failed: int) -> tuple[Wait, str]:
    """Say what is waited for while nothing is decided, and what was seen so far."""
    newest = s.verdicts[-1] if s.verdicts else None
    if newest and newest.heard and newest.outcome is Outcome.INCONCLUSIVE:
        return Wait.WINDOW, f"Measures {_where(s)}: {newest.reason}."
    if newest and newest.outcome is Outcome.INCONCLUSIVE:
        return Wait.DATA, f"The checks are inconclusive: {silent(newest)}."
    if newest and newest.outcome is Outcome.FAIL:
        count = f"{failed} of {s.policy.threshold}"
        return Wait.WINDOW, f"Failed look {count}: {failing(newest, s.policy)}."
    return Wait.WINDOW, f"Measures {_where(s)}{_progress(s)}{_first(s)}."


def _where(s: Situation) -> str:
    if s.last is Action.START:
        return "on mirrored requests" if s.policy.mirror is not None else "before any traffic"
    return f"at {_share(s, s.tip.weight)}"


def _share(s: Situation, weight: Decimal) -> str:
    of = " of the matching requests" if s.policy.strategy is Strategy.AB_TEST else ""
    return f"{percent(weight)} %{of}"


def _first(s: Situation) -> str:
    """Say when there is anything to judge; empty once there was."""
    if s.verdicts or s.due_ms is None:
        return ""
    return f"; the first numbers are complete at {iso(s.due_ms)}"


def _progress(s: Situation) -> str:
    """Say how many of several passing looks there are."""
    assert s.rollout is not None
    needed = s.policy.needed(s.rollout.last.record.step)
    passes = sum(verdict.outcome is Outcome.PASS for verdict in s.verdicts)
    return f": {passes} of {needed} looks passed" if needed > 1 else ""
