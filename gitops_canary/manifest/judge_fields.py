"""The fields of our own Canary that say how is judged, and reading them."""

from decimal import Decimal
from typing import Any

from gitops_canary.manifest.checked import Checked
from gitops_canary.manifest.fields import Field, Status, Type
from gitops_canary.model.spec import POD_GRACE_MS, Check, JudgePolicy

SEQUENTIAL, THRESHOLD = "sequential", "threshold"
MANNWHITNEY, CONDITIONS = "mannwhitney", "conditions"
CONDITIONS = "conditions"
KINDS = (SEQUENTIAL, THRESHOLD, CONDITIONS, "mannwhitney")
NO_DATA = ("hold", "extend", "ask", "fail")
WATCH_MAX_MS = 86_400_000
"""Longest watch; whoever looks at a finish looks back no further than twice that."""
_SPAN = {"low": 1_000, "high": 7 * 86_400_000}
_AT = "analysis.judge"


def _field(path: str, type_: Type, why: str, **rest: object) -> Field:
    return Field(path=path, type=type_, status=Status.HONOURED, why=why, **rest)  # type: ignore[arg-type]  # the rows below name the rest


JUDGE = (
    _field(
        f"{_AT}.type", Type.TEXT, "which judge decides; sequential where absent", choices=KINDS
    ),
    _field(
        f"{_AT}.shadows[]", Type.TEXT, "judges beside it that only say what they would decide",
        choices=KINDS,
    ),
    _field(
        f"{_AT}.alpha", Type.NUMBER,
        "chance of condemning a release that is not worse than tolerated; 0.01 where absent",
        low=Decimal("0.000001"), high=Decimal("0.5"),
    ),
    _field(
        f"{_AT}.rho", Type.NUMBER,
        "how many times worse than the primary is tolerated; 1.5 where absent",
        low=Decimal(1), high=Decimal(100),
    ),
    _field(
        f"{_AT}.overdispersion", Type.NUMBER,
        "how far bad requests come in bursts, at the least; it is measured besides",
        low=Decimal(1), high=Decimal(20),
    ),
    _field(
        f"{_AT}.dwell", Type.DURATION,
        "shortest time from one weight's commit to the next; 60s where absent", **_SPAN
    ),
    _field(
        f"{_AT}.minSoak", Type.DURATION,
        "shortest time with traffic before a promotion; 5m where absent", **_SPAN,
    ),
    _field(
        f"{_AT}.maxHold", Type.DURATION,
        "longest wait for proof at the last step; 10m where absent", **_SPAN,
    ),
    _field(
        f"{_AT}.minRequests", Type.WHOLE,
        "fewest canary requests for a promotion without proof; 100 where absent",
        low=0, high=1_000_000_000,
    ),
    _field(
        f"{_AT}.fastAdvance", Type.FLAG, "advance after half a minute once proven good"
    ),
    _field(
        f"{_AT}.onInconclusive", Type.TEXT,
        "what an unproven canary gets after maxHold; promote where absent",
        choices=("promote", "hold", "rollback"),
    ),
    _field(
        f"{_AT}.warmup", Type.DURATION,
        "how long after its first traffic the canary's latency is let by; 60s where absent",
        **_SPAN,
    ),
    _field(
        f"{_AT}.podGrace", Type.DURATION,
        "how long one pod that alone would condemn the canary may be broken before it does; 90s "
        "where absent, 0s condemns at once",
        low=0, high=3_600_000,
    ),
    _field(
        f"{_AT}.shareGuard", Type.FLAG,
        "whether traffic that does not split as the weight says holds the rollout; true where "
        "absent",
    ),
    _field(
        "analysis.noData", Type.TEXT,
        "what silence of a whole deadline means: hold retreats and may try again, extend waits "
        "on, ask waits for a person, fail retreats for good; hold where absent",
        choices=NO_DATA,
    ),
    _field(
        "analysis.onRetreat", Type.TEXT,
        "what the last retreat that is allowed does with the version: keep it in Git at weight 0, "
        "or restore the stable one; keep where absent",
        choices=("keep", "restore"),
    ),
    _field(
        "analysis.watch.duration", Type.DURATION,
        "how long a promoted version is still judged, by its limits alone; not at all where absent",
        low=1_000, high=WATCH_MAX_MS,
    ),
    _field(
        "analysis.watch.action", Type.TEXT,
        "what a failing watch does: abort takes the rollout back, alert tells a person; abort "
        "where absent",
        choices=("abort", "alert"),
    ),
)  # fmt: skip


def read_watch(doc: Checked, kind: str) -> dict[str, Any]:
    """Read what comes after a promotion and after a retreat, as arguments of a Policy."""
    at = "analysis.watch"
    if doc.has(at) and not doc.has(f"{at}.duration"):
        doc.complain(at, "has no duration", "say how long, e.g. duration: 15m")
    if doc.has(at) and not any(doc.items("analysis.metrics")):
        doc.complain(at, "has no check to judge by", "add a check, or remove it")
    if doc.has(at) and kind == MANNWHITNEY:
        doc.complain(at, "has nobody to compare with", "choose another judge, or remove it")
    return {
        "watch_ms": doc.whole(f"{at}.duration") or 0,
        "watch_action": doc.text(f"{at}.action") or "abort",
        "on_retreat": doc.text("analysis.onRetreat") or "keep",
    }


def read_judge(doc: Checked, checks: tuple[Check, ...], *, own: bool) -> JudgePolicy:
    """Read `analysis.judge`; Flagger's dialect always has Flagger's rule."""
    measured = any(doc.items("analysis.metrics")) or doc.flag("skipAnalysis")
    other = doc.text(f"{_AT}.type") not in {None, THRESHOLD} or any(doc.items(f"{_AT}.shadows"))
    if own and other and not measured:
        doc.complain(_AT, "has nothing to measure", "add a check, or remove it")
    if not own or not measured:
        # Webhooks alone are judged by Flagger's rule: an interval, and a count of failures.
        return JudgePolicy()
    kind = doc.text(f"{_AT}.type") or SEQUENTIAL
    shadows = tuple(
        dict.fromkeys(text for path in doc.items(f"{_AT}.shadows") if (text := doc.text(path)))
    )
    if kind in shadows:
        doc.complain(f"{_AT}.shadows", f"has {kind}, which decides", "remove it there")
    if kind == MANNWHITNEY:
        _check_compared(doc, checks)
    if kind == CONDITIONS and checks and all(c.criteria and c.criteria.dry_run for c in checks):
        problem = "has dryRun for every check, so nothing could ever pass"
        doc.complain("analysis.metrics", problem, "let one of them decide")
    if SEQUENTIAL in {kind, *shadows}:
        _check_budgets(doc, checks)
    else:
        _check_unread(doc, kind)
    return JudgePolicy(
        type=kind,
        shadows=shadows,
        alpha=doc.number(f"{_AT}.alpha") or Decimal("0.01"),
        rho=doc.number(f"{_AT}.rho") or Decimal("1.5"),
        overdispersion=doc.number(f"{_AT}.overdispersion"),
        dwell_ms=doc.whole(f"{_AT}.dwell") or 60_000,
        min_soak_ms=doc.whole(f"{_AT}.minSoak") or 300_000,
        max_hold_ms=doc.whole(f"{_AT}.maxHold") or 600_000,
        min_requests=100 if (found := doc.whole(f"{_AT}.minRequests")) is None else found,
        fast_advance=doc.flag(f"{_AT}.fastAdvance"),
        on_inconclusive=doc.text(f"{_AT}.onInconclusive") or "promote",
        warmup_ms=doc.whole(f"{_AT}.warmup") or 60_000,
        share_guard=not doc.has(f"{_AT}.shareGuard") or doc.flag(f"{_AT}.shareGuard"),
        pod_grace_ms=POD_GRACE_MS if (grace := doc.whole(f"{_AT}.podGrace")) is None else grace,
    )


def _check_unread(doc: Checked, kind: str) -> None:
    """Refuse what only `sequential` reads, where it neither decides nor says what it would."""
    shared = {f"{_AT}.type", f"{_AT}.shadows[]"}
    for at in (f.path for f in JUDGE if f.path.startswith(_AT) and f.path not in shared):
        if doc.has(at):
            doc.complain(
                at,
                f"is read by {SEQUENTIAL} alone, and {kind} decides here",
                f"remove it, or add {SEQUENTIAL} to shadows",
            )


def _check_compared(doc: Checked, checks: tuple[Check, ...]) -> None:
    """Refuse a query where two sides are compared: nobody would look at its answers."""
    for check, path in zip(checks, doc.items("analysis.metrics"), strict=False):
        if check.builtin is None:
            doc.complain(
                path,
                f"is a query of one side, and {MANNWHITNEY} compares two",
                f"use a builtin check, or another analysis.judge.type than {MANNWHITNEY}",
            )


def _check_budgets(doc: Checked, checks: tuple[Check, ...]) -> None:
    """Refuse a success rate that leaves no budget: evidence is weighed against one."""
    for check, path in zip(checks, doc.items("analysis.metrics"), strict=False):
        least = check.limits.minimum
        if check.builtin != "request-success-rate" or least is None:
            continue
        budget, at = float(1 - least / 100), f"{path}.thresholdRange"
        if budget <= 0:
            doc.complain(
                at,
                "leaves no request that may fail, so nothing can be weighed",
                "give a min below 100, e.g. 99.99, or analysis.judge.type: threshold",
            )
        elif budget >= 1:
            doc.complain(
                at,
                "lets every request fail, so nothing can be weighed",
                "give a min above 0, e.g. 99, or analysis.judge.type: threshold",
            )
