"""Where each value of a policy came from, for the evidence."""

from collections.abc import Mapping

from gitops_canary.manifest.checked import Checked

DEFAULT = "default"
_SINGLE = {
    "intervalMs": ("analysis.interval",),
    "threshold": ("analysis.threshold",),
    "progressDeadlineMs": ("progressDeadlineSeconds",),
    "skipAnalysis": ("skipAnalysis",),
    "steps": ("analysis.stepWeights", "analysis.stepWeight", "analysis.iterations"),
}
_WHERE_SET = {
    **{
        f"judge.{key}": (f"analysis.judge.{field}",)
        for key, field in {
            "type": "type", "shadows": "shadows", "alpha": "alpha", "rho": "rho",
            "overdispersion": "overdispersion", "dwellMs": "dwell", "minSoakMs": "minSoak",
            "maxHoldMs": "maxHold", "minRequests": "minRequests", "fastAdvance": "fastAdvance",
            "onInconclusive": "onInconclusive", "warmupMs": "warmup", "podGraceMs": "podGrace",
            "shareGuard": "shareGuard",
        }.items()
    },
    "noData": ("analysis.noData",),
    "onRetreat": ("analysis.onRetreat",),
    "watchMs": ("analysis.watch.duration",),
    "watchAction": ("analysis.watch.action",),
    "strategy": ("analysis.match", "analysis.iterations"),
    "iterations": ("analysis.iterations",),
    "match": ("analysis.match",),
    "mirror": ("analysis.mirrorWeight", "analysis.mirror"),
    "affinity": ("analysis.sessionAffinity",),
    "approvals": ("gates.approval",),
    "returnStep": ("analysis.stepWeightPromotion",),
    "rollbackWindowMs": ("rollbackWindow",),
    "canaryReady": ("analysis.canaryReadyThreshold",),
    "primaryReady": ("analysis.primaryReadyThreshold",),
    "webhooks": ("analysis.webhooks",),
}  # fmt: skip
"""Named where they are set; what is not there is as usual."""
_OF_CHECK = {
    "name": ("name",),
    "source": ("source",),
    "query": ("query", "templateRef"),
    "intervalMs": ("interval",),
    "minimum": ("thresholdRange.min", "threshold"),
    "maximum": ("thresholdRange.max", "threshold"),
    "criteria": ("successCondition", "failureCondition"),
    "criteria.success": ("successCondition",),
    "criteria.failure": ("failureCondition",),
}


def origins(doc: Checked, checks: int) -> Mapping[str, str]:
    """Name `file:line:column` of each value of the policy, or `default`.

    Keys are those of `policy_json`; a check's are `checks[0].minimum` and so on, left out where
    the document says nothing.
    """
    found = {name: _place(doc, paths) or DEFAULT for name, paths in _SINGLE.items()}
    for name, paths in _WHERE_SET.items():
        if place := _place(doc, paths):
            found[name] = place
    for index in range(checks):
        for name, ends in _OF_CHECK.items():
            place = _place(doc, [f"analysis.metrics[{index}].{end}" for end in ends])
            if place:
                found[f"checks[{index}].{name}"] = place
    return {**found, "attemptsMax": DEFAULT, "settleMs": DEFAULT}


def _place(doc: Checked, paths: tuple[str, ...] | list[str]) -> str | None:
    return next((str(doc.place(path)) for path in paths if doc.has(path)), None)
