"""The policy that applied, as a person reads it: every option in words, and whether it was set."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from gitops_canary.core.text import counted, percent
from gitops_canary.core.units import joined, unit
from gitops_canary.model.spec import JudgePolicy

Json = dict[str, Any]
HEAD = ("option", "value", "from", "field of the Canary")
LIMITS = ("check", "at least", "at most", "window", "source", "limits from", "measures")
ASKS = ("check", "passes if", "fails if", "a weight ends after", "condemns after", "asks after")
_SPANS = ((3_600_000, "hour"), (60_000, "minute"), (1000, "second"), (1, "millisecond"))
_DEFAULT = "default"
_SET = "set in the Canary"
TOLD_SINCE = 9
"""The version of the pages since which a record tells of every option where it was set."""


def span(ms: int) -> str:
    """Write how long something takes, with its unit in words.

    >>> span(90_000), span(3_600_000), span(250), span(0)
    ('90 seconds', '1 hour', '250 milliseconds', '0 seconds')
    """
    size, name = next((s for s in _SPANS if ms >= s[0] and ms % s[0] == 0), _SPANS[2])
    return counted(ms // size, name)


def _percents(steps: Sequence[str]) -> str:
    return " -> ".join(f"{step}%" for step in steps)


def _silence(value: str) -> str:
    return {
        "hold": "hold: weight 0, and it may start again",
        "extend": "extend: the weight stays, and it waits on",
        "ask": "ask: the weight stays, and a person is asked",
        "fail": "fail: weight 0, for good",
    }.get(value, value)


def _unproven(value: str) -> str:
    return {
        "promote": "promote: nothing speaks against it",
        "hold": "hold: it waits on",
        "rollback": "rollback: weight 0",
    }.get(value, value)


def _watched(value: str) -> str:
    return {
        "abort": "abort: back to the stable revision before the rollout",
        "alert": "alert: a person is told",
    }.get(value, value)


def _left(value: str) -> str:
    return {
        "keep": "keep: it stays in Git at weight 0",
        "restore": "restore: the stable version takes its place in Git",
    }.get(value, value)


def _judge(kind: str) -> str:
    return {
        "threshold": "threshold: each look compares with the limits; failed looks are counted",
        "conditions": "conditions: each measurement passes or fails; failures at a weight count",
        "mannwhitney": "mannwhitney: the canary's points are ranked against the primary's",
        "sequential": "sequential: every request is counted against the primary's, after every "
        "block of some seconds, until the evidence is enough",
    }.get(kind, kind)


def _chance(value: str) -> str:
    return f"{percent(100 * Decimal(value))} %"


def _looks(value: int) -> str:
    return counted(value, "look")


def _requests(value: int) -> str:
    return counted(value, "request")


def _attempts(value: int) -> str:
    return counted(value, "attempt")


def _flag(value: object) -> str:
    return "yes" if value else "no"


def _listed(value: Sequence[object]) -> str:
    return ", ".join(map(str, value)) or "none"


def _times(value: str) -> str:
    return f"{value} times the primary's share of bad requests"


def _matches(value: Sequence[Json]) -> str:
    return " or ".join(filter(None, (_match(one) for one in value)))


def _match(one: Json) -> str:
    asked = [
        *(f"header {name} {how} {what}" for name, (how, what) in one["headers"].items()),
        *(f"query {name} {how} {what}" for name, (how, what) in one["query"].items()),
        *(f"label {name} {what}" for name, what in one["sourceLabels"].items()),
    ]
    return " and ".join(asked)


def _cookies(one: Json) -> str:
    mine = f"{one['cookie']} for {counted(one['maxAgeS'], 'second')}"
    other = f"{one['primaryCookie']} for {counted(one['primaryMaxAgeS'], 'second')}"
    more = f"; {one['attributes']}" if one["attributes"] else ""
    return f"{mine}{f', of the primary {other}' if one['primaryCookie'] else ''}{more}"


def _hooks(value: Sequence[Json]) -> str:
    return "; ".join(
        f"{one['name']} ({one['type']}, {span(one['timeoutMs'])} an attempt, "
        f"{counted(one['retries'], 'retry', 'retries')})"
        for one in value
    )


def _share(value: object) -> str:
    return f"{value} %"


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


Row = tuple[str, str, Callable[[Any], str]]
_OPTIONS: Mapping[str, Row] = {
    "strategy": ("how the canary meets its users", "analysis.iterations, .match", _shown),
    "steps": ("weights, one after the other", "analysis.stepWeights", _percents),
    "iterations": ("looks that have to pass", "analysis.iterations", _looks),
    "match": ("requests that go to the canary", "analysis.match", _matches),
    "mirror": ("requests copied before the first weight", "analysis.mirrorWeight", _share),
    "affinity": ("cookies that keep users on a side", "analysis.sessionAffinity", _cookies),
    "approvals": ("steps a person approves going on from", "gates.approval", _listed),
    "intervalMs": ("time between two looks", "analysis.interval", span),
    "threshold": ("failed looks that condemn", "analysis.threshold", _looks),
    "progressDeadlineMs": (
        "longest wait for a move to be live, or for an answer", "progressDeadlineSeconds", span,
    ),
    "noData": ("what a whole deadline without an answer means", "analysis.noData", _silence),
    "attemptsMax": ("attempts before a person is asked", "-", _attempts),
    "settleMs": ("wait for what no source shows to be live", "-", span),
    "skipAnalysis": ("promotes without any check", "skipAnalysis", _flag),
    "canaryReady": ("canary pods that have to be ready", "analysis.canaryReadyThreshold", _share),
    "primaryReady": (
        "primary pods that have to be ready", "analysis.primaryReadyThreshold", _share,
    ),
    "returnStep": (
        "traffic that goes back to the primary at a time", "analysis.stepWeightPromotion", _share,
    ),
    "rollbackWindowMs": ("how long a finished version may come back", "rollbackWindow", span),
    "watchMs": ("judged on after the promotion for", "analysis.watch.duration", span),
    "watchAction": ("what failing then does", "analysis.watch.action", _watched),
    "onRetreat": ("the version after its last retreat", "analysis.onRetreat", _left),
    "webhooks": ("webhooks", "analysis.webhooks", _hooks),
}  # fmt: skip
_OF_JUDGE: Mapping[str, Row] = {
    "type": ("judge", "analysis.judge.type", _judge),
    "shadows": ("judges beside it that decide nothing", "analysis.judge.shadows", _listed),
    "alpha": ("chance to condemn a good version, at most", "analysis.judge.alpha", _chance),
    "rho": ("how much worse is tolerated", "analysis.judge.rho", _times),
    "overdispersion": (
        "how far failures come in bursts, at least", "analysis.judge.overdispersion", _shown,
    ),
    "dwellMs": ("shortest time at a weight", "analysis.judge.dwell", span),
    "minSoakMs": ("shortest time with traffic before promotion", "analysis.judge.minSoak", span),
    "maxHoldMs": ("longest wait for proof at the last step", "analysis.judge.maxHold", span),
    "minRequests": (
        "fewest canary requests for a promotion without proof", "analysis.judge.minRequests",
        _requests,
    ),
    "fastAdvance": ("goes on sooner once proven good", "analysis.judge.fastAdvance", _flag),
    "onInconclusive": ("without proof by then", "analysis.judge.onInconclusive", _unproven),
    "warmupMs": ("latency is let by after the first request for", "analysis.judge.warmup", span),
    "podGraceMs": (
        "one pod that fails alone is waited for", "analysis.judge.podGrace", span,
    ),
    "shareGuard": (
        "holds where traffic does not split as the weight says", "analysis.judge.shareGuard",
        _flag,
    ),
}  # fmt: skip
_USUAL: Json = {"noData": "hold", "onRetreat": "keep", "canaryReady": 100, "primaryReady": 100}
"""What a policy leaves out where it is as usual."""
_ONE = JudgePolicy()
_USUAL_JUDGE: Json = {
    "shadows": [], "alpha": f"{_ONE.alpha}", "rho": f"{_ONE.rho}", "overdispersion": None,
    "dwellMs": _ONE.dwell_ms, "minSoakMs": _ONE.min_soak_ms, "maxHoldMs": _ONE.max_hold_ms,
    "minRequests": _ONE.min_requests, "fastAdvance": _ONE.fast_advance,
    "onInconclusive": _ONE.on_inconclusive, "warmupMs": _ONE.warmup_ms,
    "podGraceMs": _ONE.pod_grace_ms, "shareGuard": _ONE.share_guard,
}  # fmt: skip


def options(decision: Json) -> Iterator[tuple[str, str, str, str]]:
    """List (option, value, where from, field) of the policy of a decision."""
    policy = decision["policy"]
    effective, origin = policy["effective"], policy["origin"]
    told = decision.get("pages", 1) >= TOLD_SINCE
    judge = effective.get("judge") or {"type": "threshold", "shadows": []}
    counts = "alpha" in judge
    said = {**(_USUAL_JUDGE if counts else {}), **judge}
    for key, row in _OF_JUDGE.items():
        if key in said:
            usual = key not in judge or (key in _USUAL_JUDGE and said[key] == _USUAL_JUDGE[key])
            usual = usual or "judge" not in effective
            yield _row(row, said[key], origin.get(f"judge.{key}"), usual=told or usual)
    every = {**_USUAL, **effective}
    known = (*_OPTIONS, *sorted(every.keys() - _OPTIONS.keys() - {"checks", "judge"}))
    for key in known:
        if key in every:
            row = _OPTIONS.get(key, (key, "-", _shown))
            yield _row(
                row, every[key], origin.get(key), usual=told or every[key] == _USUAL.get(key)
            )


def _row(row: Row, value: Any, place: str | None, *, usual: bool) -> tuple[str, str, str, str]:
    name, path, words = row
    shown = "not set" if value is None else words(value)
    usual = usual or path == "-"
    return name, shown, place or (_DEFAULT if usual else _SET), path


def limits(policy: Json) -> Iterator[tuple[str, ...]]:
    """List the checks of a policy with their limits, for the columns of `LIMITS`."""
    effective, origin = policy["effective"], policy["origin"]
    for index, check in enumerate(effective["checks"]):
        places = (origin.get(f"checks[{index}].{end}") for end in ("minimum", "maximum"))
        name = unit(check["builtin"], "threshold")
        yield (
            check["name"],
            joined(check["minimum"], name),
            joined(check["maximum"], name),
            span(check["intervalMs"]),
            check["source"],
            next(filter(None, places), "-"),
            _measures(check),
        )


def asks(policy: Json) -> Iterator[tuple[str, ...]]:
    """List the conditions of a policy's checks where it has any, for the columns of `ASKS`."""
    for check in policy["effective"]["checks"]:
        if said := check.get("criteria"):
            count = said["count"] or 1
            lets = said["failureLimit"]
            condemns = "never" if lets < 0 else counted(lets + 1, "failed measurement")
            yield (
                check["name"],
                said["success"] or "-",
                said["failure"] or "-",
                f"{counted(count, 'measurement')}{', decides nothing' if said['dryRun'] else ''}",
                condemns,
                span(said["initialDelayMs"]),
            )


def _measures(check: Json) -> str:
    known = {
        "request-success-rate": "share of requests without a server error",
        "request-duration": "how long requests take, the 99th percentile",
    }
    return known.get(check["builtin"] or "", f"the query {check['query']}")


def lines(decision: Json) -> Iterator[str]:
    """Tell it for a terminal: a line for each check, and for each option that was set."""
    policy = decision["policy"]
    for name, low, high, window, source, _, what in limits(policy):
        ends = [
            f"{word} {end}" for word, end in (("at least", low), ("at most", high)) if end != "-"
        ]
        told = " and ".join(ends) or "no limit"
        yield f"{name}: {what}; {told}; over {window}; asked of {source}"
    for name, success, failure, *_ in asks(policy):
        yield f"{name}: passes if {success}, fails if {failure}"
    every = list(options(decision))
    found = [one for one in every if one[2] != _DEFAULT]
    for name, value, place, path in found:
        yield f"{name}: {value} ({path}, {place})"
    usual = counted(len(every) - len(found), "other option")
    yield f"{usual} at the default: `gitops-canary report {decision['rollout']}` shows every one"
