"""What will happen to a new version, told before there is one: every move, wait and way out."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from gitops_canary.core.edits import Ground
from gitops_canary.core.hooks import of
from gitops_canary.core.stopping import condemned_by
from gitops_canary.core.text import duration, percent
from gitops_canary.core.units import joined, unit
from gitops_canary.manifest.policy import policy_json
from gitops_canary.manifest.scalars import spelled
from gitops_canary.model.owned import Fields, Templates
from gitops_canary.model.spec import CanarySpec, Check, JudgePolicy, Policy, Strategy
from gitops_canary.model.webhooks import HookType


def outlook(spec: CanarySpec, ground: Ground, beside: Sequence[str] = ()) -> Iterator[str]:
    """Give the lines, in the order in which things happen.

    `beside` are sentences about what changes without a rollout.
    """
    yield f"{spec.id} drives {spec.target.kind} {spec.target.name} in {spec.namespace}."
    yield from _places(ground, beside)
    yield "When a new version is committed:"
    for number, line in enumerate(_moves(spec, ground), 1):
        yield f"  {number}. {line}"
    if not spec.policy.skip_analysis:
        checks = [_check(check) for check in spec.policy.checks]
        hooks = _named(spec.policy, HookType.ROLLOUT)
        yield f"Each look asks: {'; '.join([*checks, *([hooks] if hooks else [])])}."
        if not checks:
            yield "Nothing is measured: what webhooks answer is all that is judged."
    yield from _asked(spec.policy)
    yield from _ways_out(spec.policy)
    yield f"At the quickest: {duration(_quickest_ms(spec.policy))} from a ready canary to the end."
    for name in spec.deferred:
        yield f"Not honoured: {name}."


def _places(ground: Ground, beside: Sequence[str]) -> Iterator[str]:
    match ground.binding.versions:
        case Templates() as both:
            yield (
                f"A new version is any change of the pod template in {both.candidate.file}; "
                f"everyone is served by {both.primary.name} ({both.primary.file})."
            )
            for one in both.configs:
                yield f"So is any change of {one.kind} {one.name}; the primary has its own copy."
            yield from beside
            yield from _scaling(both, ground)
        case Fields(pairs=pairs):
            for pair in pairs:
                yield (
                    f"A new version is any change of {pair.name} in {pair.candidate.file}; "
                    f"everyone is served by the one in {pair.primary.file}."
                )
            yield "Nothing else there starts a rollout: it reaches at once whom it stands for."
            yield from beside
    routes = ", ".join(f"{r.kind} {r.name} ({r.file})" for r in ground.binding.routes)
    yield f"Its share of the traffic lies in {routes}."


def _scaling(both: Templates, ground: Ground) -> Iterator[str]:
    if both.pause is not None and ground.owned.candidate.replicas == 0:
        yield f"Its ScaledObject ({both.pause.file}) is paused while nothing rolls out."
    elif both.candidate.kind == "DaemonSet":
        yield "The canary runs on every node, without traffic while nothing rolls out."
    elif both.scaled:
        yield "Its scaler decides how many pods it has; it idles at the least it may have."


def _moves(spec: CanarySpec, ground: Ground) -> Iterator[str]:
    policy = spec.policy
    deadline = duration(policy.progress_deadline_ms)
    mirror = "" if policy.mirror is None else f", and {percent(policy.mirror)} % of requests copied"
    yield (
        f"start: the weight is set to 0{mirror}; the canary has {deadline} to become ready, "
        "or people are called."
    )
    if policy.skip_analysis:
        yield "No checks are made (skipAnalysis)."
    else:
        yield from _steps(policy)
    if policy.judge.type == "sequential" and not policy.skip_analysis:
        yield f"Measured for {duration(policy.judge.min_soak_ms)} in all, at the least."
        if warms := _warmup_ms(policy):
            yield (
                f"Latency counts from {duration(warms)} after its first request on (warmup); what "
                "is slow before keeps its weight, and condemns nobody."
            )
        yield _unproven(policy.judge)
    yield (
        "promote: the primary gets the version, the canary keeps serving; "
        f"the primary has {deadline} to run it everywhere, or people are called."
    )
    for weight in () if policy.skip_analysis else policy.descent:
        span = duration(policy.interval_ms)
        yield f"finish: {percent(weight)} % stay with the canary for {span}."
    yield "finish: the weight is set to 0 again, and the report is sealed."
    if policy.watch_ms:
        does = "takes the rollout back" if policy.watch_action == "abort" else "calls people"
        yield f"watch: for {duration(policy.watch_ms)} its limits alone are judged; failing {does}."
    if ground.owned.candidate.replicas == 0:
        yield "idle: the canary is scaled to zero, as it is now."


def _unproven(judge: JudgePolicy) -> str:
    """Say what becomes of a canary that nothing speaks against, and too few requests for."""
    then = {
        "promote": f"it is promoted all the same, if {judge.min_requests} requests were counted",
        "hold": "it holds",
        "rollback": "its traffic is taken back",
    }
    return (
        f"Where nothing proves it good within {duration(judge.max_hold_ms)} at the last step, "
        f"{then[judge.on_inconclusive]} (onInconclusive: {judge.on_inconclusive})."
    )


def _steps(policy: Policy) -> Iterator[str]:
    if policy.trial:
        yield f"Before any traffic: {_looks(policy, policy.trial)}."
    if policy.affinity is not None:
        yield f"Whoever met the candidate stays with it, by the cookie {policy.affinity.cookie}."
    for number, weight in enumerate(policy.steps, 1):
        yield (
            f"advance {number}/{len(policy.steps)}: {_share(policy, weight)}; "
            f"once that is live, {_looks(policy, policy.needed(number))}."
        )


def _share(policy: Policy, weight: Decimal) -> str:
    if policy.strategy is Strategy.AB_TEST:
        return "all requests that match go to the canary"
    return f"{percent(weight)} % of the traffic goes to the canary"


def _looks(policy: Policy, count: int) -> str:
    judge = policy.judge
    if judge.type == "sequential":
        times = f" at the end of each of {count} intervals" if count > 1 else ""
        least = duration(_stay_ms(policy, count))
        return f"the judge has to be sure{times}, for {least} at the least"
    first = duration(_first_ms(policy))
    if judge.type == "conditions":
        counts = [one.criteria.count or 1 for one in policy.checks if one.criteria]
        most, each = max([1, *counts]), duration(policy.interval_ms)
        looks = "1 measurement" if most == 1 else f"up to {most} measurements"
        return f"{looks}, the first {first} later, one every {each}"
    if count == 1:
        return f"one look that passes, {first} later at the earliest"
    every = duration(policy.interval_ms)
    return f"{count} looks that pass, the first {first} later, one every {every}"


_BEFORE = {
    HookType.CONFIRM_ROLLOUT: "the start",
    HookType.PRE_ROLLOUT: "the first weight",
    HookType.CONFIRM_TRAFFIC_INCREASE: "each weight and the promotion",
    HookType.CONFIRM_PROMOTION: "the promotion",
}


def _asked(policy: Policy) -> Iterator[str]:
    """Say which webhooks can hold a rollout up or take it back."""
    kinds = list(_BEFORE)
    if policy.strategy is not Strategy.WEIGHTED:
        kinds.remove(HookType.CONFIRM_TRAFFIC_INCREASE)
    for kind in kinds[:1] if policy.skip_analysis else kinds:
        late = kind is HookType.CONFIRM_PROMOTION and policy.strategy is Strategy.BLUE_GREEN
        if names := _named(policy, kind):
            before = "any traffic" if late else _BEFORE[kind]
            yield f"Waited for before {before}: {names}."
    if names := _named(policy, HookType.ROLLBACK):
        yield f"Asked once an interval whether to abort: {names}."


def _named(policy: Policy, kind: HookType) -> str:
    return ", ".join(f"the webhook {one.name}" for one in of(policy, kind))


def _check(check: Check) -> str:
    low, high = check.limits.minimum, check.limits.maximum
    name = unit(check.builtin, "threshold")
    bounds = [
        *([f"at least {joined(spelled(low), name)}"] if low is not None else []),
        *([f"at most {joined(spelled(high), name)}"] if high is not None else []),
    ]
    return f"{check.name} {' and '.join(bounds) or 'measured'} over {duration(check.interval_ms)}"


def _ways_out(policy: Policy) -> Iterator[str]:
    yield (
        f"At {condemned_by(policy_json(policy))} over the whole rollout: abort. One commit puts "
        "back the version and the weight, byte for byte, and the version is kept out for 90 days."
    )
    yield "Without data nothing advances and nothing is condemned; it holds and says so."
    yield (
        "Somebody commits another version meanwhile: weight 0 first, then that one starts. "
        "Somebody moves the weight: it holds until `gitops-canary resume`."
    )


def _warmup_ms(policy: Policy) -> int:
    """Say for how long evidence on a latency is not weighed; 0 where none is."""
    slow = any(check.builtin == "request-duration" for check in policy.checks)
    return policy.judge.warmup_ms if slow else 0


def _stay_ms(policy: Policy, looks: int) -> int:
    """Say how long a weight stays at the least by evidence on counts."""
    return max(policy.judge.dwell_ms, policy.interval_ms * looks if looks > 1 else 0)


def _quickest_ms(policy: Policy) -> int:
    if policy.skip_analysis:
        return 0
    looks = policy.trial + sum(policy.needed(step) for step in range(1, len(policy.steps) + 1))
    stages = len(policy.steps) + bool(policy.trial)
    if policy.judge.type == "sequential":
        counts = [policy.needed(step) for step in range(len(policy.steps) + 1)]
        stay_ms = sum(_stay_ms(policy, count) for count in counts if count)
        return max(stay_ms, policy.judge.min_soak_ms, _warmup_ms(policy))
    return _first_ms(policy) * stages + policy.interval_ms * (looks - stages)


def _first_ms(policy: Policy) -> int:
    """Say how long after a weight is live its first window ends."""
    return max([policy.interval_ms, *(check.interval_ms for check in policy.checks)])
