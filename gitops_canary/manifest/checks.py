"""The metrics of an analysis and the MetricTemplates they refer to."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from gitops_canary.errors import Place, SpecError
from gitops_canary.manifest.document import Node, NodeKind
from gitops_canary.manifest.fields import Problem, check, refuse
from gitops_canary.manifest.flagger_fields import TEMPLATE
from gitops_canary.model.durations import duration_ms
from gitops_canary.model.owned import DocRef
from gitops_canary.model.spec import Check, Limits

BUILTINS = frozenset({"request-success-rate", "request-duration"})
DEFAULT_WINDOW_MS = 60_000
QUERY_MAX = 10_000
PROVIDERS = frozenset({
    "prometheus", "datadog", "cloudwatch", "newrelic", "graphite", "stackdriver", "influxdb",
    "dynatrace", "keptn", "splunk", "externalmetrics",
})  # fmt: skip
_PLACEHOLDER = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
_NAMES = frozenset({"name", "namespace", "target", "service", "ingress", "route", "interval"})


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricTemplate:
    """A MetricTemplate document, or why it cannot be used."""

    query: str = ""
    address: str | None = None
    error: SpecError | None = None


Templates = Mapping[tuple[str, str], MetricTemplate]


def read_template(node: Node, ref: DocRef) -> MetricTemplate:
    """Read one MetricTemplate; its errors count only for the Canaries that use it."""
    problems, _ = check(node, TEMPLATE, file=ref.file, allow_missing=frozenset())
    kind = _text(node, "spec", "provider", "type")
    query = _text(node, "spec", "query")
    place = Place(ref.file, node.line, node.column)
    if kind != "prometheus":
        state = "not supported yet" if kind in PROVIDERS else "unknown"
        problems.append(Problem(place, f"The provider type {kind!r} is {state}.", "use prometheus"))
    if not query or len(query) > QUERY_MAX:
        problems.append(Problem(place, "The query is missing or too long.", "write spec.query"))
    if problems:
        return MetricTemplate(error=refuse(problems))
    return MetricTemplate(query=query, address=_text(node, "spec", "provider", "address") or None)


def read_checks(
    analysis: Node, *, namespace: str, file: str, templates: Templates
) -> tuple[Check, ...]:
    """Read `metrics`, in order.

    Raises:
        SpecError: a metric is incomplete, contradicts itself, or names no template.
    """
    metrics = analysis.get("metrics")
    items = metrics.items if metrics else ()
    found = tuple(_Metric(item, namespace, file, templates).check() for item in items)
    names = [one.name for one in found]
    for item, name in zip(items, names, strict=True):
        if names.count(name) > 1:
            raise _wrong(item, file, f"The metric {name!r} stands here twice.", "rename one")
    return found


@dataclass(frozen=True, slots=True)
class _Metric:
    node: Node
    namespace: str
    file: str
    templates: Templates

    def check(self) -> Check:
        name = _text(self.node, "name")
        if not name:
            raise _wrong(self.node, self.file, "This metric has no name.", "write name:")
        query, address = self._query(name)
        interval = _text(self.node, "interval")
        variables = self.node.get("templateVariables")
        found = Check(
            name=name,
            source=_text(self.node, "source") or "default",
            builtin=None if query else name,
            query=query,
            interval_ms=duration_ms(interval) if interval else DEFAULT_WINDOW_MS,
            limits=self._limits(name),
            variables={k.value: v.value for k, v in variables.entries} if variables else {},
            address=address,
        )
        self._placeholders(found)
        return found

    def _query(self, name: str) -> tuple[str, str | None]:
        inline, ref = _text(self.node, "query"), self.node.get("templateRef")
        if inline and ref is not None:
            raise _wrong(ref, self.file, "Both query and templateRef are set.", "keep one")
        if inline:
            return inline, None
        if ref is None:
            if name in BUILTINS:
                return "", None
            raise _wrong(
                self.node,
                self.file,
                f"{name!r} is no builtin metric and has no query.",
                f"use {' or '.join(sorted(BUILTINS))}, or add templateRef",
            )
        key = (_text(ref, "namespace") or self.namespace, _text(ref, "name"))
        template = self.templates.get(key) or self.templates.get(("", key[1]))
        if template is None:
            raise _wrong(
                ref,
                self.file,
                f"There is no MetricTemplate {'/'.join(key)}.",
                "commit it in the same repository, below a watched path",
            )
        if template.error:
            raise template.error
        return template.query, template.address

    def _limits(self, name: str) -> Limits:
        low, high = (_number(self.node, "thresholdRange", key) for key in ("min", "max"))
        legacy = _number(self.node, "threshold")
        if legacy is not None and low is None and high is None:
            # Flagger's deprecated field: a minimum for the success rate, else a maximum.
            low, high = (legacy, None) if name == "request-success-rate" else (None, legacy)
        if low is None and high is None:
            raise _wrong(
                self.node,
                self.file,
                f"The metric {name!r} has no limit.",
                "write thresholdRange: {min: 99} or {max: 500}",
            )
        if low is not None and high is not None and low > high:
            raise _wrong(self.node, self.file, "min is above max.", "swap them")
        return Limits(minimum=low, maximum=high)

    def _placeholders(self, found: Check) -> None:
        for name in _PLACEHOLDER.findall(found.query):
            variable = name.removeprefix("variables.")
            if name not in _NAMES and not (name != variable and variable in found.variables):
                raise _wrong(
                    self.node,
                    self.file,
                    f"The query has an unknown placeholder {name[:40]!r}.",
                    f"known: {', '.join(sorted(_NAMES))}, variables.<templateVariables key>",
                )


def _number(node: Node, *path: str) -> Decimal | None:
    text = _text(node, *path)
    return Decimal(text) if text else None


def _text(node: Node, *path: str) -> str:
    found = node.get(*path)
    return found.value if found is not None and found.kind is NodeKind.SCALAR else ""


def _wrong(node: Node, file: str, text: str, remedy: str) -> SpecError:
    return SpecError(text, remedy=remedy, place=Place(file, node.line, node.column))
