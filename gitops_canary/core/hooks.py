"""What webhooks are asked, and what their answers mean; pure.

Gates (`confirm-*`) hold. Checks (`pre-rollout`, `rollout`) count like measured ones. `rollback`
takes back. An answer is known to this process alone: after a restart it is asked anew, which only
delays.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from gitops_canary.core.pace import through
from gitops_canary.core.situation import Situation
from gitops_canary.model.decision import Decision, Hold, Wait
from gitops_canary.model.names import RolloutId
from gitops_canary.model.observation import Measurement, Verdict
from gitops_canary.model.rollout import Action, Outcome, Window
from gitops_canary.model.spec import Policy
from gitops_canary.model.webhooks import Call, HookType, Replies, Reply, Webhook

LIMIT = "HTTP 200 to 202"
JUDGE = "webhooks"
"""Name of the judge in a verdict that rests on webhooks alone."""
CHECKS = frozenset({HookType.PRE_ROLLOUT, HookType.ROLLOUT})
_WHAT = {
    HookType.CONFIRM_ROLLOUT: "the rollout",
    HookType.CONFIRM_TRAFFIC_INCREASE: "more traffic",
    HookType.CONFIRM_PROMOTION: "the promotion",
}


def of(policy: Policy, *kinds: HookType) -> tuple[Webhook, ...]:
    """List a policy's webhooks of some types, in its order."""
    return tuple(hook for hook in policy.webhooks if hook.type in kinds)


def gate(s: Situation, rollout: RolloutId, *kinds: HookType) -> Hold | None:
    """Hold until every webhook of these types has confirmed; None once all have."""
    closed = [
        hook
        for hook in of(s.policy, *kinds)
        if not any(s.told[hook, at_ms].passed for at_ms in _instants(s.told, hook))
    ]
    if not closed:
        return None
    at_ms = _polled_ms(s)
    calls = tuple(_call(s, hook, rollout, at_ms) for hook in closed)
    for hook in closed:
        if known := _instants(s.told, hook):
            return _refused(s, hook, s.told[hook, known[-1]], calls)
    name, what = closed[0].name, _WHAT[closed[0].type]
    asked = s.hold(Wait.WEBHOOK, f"The webhook {name} is asked to confirm {what}.")
    return replace(asked, asks=calls)


def _polled_ms(s: Situation) -> int:
    """Give the instant a gate is asked about: an interval apart, but often within a deadline."""
    since_ms = s.since_ms
    if not s.running and s.source_ms <= s.now_ms:  # else whoever committed it has a clock ahead
        since_ms = max(since_ms, s.source_ms)
    return _grid(s.now_ms, since_ms, min(s.policy.interval_ms, s.policy.progress_deadline_ms // 4))


def _refused(s: Situation, hook: Webhook, reply: Reply, calls: tuple[Call, ...]) -> Hold:
    name, what = hook.name, _WHAT[hook.type]
    if reply.passed is None:
        hold = s.hold(
            Wait.WEBHOOK,
            f"The webhook {name} could not be asked to confirm {what}: {reply.why}.",
            remedy="look at the webhook's service; it is asked again",
            alert=not hook.muted,
        )
    else:
        hold = s.hold(
            Wait.APPROVAL,
            f"The webhook {name} does not confirm {what}: {reply.why}.",
            remedy="open its gate where this should go on; it is asked again",
            alert=not hook.muted,
        )
    return replace(hold, asks=calls)


def taken_back(s: Situation) -> Decision | None:
    """Abort where a rollback webhook asks for it, whatever else is waited for."""
    for hook in of(s.policy, HookType.ROLLBACK):
        for at_ms in _instants(s.told, hook):
            if s.told[hook, at_ms].passed:
                return s.act(
                    Action.ABORT,
                    at_ms=at_ms,
                    reason=f"The rollback webhook {hook.name} asked for the abort.",
                    quarantine=True,
                )
    return None


def due(s: Situation) -> tuple[Call, ...]:
    """List the checks and rollback webhooks that have to be called now."""
    left = s.suspend or s.deleted or s.moved or s.fresh or s.returning
    if left or not s.running or s.rollout is None:
        return ()
    found = [
        _call(s, hook, s.rollout.id, _grid(s.now_ms, s.since_ms, s.policy.interval_ms))
        for hook in of(s.policy, HookType.ROLLBACK)
    ]
    live_ms = s.live_ms()
    if live_ms is not None and not (s.last is Action.START and s.control.paused):
        found += [
            _call(s, hook, s.rollout.id, at_ms)
            for hook in checking(s.policy, s.last)
            if (at_ms := _next(s, hook, live_ms)) is not None
        ]
    return tuple(call for call in found if (call.hook, call.at_ms) not in s.told)


def checking(policy: Policy, last: Action | None) -> tuple[Webhook, ...]:
    """List the webhooks that are checks after a move of this kind."""
    if last is Action.ADVANCE:
        return of(policy, HookType.ROLLOUT)
    if last is Action.START and not policy.skip_analysis:
        tried = (HookType.ROLLOUT,) if policy.trial else ()
        return of(policy, HookType.PRE_ROLLOUT, *tried)
    return ()


def _next(s: Situation, hook: Webhook, live_ms: int) -> int | None:
    """Say for which instant a check is to be called; None where it need not be now."""
    assert s.rollout is not None
    if s.last is Action.START and not s.approved(0):
        return None
    known = _instants(s.told, hook)
    if alone(s.policy, s.last):
        at_ms = _grid(s.now_ms, live_ms, s.policy.interval_ms)
        passed = any(s.told[hook, known_ms].passed for known_ms in known)
        return None if passed or at_ms < s.listening_ms else at_ms
    if not s.verdicts:
        # Called as soon as there is traffic, because it may be what makes the load.
        return live_ms
    newest_ms = s.verdicts[-1].window.end_ms
    judged = [at_ms for at_ms in known if at_ms > live_ms]
    young = bool(judged) and newest_ms - judged[-1] < s.policy.interval_ms
    # What was said before this process listened is lost, and may have been a failure.
    return None if young or newest_ms < s.listening_ms else newest_ms


def alone(policy: Policy, last: Action | None) -> bool:
    """Whether webhooks are all there is to judge: before the first weight, without a trial."""
    return last is Action.START and not policy.trial and bool(checking(policy, last))


def judged(s: Situation) -> Situation:
    """Put what webhooks said beside what was measured."""
    live_ms = s.live_ms()
    if live_ms is None or not s.running or s.returning:
        return s
    verdicts = joined(s.policy, s.last, live_ms, s.verdicts, s.told)
    return replace(s, verdicts=verdicts)


def joined(
    policy: Policy,
    last: Action | None,
    live_ms: int,
    verdicts: Sequence[Verdict],
    told: Replies,
    *,
    heeds: bool = True,
) -> tuple[Verdict, ...]:
    """Join verdicts on measurements with webhooks' answers; theirs alone where nothing is measured.

    An answer stands for the verdicts of one interval, but a failure counts once. With `heeds` a
    webhook that did not answer is silent until it does, as since decision 46, whatever was measured
    meanwhile; one that was not asked makes up for no silence of a measurement.
    """
    hooks = checking(policy, last)
    if not hooks:
        return tuple(verdicts)
    if alone(policy, last):
        every = sorted({at_ms for hook in hooks for at_ms in _instants(told, hook)})
        window = [Window(start_ms=min(live_ms, at_ms), end_ms=at_ms) for at_ms in every]
        found = [
            Verdict(outcome=Outcome.PASS, window=one, measurements=(), judge=JUDGE)
            for one in window
        ]
        return tuple(_join(policy, one, hooks, told, heeds=heeds) for one in found)
    if not policy.checks:
        every_ms = policy.interval_ms
        verdicts = [_bare(one, max(live_ms, one.window.end_ms - every_ms)) for one in verdicts]
    return tuple(_join(policy, one, hooks, told, heeds=heeds) for one in verdicts)


def _bare(one: Verdict, start_ms: int) -> Verdict:
    """Give a look at which nothing is measured: what webhooks say of it is all there is."""
    window = Window(start_ms=start_ms, end_ms=one.window.end_ms)
    return Verdict(outcome=Outcome.PASS, window=window, measurements=(), judge=JUDGE)


def _join(
    policy: Policy, one: Verdict, hooks: Sequence[Webhook], told: Replies, *, heeds: bool
) -> Verdict:
    said = [_measured(policy, hook, one.window.end_ms, told) for hook in hooks]
    outcomes = {one.outcome, *(measurement.outcome for measurement, _ in said)}
    outcome = next(o for o in (Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.PASS) if o in outcomes)
    silent = "; ".join(f"{m.check}: {m.why}" for m, _ in said if m.outcome is Outcome.INCONCLUSIVE)
    mute = any(_mute(hook, one.window.end_ms, told) for hook in hooks)
    reason, passed = one.reason, one.outcome is Outcome.PASS
    if silent and outcome is Outcome.INCONCLUSIVE and (mute or passed):
        reason = silent if passed or not reason else f"{silent}; {reason}"
    unasked = (passed or not heeds) and not all(asked for _, asked in said)
    return replace(
        one,
        outcome=outcome,
        measurements=(*one.measurements, *(measurement for measurement, _ in said)),
        reason=reason,
        heard=not (heeds and mute) and (one.heard or unasked),
    )


def _mute(hook: Webhook, at_ms: int, told: Replies) -> bool:
    """Whether a webhook's newest question by an instant had no answer."""
    known = [one for one in _instants(told, hook) if one <= at_ms]
    return bool(known) and told[hook, known[-1]].passed is None


def unasked() -> tuple[str, str]:
    """Give the words for who was not asked about an instant: after no answer, and else."""
    why = "not asked at this instant"
    return f"{why}, as it did not answer before", why


def _measured(policy: Policy, hook: Webhook, at_ms: int, told: Replies) -> tuple[Measurement, bool]:
    """Say what a webhook means for one instant, and whether it was asked about it."""
    before = [
        known for known in _instants(told, hook) if at_ms - policy.interval_ms < known <= at_ms
    ]
    reply = told[hook, before[-1]] if before else None
    outcome = Outcome.INCONCLUSIVE
    if reply is not None and reply.passed:
        outcome = Outcome.PASS
    elif reply is not None and reply.passed is False and before[-1] == at_ms:
        outcome = Outcome.FAIL
    measurement = Measurement(
        check=f"webhook {hook.name}",
        at_ms=at_ms,
        outcome=outcome,
        value=reply.why if reply is not None and reply.passed is not None else None,
        limit=LIMIT,
        samples="1 call" if reply is not None else "-",
        why=reply.why if reply is not None else unasked()[not _mute(hook, at_ms, told)],
    )
    return measurement, reply is not None


def opened_ms(told: Replies) -> int:
    """Say when the last gate opened; 0 where there was none.

    A move is dated no earlier, so that its deadline does not begin while it had to wait.
    """
    opened = (at for (hook, at), reply in told.items() if hook.type in _WHAT and reply.passed)
    return max(opened, default=0)


def used(told: Replies, at_ms: int) -> tuple[tuple[Webhook, int, Reply], ...]:
    """List the answers a decision rests on: what gates let through, and checks up to an instant."""
    return tuple(
        (hook, at, reply)
        for (hook, at), reply in sorted(told.items(), key=_order)
        if (at <= at_ms if hook.type in CHECKS else reply.passed)
    )


def _order(item: tuple[tuple[Webhook, int], Reply]) -> tuple[str, str, int]:
    (hook, at_ms), _ = item
    return hook.type.value, hook.name, at_ms


def _instants(told: Replies, hook: Webhook) -> list[int]:
    return sorted(at_ms for one, at_ms in told if one == hook)


def _grid(now_ms: int, since_ms: int, every_ms: int) -> int:
    """Give the newest of the instants so far apart, so that replicas ask about the same."""
    return since_ms + max(now_ms - since_ms, 0) // every_ms * every_ms


def _call(s: Situation, hook: Webhook, rollout: RolloutId, at_ms: int) -> Call:
    return Call(
        hook=hook,
        canary=s.canary,
        rollout=rollout,
        since_ms=s.since_ms,
        step=s.rollout.last.record.step if s.rollout and s.running else 0,
        at_ms=at_ms,
    )


def times(policy: Policy, live_ms: int, told: Replies) -> Iterator[int]:
    """List the instants at which webhooks alone can have been asked, up to the last answer."""
    last_ms = max((at_ms for _, at_ms in told), default=live_ms)
    yield from through(live_ms, last_ms, policy.interval_ms)
