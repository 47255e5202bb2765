"""The page that compares Flagger's fields with ours, made from the tables that read them."""

import re
from collections.abc import Iterator, Mapping

from gitops_canary.manifest.fields import Field, Schema, Status
from gitops_canary.manifest.flagger_fields import ALERT_PROVIDER, CANARY, METRIC_TEMPLATE

FILE = "docs/reference/flagger-fields.md"
"""Where the text lies in this repository."""
BETTER: Mapping[str, str] = {
    "analysis.interval": "from one second on (Flagger: ten), and every window begins after the "
    "weight was live",
    "analysis.metrics[].interval": "a window never reaches back before the weight it judges",
    "analysis.metrics[].thresholdRange.min": "silence, NaN and stale samples are inconclusive; "
    "they never pass and never condemn",
    "analysis.metrics[].thresholdRange.max": "as thresholdRange.min",
    "analysis.metrics[].query": "unknown placeholders and values that could break out of a string "
    "are refused when the document is read",
    "analysis.sessionAffinity.cookieName": "the cookie holds the rollout's id, so none of an "
    "earlier rollout has to be expired, and the route is left as it was",
    "analysis.stepWeightPromotion": "a step needs the one before it to be live; a new candidate "
    "meanwhile takes nothing",
    "analysis.alerts[].severity": "info where absent; Flagger's alert without one never fires",
    "analysis.alerts[].providerRef.name": "names a notifier of controller.yaml, or an "
    "AlertProvider that one lists; no address is taken from a document",
    "analysis.webhooks[].type": "all eight, and rollout alone is judge enough; none waits for "
    "another canary's, and all are signed where the operator gives a secret",
    "analysis.webhooks[].url": "only below URLs the operator allows",
    "analysis.stepWeights[]": "checked: rising, at most 100",
    "analysis.threshold": "a failed version is quarantined in Git; Flagger leaves its tag there",
    "metricsServer": "only addresses the operator allows, so a document cannot make the "
    "controller call anything",
    "progressDeadlineSeconds": "covers every move, promotion and rollback too",
    "skipAnalysis": "the canary still has to be ready",
    "suspend": "as Flagger; `spec.control` of our own dialect also pauses, aborts and retries one "
    "rollout",
    "targetRef.name": "the primary lies in Git, so a rebuilt cluster serves what the old one did",
}
"""Honoured fields that do more than Flagger's, with what."""
_WORDS = {
    Status.HONOURED: "same",
    Status.NEUTRAL: "in Git",
    Status.DEFERRED: "refused*",
    Status.REFUSED: "refused",
}
_HEAD = """\
<!-- Made from gitops_canary/manifest/flagger_fields.py; a test compares the two. -->
# Flagger's fields, one by one

A Flagger Canary, MetricTemplate or AlertProvider (CRDs of Flagger 1.44) is read as it is. Every
field is in one of these tables; one that is in none is an error that names the nearest known one.

| word | means |
|---|---|
| same | it does what it does in Flagger |
| better | it does that and more, or more safely; the reason says what |
| in Git | it shapes objects that Flagger generates; here those lie in Git already |
| refused | reading stops with the reason |
| refused* | as refused; an operator may do without it (`--allow-missing`) |
"""


def text() -> str:
    """Give the page."""
    parts = [_HEAD, _counts()]
    for schema in (CANARY, METRIC_TEMPLATE, ALERT_PROVIDER):
        parts.append(f"\n## {schema.kind.removeprefix('Flagger ')}\n\n")
        parts.append("| field of `spec` | here | why |\n|---|---|---|\n")
        parts.extend(f"{row}\n" for row in _rows(schema))
    return "".join(parts)


def word(leaf: Field) -> str:
    """Name what becomes of a field."""
    if leaf.status is Status.HONOURED and leaf.path in BETTER:
        return "better"
    return _WORDS[leaf.status]


def _counts() -> str:
    words = [word(leaf) for schema in (CANARY, METRIC_TEMPLATE) for leaf in schema.fields]
    order = ("same", "better", "in Git", "refused", "refused*")
    return "\n" + ", ".join(f"{words.count(one)} {one}" for one in order) + ".\n"


def _rows(schema: Schema) -> Iterator[str]:
    """Give one row a field; neighbours below one parent with one reason share a row."""
    groups: dict[tuple[str, str, str], list[Field]] = {}
    for leaf in schema.fields:
        why = BETTER.get(leaf.path, leaf.why) if schema is CANARY else leaf.why
        parent = leaf.path.rpartition(".")[0] if leaf.status is not Status.HONOURED else leaf.path
        groups.setdefault((parent, word(leaf), why), []).append(leaf)
    for (parent, here, why), leaves in groups.items():
        names = ", ".join(f"`{leaf.path.removeprefix(f'{parent}.')}`" for leaf in leaves)
        where = f"`{parent}`: {names}" if len(leaves) > 1 and parent else f"`{leaves[0].path}`"
        if len(leaves) > 1 and not parent:
            where = names
        limits = "; ".join(_limits(leaf) for leaf in leaves if _limits(leaf))
        yield f"| {where} | {here} | {_cell(why)}{f' ({limits})' if limits else ''} |"


def _limits(leaf: Field) -> str:
    """Name words of a field that are known and refused."""
    return "; ".join(f"not {word}: {why}" for word, (why, _) in leaf.unfit.items())


def _cell(words: str) -> str:
    return re.sub(r"([|<>])", r"\\\1", words)
