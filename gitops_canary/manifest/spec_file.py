"""Canary documents of both dialects, read into one model."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import rfc8785

from gitops_canary.errors import Place, SpecError
from gitops_canary.manifest import flagger_fields, own_fields
from gitops_canary.manifest.checks import Templates, read_checks, read_template
from gitops_canary.manifest.document import Node, NodeKind
from gitops_canary.manifest.fields import Problem, check, deferrable, refuse
from gitops_canary.manifest.ladder import steps
from gitops_canary.model.durations import duration_ms
from gitops_canary.model.names import CanaryId, Digest
from gitops_canary.model.owned import DocRef
from gitops_canary.model.spec import CanarySpec, Control, Dialect, Policy, Workload

FLAGGER, OWN = Dialect.FLAGGER.value, Dialect.OWN.value
ANNOTATION = "gitops-canary.dev/"
DEFAULT_INTERVAL_MS = 60_000
DEFAULT_DEADLINE_S = 600

DEFERRABLE = deferrable(flagger_fields.CANARY) | deferrable(own_fields.CANARY)
"""Fields that are not honoured yet and that `allow_missing` may name, groups of them included."""


def is_canary(api_version: str, kind: str) -> bool:
    """Tell whether a document is a Canary of a dialect we read."""
    return kind == "Canary" and api_version in {FLAGGER, OWN}


def is_template(api_version: str, kind: str) -> bool:
    """Tell whether a document is a MetricTemplate."""
    return kind == "MetricTemplate" and api_version == FLAGGER


def templates(documents: Iterable[tuple[DocRef, Node]]) -> Templates:
    """Index the MetricTemplates of a tree by namespace and name."""
    return {(ref.namespace, ref.name): read_template(node, ref) for ref, node in documents}


def read_canary(
    node: Node,
    *,
    file: str,
    templates: Templates,
    allow_missing: frozenset[str] = frozenset(),
    default_provider: str | None = None,
) -> CanarySpec:
    """Read one Canary; every problem of the document is in one error.

    Raises:
        SpecError: fields are unknown, wrong, missing, or not supported yet.
    """
    dialect = Dialect(_text(node, "apiVersion"))
    fields = flagger_fields.CANARY if dialect is Dialect.FLAGGER else own_fields.CANARY
    problems, deferred = check(node, fields, file=file, allow_missing=allow_missing)
    if problems:
        raise refuse(problems)
    return _Reader(node, file, dialect, templates, default_provider).spec(tuple(deferred))


def policy_json(policy: Policy) -> dict[str, Any]:
    """Give a policy as JSON values: what its digest covers, and what the evidence shows."""
    return {
        "steps": [str(step) for step in policy.steps],
        "intervalMs": policy.interval_ms,
        "threshold": policy.threshold,
        "progressDeadlineMs": policy.progress_deadline_ms,
        "skipAnalysis": policy.skip_analysis,
        "attemptsMax": policy.attempts_max,
        "settleMs": policy.settle_ms,
        "checks": [
            {
                "name": c.name,
                "source": c.source,
                "builtin": c.builtin,
                "query": c.query,
                "intervalMs": c.interval_ms,
                "min": None if c.limits.minimum is None else str(c.limits.minimum),
                "max": None if c.limits.maximum is None else str(c.limits.maximum),
                "variables": dict(c.variables),
            }
            for c in policy.checks
        ],
    }


@dataclass(frozen=True, slots=True)
class _Reader:
    node: Node
    file: str
    dialect: Dialect
    templates: Templates
    default_provider: str | None

    def spec(self, deferred: tuple[str, ...]) -> CanarySpec:
        namespace = _text(self.node, "metadata", "namespace") or "default"
        name = _text(self.node, "metadata", "name")
        target = self._target(namespace)
        return CanarySpec(
            id=self._id(namespace, name),
            dialect=self.dialect,
            place=self._place(self.node),
            namespace=namespace,
            name=name,
            target=target,
            apex=_text(self.node, "spec", "service", "name") or target.name,
            provider=self._provider(),
            policy=self._policy(namespace, skip=deferred),
            control=self._control(),
            suspend=_text(self.node, "spec", "suspend") == "true",
            deferred=deferred,
        )

    def _target(self, namespace: str) -> Workload:
        kind = _text(self.node, "spec", "targetRef", "kind")
        name = _text(self.node, "spec", "targetRef", "name")
        if not name or kind != "Deployment":
            why = f"a {kind} is not driven yet" if kind else "kind and name are missing"
            raise self._wrong(f"spec.targetRef: {why}.", "name a Deployment", "spec", "targetRef")
        return Workload(
            api_version=_text(self.node, "spec", "targetRef", "apiVersion") or "apps/v1",
            kind=kind,
            namespace=namespace,
            name=name,
        )

    def _id(self, namespace: str, name: str) -> CanaryId:
        own = _text(self.node, "spec", "id") or _text(
            self.node, "metadata", "annotations", f"{ANNOTATION}id"
        )
        text = own or f"{namespace}/{name}"
        parts = text.split("/")
        safe = all(p and p.replace("-", "").replace(".", "").isalnum() for p in parts)
        if not text.isascii() or not safe or len(text) > 120 or ".." in text:  # noqa: PLR2004 - a path's part
            raise self._wrong(
                f"The id {text[:40]!r} is no path of plain names.",
                "use letters, digits, - and . with / between",
            )
        return CanaryId(text)

    def _provider(self) -> str:
        name = _text(self.node, "spec", "provider") or self.default_provider
        if not name:
            raise self._wrong(
                "spec.provider is missing and the operator set no default.", "write provider: istio"
            )
        if name != "istio":
            raise self._wrong(
                f"The provider {name!r} is not supported yet, or unknown.",
                "istio is supported",
                "spec",
                "provider",
            )
        return name

    def _policy(self, namespace: str, skip: tuple[str, ...]) -> Policy:
        analysis = self.node.get("spec", "analysis")
        if analysis is None:
            raise self._wrong("spec.analysis is missing.", "write interval, threshold and steps")
        self._only(analysis, "judge", "threshold")
        self._only(analysis, "noData", "hold")
        threshold = self._whole(analysis, "threshold")
        if threshold is None:
            raise self._wrong(
                "analysis.threshold is missing.", "write threshold: 5", "spec", "analysis"
            )
        interval = _text(analysis, "interval")
        deadline_s = _text(self.node, "spec", "progressDeadlineSeconds")
        unsigned = Policy(
            steps=steps(analysis, file=self.file, skip=skip),
            interval_ms=duration_ms(interval) if interval else DEFAULT_INTERVAL_MS,
            threshold=max(threshold, 1),
            checks=read_checks(
                analysis, namespace=namespace, file=self.file, templates=self.templates
            ),
            progress_deadline_ms=int(deadline_s or DEFAULT_DEADLINE_S) * 1000,
            skip_analysis=_text(self.node, "spec", "skipAnalysis") == "true",
            digest=Digest(""),
        )
        return _sealed(unsigned)

    def _control(self) -> Control:
        def asked(key: str) -> str | None:
            if self.dialect is Dialect.FLAGGER:
                return _text(self.node, "metadata", "annotations", ANNOTATION + key) or None
            return _text(self.node, "spec", "control", key) or None

        approve = self.node.get("spec", "control", "approve")
        listed = tuple(item.value for item in approve.items) if approve else ()
        return Control(
            paused=asked("paused") == "true",
            approve=listed or tuple((asked("approve") or "").split()),
            abort=asked("abort"),
            retry=asked("retry"),
            resume=asked("resume"),
        )

    def _whole(self, node: Node, key: str) -> int | None:
        text = _text(node, key)
        return int(text) if text else None

    def _only(self, node: Node, key: str, allowed: str) -> None:
        value = _text(node, key)
        if value and value != allowed:
            raise self._wrong(
                f"analysis.{key}: {value!r} is not supported yet.",
                f"write {key}: {allowed}",
                "spec",
                "analysis",
                key,
            )

    def _place(self, node: Node) -> Place:
        return Place(self.file, node.line, node.column)

    def _wrong(self, text: str, remedy: str, *path: str) -> SpecError:
        node = self.node.get(*path) or self.node
        return refuse([Problem(self._place(node), text, remedy)])


def _sealed(policy: Policy) -> Policy:
    digest = hashlib.sha256(rfc8785.dumps(policy_json(policy))).hexdigest()
    return replace(policy, digest=Digest(f"sha256:{digest}"))


def _text(node: Node, *path: str) -> str:
    found = node.get(*path)
    return found.value if found is not None and found.kind is NodeKind.SCALAR else ""
