"""Canary documents of both dialects, read into one model."""

from gitops_canary.errors import SpecError
from gitops_canary.manifest import flagger_fields, own_fields
from gitops_canary.manifest.alerts import read_alerts
from gitops_canary.manifest.checked import Checked
from gitops_canary.manifest.checks import read_checks, refuse_unjudged
from gitops_canary.manifest.control import from_annotations, from_spec
from gitops_canary.manifest.flagger_fields import DEFERRABLE
from gitops_canary.manifest.header import Header, is_ours, read_header
from gitops_canary.manifest.judge_fields import read_judge, read_watch
from gitops_canary.manifest.metric_template import (
    AlertProvider,
    MetricTemplate,
    TemplateLookup,
    read_alert_provider,
    read_template,
    templates,
)
from gitops_canary.manifest.nodes import Node
from gitops_canary.manifest.policy import NO_DIGEST, policy_json, sealed
from gitops_canary.manifest.policy_origin import origins
from gitops_canary.manifest.problems import joined
from gitops_canary.manifest.routing_field import read_routing
from gitops_canary.manifest.source import read_replicas, read_source
from gitops_canary.manifest.steps import read_steps
from gitops_canary.manifest.strategies import read_strategy
from gitops_canary.manifest.webhooks import read_webhooks
from gitops_canary.model.spec import CanarySpec, Check, Dialect, Policy, Workload

__all__ = [
    "DEFERRABLE", "AlertProvider", "MetricTemplate", "TemplateLookup", "is_canary", "is_template",
    "policy_json", "read_alert_provider", "read_canary", "read_template", "templates",
]  # fmt: skip

INTERVAL_MS = 60_000
DEADLINE_S = 600
ATTEMPTS_MAX = 3


def is_canary(api_version: str, kind: str) -> bool:
    """Tell whether a document is a Canary of either dialect; an unknown version is one too."""
    return is_ours(api_version, kind, "Canary")


def is_template(api_version: str, kind: str) -> bool:
    """Tell whether a document is a MetricTemplate; an unknown version is one too."""
    return is_ours(api_version, kind, "MetricTemplate")


def read_canary(
    node: Node,
    *,
    file: str,
    templates: TemplateLookup,
    allow_missing: frozenset[str] = frozenset(),
    default_provider: str | None = None,
    default_source: str = "default",
) -> CanarySpec:
    """Read a Canary document.

    Args:
        node: the document's root.
        file: its path, for places.
        templates: finds the MetricTemplates it refers to.
        allow_missing: Flagger fields of DEFERRABLE to do without; `deferred` lists those found.
        default_provider: the operator's, for a document that names none.
        default_source: metric source of checks that name none.

    Raises:
        SpecError: something in it is wrong, or not supported yet; it lists everything.
    """
    header = read_header(node, file=file)
    doc = _checked(header, file=file, allow_missing=allow_missing)
    checks = read_checks(
        doc, namespace=header.namespace, templates=templates, default_source=default_source
    )
    return _spec(header, doc, checks, _provider(doc, default_provider), file)


def _spec(
    header: Header, doc: Checked, checks: tuple[Check, ...], provider: str, file: str
) -> CanarySpec:
    own = header.api_version == Dialect.OWN.value
    name, control = (from_spec if own else from_annotations)(doc, header)
    target, policy = _target(doc, header), _policy(doc, checks, provider, own=own)
    source = read_source(doc, file=file)
    replicas = read_replicas(doc, file=file)
    routing = read_routing(doc, provider=provider, file=file)
    alerts = read_alerts(doc, namespace=header.namespace)
    _sound(header, doc)
    return CanarySpec(
        id=name,
        dialect=Dialect(header.api_version),
        place=header.place,
        namespace=header.namespace,
        name=header.name,
        target=target,
        apex=doc.text("service.name") or target.name,
        provider=provider,
        policy=policy,
        control=control,
        suspend=doc.flag("suspend"),
        source=source,
        replicas=replicas,
        routing=routing,
        autoscaler=_autoscaler(doc),
        homeless=header.homeless,
        alerts=alerts,
        deferred=tuple(doc.deferred),
        origins=origins(doc, len(checks)),
    )


def _checked(header: Header, *, file: str, allow_missing: frozenset[str]) -> Checked:
    own = header.api_version == Dialect.OWN.value
    schema = own_fields.CANARY if own else flagger_fields.CANARY
    return Checked(header.spec, schema, file=file, allow_missing=allow_missing)


def _sound(header: Header, doc: Checked) -> None:
    if problems := [*header.problems, *doc.problems]:
        raise joined(problems, SpecError, subject=f"The Canary {header.namespace}/{header.name}")


def _target(doc: Checked, header: Header) -> Workload:
    version, kind = doc.text("targetRef.apiVersion"), doc.text("targetRef.kind")
    if kind and kind != "Service" and version not in {None, "apps/v1"}:
        doc.complain("targetRef.apiVersion", f"is not that of a {kind}", "write apps/v1")
    return Workload(
        api_version=version or "",
        kind=kind or "",
        namespace=header.namespace,
        name=doc.text("targetRef.name") or "",
    )


def _autoscaler(doc: Checked) -> tuple[str, str] | None:
    """Read which scaler a Flagger Canary names; our own dialect has no such field."""
    kind, name = doc.text("autoscalerRef.kind"), doc.text("autoscalerRef.name")
    return (kind, name) if kind and name else None


def _provider(doc: Checked, default: str | None) -> str:
    if not doc.has("provider") and default is None:
        doc.complain("provider", "is missing", "name one here, or in controller.yaml")
    return doc.text("provider") or default or ""


def _policy(doc: Checked, checks: tuple[Check, ...], provider: str, *, own: bool) -> Policy:
    """Read how the rollout goes; worth something only where `doc` has no problem."""
    steps = read_steps(doc)
    interval_ms = doc.whole("analysis.interval") or INTERVAL_MS
    chosen = read_strategy(doc, provider, steps=steps, interval_ms=interval_ms)
    no_data = doc.text("analysis.noData") or "hold"
    seconds = doc.whole("progressDeadlineSeconds") or DEADLINE_S
    judge = read_judge(doc, checks, own=own)
    webhooks = read_webhooks(doc)
    refuse_unjudged(doc, webhooks)
    return sealed(
        Policy(
            steps=steps,
            strategy=chosen.strategy,
            iterations=chosen.iterations,
            match=chosen.match,
            mirror=chosen.mirror,
            return_step=chosen.return_step,
            affinity=chosen.affinity,
            interval_ms=interval_ms,
            # Flagger takes 0 and less as 1; our own dialect does not accept them.
            threshold=max(doc.whole("analysis.threshold") or 1, 1),
            checks=checks,
            progress_deadline_ms=seconds * 1000,
            skip_analysis=doc.flag("skipAnalysis"),
            attempts_max=1 if no_data == "fail" else ATTEMPTS_MAX,
            judge=judge,
            no_data=no_data,
            approvals=_approvals(doc, len(steps)),
            rollback_window_ms=doc.whole("rollbackWindow") or 0,
            canary_ready=doc.whole("analysis.canaryReadyThreshold") or 100,
            primary_ready=doc.whole("analysis.primaryReadyThreshold") or 100,
            **(read_watch(doc, judge.type) if own else {}),
            webhooks=webhooks,
            digest=NO_DIGEST,
        )
    )


def _approvals(doc: Checked, steps: int) -> tuple[int, ...]:
    """Read the steps a person has to approve; each must be one that the ladder has."""
    found: set[int] = set()
    for path in doc.items("gates.approval"):
        step = doc.whole(path)
        if step is not None and step > steps:
            doc.complain(path, f"exceeds the {steps} steps of the ladder", "name one of them")
        elif step is not None:
            found.add(step)
    return tuple(sorted(found))
