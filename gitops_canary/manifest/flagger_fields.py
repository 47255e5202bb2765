"""Every field of Flagger's documents (`flagger.app/v1beta1`), and what becomes of it here.

Facts: the CRDs of Flagger 1.44. Nothing is ignored: a field is honoured, or there is nothing to do
for it, or it is refused by name until it is honoured.
"""

from collections.abc import Iterator

from gitops_canary.manifest.alerts import ALERTS_MAX, alert_fields
from gitops_canary.manifest.alerts import AT as ALERTS
from gitops_canary.manifest.fields import Field, Schema, Status, Type, deferrable, rows
from gitops_canary.manifest.flagger_service import service_fields
from gitops_canary.manifest.providers import (
    ENDED_PROVIDERS,
    FLAGGER_PROVIDERS,
    METRIC_PROVIDERS,
)
from gitops_canary.manifest.strategy_fields import STEPS_MAX, strategy_fields
from gitops_canary.manifest.targets import UNFIT_TARGETS
from gitops_canary.manifest.webhooks import AT as WEBHOOKS
from gitops_canary.manifest.webhooks import WEBHOOKS_MAX, webhook_fields

SPAN_MS = (1_000, 7 * 86_400_000)
"""Shortest and longest interval: a second and a week."""
READY = "percent of its pods that have to be available before it counts as ready; 100 where absent"
_FOUND = "routing objects are found by the Services they name"


def _honoured(path: str, type_: Type, why: str, **rest: object) -> Field:
    return Field(path=path, type=type_, status=Status.HONOURED, why=why, **rest)  # type: ignore[arg-type]  # the rows below name the rest


def _spec() -> Iterator[Field]:
    yield _honoured(
        "provider", Type.TEXT, "which kind of object routes",
        choices=FLAGGER_PROVIDERS, ended=ENDED_PROVIDERS,
    )  # fmt: skip
    yield _honoured(
        "metricsServer", Type.URL, "Prometheus of builtin and inline checks; must be allowed"
    )
    yield _honoured("targetRef.apiVersion", Type.WORD, "API of the target")
    yield _honoured(
        "targetRef.kind", Type.TEXT, "kind of the target",
        choices=("Deployment", "DaemonSet"), unfit=UNFIT_TARGETS,
    )  # fmt: skip
    yield _honoured("targetRef.name", Type.NAME, "name of the target")
    yield _honoured(
        "progressDeadlineSeconds", Type.WHOLE, "seconds a move may take until it is live",
        low=1, high=SPAN_MS[1] // 1000,
    )  # fmt: skip
    yield _honoured("skipAnalysis", Type.FLAG, "promote a ready canary without checks")
    yield _honoured("suspend", Type.FLAG, "do nothing at all")
    yield Field(
        path="revertOnDeletion", type=Type.FLAG, status=Status.DEFERRED, root="revertOnDeletion",
        harmless=False,
        why="the objects in Git stay; docs/how-to/remove-a-canary.md says how they go",
    )  # fmt: skip
    at = "autoscalerRef"
    why = "scaler of the target; it must be there, and the primary must have one too"
    yield from rows(
        Status.NEUTRAL, "found by kind and name", {"apiVersion": Type.WORD}, below=f"{at}."
    )
    yield _honoured(
        f"{at}.kind", Type.TEXT, why, choices=("HorizontalPodAutoscaler", "ScaledObject")
    )
    yield _honoured(f"{at}.name", Type.NAME, why)
    yield from rows(
        Status.NEUTRAL, "the primary's scaler lies in Git; `import flagger` writes it with these", {
            "primaryScalerQueries.*": Type.TEXT,
            "primaryScalerReplicas.minReplicas": Type.WHOLE,
            "primaryScalerReplicas.maxReplicas": Type.WHOLE,
        }, below=f"{at}.",
    )  # fmt: skip
    reference: dict[str, Type | tuple[str, ...]] = {"apiVersion": Type.WORD}
    for name, kind in (("ingress", "Ingress"), ("route", "ApisixRoute")):
        fields = {**reference, "kind": (kind,)}
        yield from rows(Status.NEUTRAL, _FOUND, fields, below=f"{name}Ref.")
        why = f"{_FOUND}; the name stands for {{{{ {name} }}}} in a query"
        yield _honoured(f"{name}Ref.name", Type.NAME, why)
    upstream = {**reference, "name": Type.NAME, "kind": ("Upstream",), "namespace": Type.NAME}
    yield from rows(Status.NEUTRAL, _FOUND, upstream, below="upstreamRef.")


def _analysis() -> Iterator[Field]:
    low, high = SPAN_MS
    yield _honoured(
        "analysis.interval", Type.DURATION, "time between two looks; 60s where absent",
        low=low, high=high,
    )  # fmt: skip
    yield _honoured(
        "analysis.threshold", Type.WHOLE,
        "failed looks, over the whole rollout, that condemn; 0 and less count as 1",
        low=-1_000_000, high=1_000_000,
    )  # fmt: skip
    yield _honoured(
        "analysis.maxWeight", Type.WHOLE, "last step in percent; 100 where absent", low=1, high=100
    )
    yield _honoured(
        "analysis.stepWeight", Type.WHOLE, "first step and distance of steps in percent",
        low=1, high=100,
    )  # fmt: skip
    yield _honoured(
        "analysis.stepWeights[]", Type.WHOLE, "the steps in percent, rising", low=1, high=100
    )
    yield from strategy_fields()
    for side in ("canary", "primary"):
        yield _honoured(f"analysis.{side}ReadyThreshold", Type.WHOLE, READY, low=1, high=100)
    yield from _metrics()
    yield from _surroundings()


def _metrics() -> Iterator[Field]:
    at = "analysis.metrics[]."
    low, high = SPAN_MS
    yield _honoured(f"{at}name", Type.WORD, "name of the check, or of a builtin metric")
    yield _honoured(
        f"{at}interval", Type.DURATION, "length of the query's window; 1m where absent",
        low=low, high=high,
    )  # fmt: skip
    yield _honoured(f"{at}thresholdRange.min", Type.NUMBER, "least value that passes")
    yield _honoured(f"{at}thresholdRange.max", Type.NUMBER, "greatest value that passes")
    yield _honoured(
        f"{at}threshold", Type.NUMBER,
        "deprecated: the minimum of request-success-rate, the maximum of any other check",
    )  # fmt: skip
    yield _honoured(f"{at}query", Type.WORD, "PromQL with {{ placeholders }}")
    yield _honoured(f"{at}templateRef.name", Type.NAME, "name of a MetricTemplate in the tree")
    yield _honoured(
        f"{at}templateRef.namespace", Type.NAME, "its namespace; the Canary's if absent"
    )
    yield _honoured(f"{at}templateVariables.*", Type.TEXT, "values of {{ variables.<name> }}")


def _surroundings() -> Iterator[Field]:
    yield from webhook_fields(own=False)
    yield from alert_fields(own=False)


CANARY = Schema(
    kind="Flagger Canary",
    fields=(*_spec(), *service_fields(), *_analysis()),
    required=frozenset({
        "targetRef", "targetRef.apiVersion", "targetRef.kind", "targetRef.name",
        *(f"{r}Ref.{k}" for r in ("autoscaler", "ingress", "route", "upstream")
          for k in ("apiVersion", "kind", "name")),
        "service.port", "service.gatewayRefs[].name", "service.mirror[].backendRef",
        "service.mirror[].backendRef.name",
        "analysis", "analysis.threshold", "analysis.metrics[].name",
        "analysis.metrics[].templateRef.name", "analysis.webhooks[].name",
        "analysis.webhooks[].url", "analysis.alerts[].name", "analysis.alerts[].providerRef",
        "analysis.alerts[].providerRef.name", "analysis.sessionAffinity.cookieName",
    }),
    items_max={
        "analysis.stepWeights": STEPS_MAX, "analysis.metrics": 50,
        "analysis.webhooks": WEBHOOKS_MAX, "analysis.alerts": ALERTS_MAX,
    },
    hints={"canaryAnalysis": "rename it to analysis, as Flagger did"},
)  # fmt: skip
"""A Flagger Canary's `spec`."""

METRIC_TEMPLATE = Schema(
    kind="MetricTemplate",
    fields=(
        _honoured(
            "provider.type", Type.TEXT, "which API is asked",
            choices=METRIC_PROVIDERS,
        ),
        _honoured("provider.address", Type.URL, "where it is asked; must be allowed"),
        _honoured("query", Type.WORD, "in the provider's language, with {{ placeholders }}"),
        *rows(
            Status.NEUTRAL, "credentials are the operator's, in controller.yaml",
            {"provider.secretRef.name": Type.NAME},
        ),
        _honoured("provider.region", Type.NAME, "of cloudwatch: its address must be allowed"),
        *rows(
            Status.REFUSED,
            "a document adds none; `headers` of the source in controller.yaml are sent",
            {"provider.headers.*[]": Type.TEXT}, root="provider.headers",
        ),
        Field(
            path="provider.insecureSkipVerify", type=Type.FLAG, status=Status.REFUSED,
            root="provider.insecureSkipVerify", harmless=False,
            why="certificates are always verified; caFile in controller.yaml names an authority",
        ),
    ),
    required=frozenset({"provider", "provider.type", "query", "provider.secretRef.name"}),
)  # fmt: skip
"""A MetricTemplate's `spec`."""

ALERT_PROVIDER = Schema(
    kind="AlertProvider",
    fields=tuple(
        rows(Status.NEUTRAL, "alerts go where the operator says", {
            "type": ("slack", "msteams", "discord", "rocket", "gchat"), "channel": Type.TEXT,
            "username": Type.TEXT, "address": Type.URL, "proxy": Type.URL,
            "secretRef.name": Type.NAME,
        })
    ),
    required=frozenset({"type", "secretRef.name"}),
)  # fmt: skip
"""An AlertProvider's `spec`."""

DEFERRABLE = deferrable(CANARY.fields) | {WEBHOOKS, ALERTS}
"""Fields of a Flagger Canary that an operator may choose to do without."""
