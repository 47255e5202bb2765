"""One metric of an AnalysisTemplate as a check of ours: one limit, or conditions."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from gitops_canary.manifest.document import Node
from gitops_canary.manifest.import_flagger import number
from gitops_canary.manifest.scalars import Json, typed
from gitops_canary.model.durations import duration_ms

_ONE_LIMIT = re.compile(
    r"\s*(?:len\(result\)\s*(?:==|>)\s*[01]\s*(?:\|\||&&)\s*)?"
    r"(?:default\()?result(?:\[0\])?(?:,\s*[\d.]+\))?\s*(>=|>|<=|<)\s*([\d.]+)\s*"
)
_ARGUMENT = re.compile(r"\{\{\s*args\.([\w-]+)\s*\}\}")
_COUNTS = (
    "failureLimit", "inconclusiveLimit", "consecutiveErrorLimit", "consecutiveSuccessLimit",
    "count",
)  # fmt: skip
Lose = Callable[[Node, str], None]
"""Notes what does not carry over: where it stands, and why."""


def arguments(template: Node, canary: Node, name: str) -> Mapping[str, str]:
    """Gather what a template is given: its own defaults, then what the Rollout's steps say."""
    uses = [
        node.get("args")
        for node in canary.walk()
        if (listed := node.get("templates")) is not None
        and any(one is not None and one.value == name for one in _named(listed))
    ]
    found: dict[str, str] = {}
    for args in (template.get("spec", "args"), *uses):
        for one in args.items if args else ():
            key, value = one.get("name"), one.get("value")
            if key is not None and value is not None:
                found[key.value] = value.value
    return found


def _named(templates: Node) -> Iterator[Node | None]:
    return (one.get("templateName") for one in templates.items)


def metric(
    node: Node, template: Node, given: Mapping[str, str], lose: Lose
) -> dict[str, Json] | None:
    """Write one metric as a check; None where it cannot be one."""
    name, query = node.get("name"), node.get("provider", "prometheus", "query")
    title = name.value if name else "?"
    conditions = {
        key: found for key in ("successCondition", "failureCondition") if (found := node.get(key))
    }
    if query is None or not conditions:
        what = "condition, so it could never fail" if query is not None else "Prometheus query"
        lose(node, f"the metric {title} has no {what}")
        return None
    address = node.get("provider", "prometheus", "address")
    if address is not None:
        lose(address, f"{title} asks metrics.sources.default of controller.yaml: put this there")
    counts = _counts(node, title, lose)
    if _dry(template, title):
        counts["dryRun"] = True
    success = conditions.get("successCondition")
    limit = _ONE_LIMIT.fullmatch(success.value) if success else None
    alone = len(conditions) == 1 and not counts
    if limit and alone:
        rule = _limit(limit, title, conditions["successCondition"], lose)
    else:
        rule = {**{key: found.value.strip() for key, found in conditions.items()}, **counts}
    return {"name": title, **_asked(node, query, given, title, lose), **rule}


def stretched(metrics: Sequence[dict[str, Json]], pause_ms: int) -> tuple[int, int]:
    """Let every check be measured for as long as a pause, where it does not say how often.

    Returns:
        The interval of measuring and how long a step lasts by it, milliseconds.
    """
    interval_ms = max(duration_ms(str(one["interval"])) for one in metrics)
    wanted = max(pause_ms // interval_ms, 1)
    for one in metrics:
        if "thresholdRange" not in one and wanted > 1:
            one.setdefault("count", wanted)
    counts = [one["count"] for one in metrics if isinstance(one.get("count"), int)]
    most = max((count for count in counts if isinstance(count, int)), default=1)
    return interval_ms, most * interval_ms


def _limit(limit: re.Match[str], title: str, node: Node, lose: Lose) -> dict[str, Json]:
    if not limit[1].endswith("="):
        lose(node, f"the limit of {title} itself passes too (it was {limit[1]})")
    bound = "min" if limit[1].startswith(">") else "max"
    return {"thresholdRange": {bound: number(limit[2])}}


def _counts(node: Node, title: str, lose: Lose) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for key in _COUNTS:
        one = node.get(key)
        value = None if one is None else typed(one.value)
        if one is not None and isinstance(value, int) and not isinstance(value, bool):
            found[key] = value
        elif one is not None:
            lose(one, f"{key} of {title} is {one.value}: write a number")
    delay = node.get("initialDelay")
    if delay is not None:
        found["initialDelay"] = delay.value
    return found


def _dry(template: Node, title: str) -> bool:
    """Whether a regular expression of `dryRun` matches the metric's name."""
    listed = template.get("spec", "dryRun")
    names = [item.get("metricName") for item in listed.items] if listed else []
    return any(one is not None and _matches(one.value, title) for one in names)


def _matches(pattern: str, title: str) -> bool:
    try:
        return re.search(pattern, title) is not None
    except re.error:
        return pattern == title


def _asked(
    node: Node, query: Node, given: Mapping[str, str], title: str, lose: Lose
) -> dict[str, Json]:
    interval = node.get("interval")
    try:
        duration_ms(interval.value if interval else "1m")
        every = interval.value if interval else "1m"
    except ValueError as error:
        assert interval is not None, "a minute is a duration"
        lose(interval, f"the interval of {title}: {error}")
        every = "1m"
    variables: list[str] = sorted(set(_ARGUMENT.findall(query.value)))
    open_ = [name for name in variables if name not in given]
    if open_:
        lose(query, f"fill in templateVariables of {title}: {', '.join(open_)}")
    values: Json = {name: given.get(name, "FILL-IN") for name in variables}
    return {
        "interval": every,
        "query": _ARGUMENT.sub(r"{{ variables.\1 }}", query.value).strip(),
        **({"templateVariables": values} if variables else {}),
    }
