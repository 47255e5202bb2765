"""Every field of our own Canary (`gitops-canary.dev/v1alpha1`); its CRD is made from these rows."""

from decimal import Decimal

from gitops_canary.manifest.alerts import ALERTS_MAX, alert_fields
from gitops_canary.manifest.criteria_fields import CRITERIA
from gitops_canary.manifest.fields import Field, Schema, Status, Type
from gitops_canary.manifest.flagger_fields import CANARY as FLAGGER
from gitops_canary.manifest.flagger_fields import READY, SPAN_MS
from gitops_canary.manifest.forms import FORMS
from gitops_canary.manifest.judge_fields import JUDGE
from gitops_canary.manifest.providers import ENDED_PROVIDERS, OWN_PROVIDERS
from gitops_canary.manifest.strategy_fields import STEPS_MAX, strategy_fields
from gitops_canary.manifest.targets import UNFIT_TARGETS
from gitops_canary.manifest.webhooks import WEBHOOKS_MAX, webhook_fields

WEIGHT_MIN = Decimal("0.001")
"""Smallest weight in percent; three places are what a weight may have."""
_LATER = {
    "sync": "controller.yaml says for all canaries what tells that a commit is live",
}
_URLS = dict.fromkeys(
    ("metricsServer", "url", "address", "headers"),
    "remove it: documents carry no URLs; name something the operator configured instead",
)


def _field(path: str, type_: Type, why: str, **rest: object) -> Field:
    return Field(path=path, type=type_, status=Status.HONOURED, why=why, **rest)  # type: ignore[arg-type]  # the rows below name the rest


def _formed(path: str, name: str, why: str) -> Field:
    return _field(path, Type.WORD, why, pattern=FORMS[name].pattern, form=FORMS[name].words)


_SPEC = (
    _formed("id", "id", "identity in commits and evidence; namespace/name where absent"),
    _field(
        "provider", Type.TEXT, "which kind of object routes; the operator's default where absent",
        choices=OWN_PROVIDERS, ended=ENDED_PROVIDERS,
    ),
    _field("targetRef.apiVersion", Type.WORD, "API of the target, apps/v1"),
    _field(
        "targetRef.kind", Type.TEXT, "kind of the target",
        choices=("Deployment", "DaemonSet", "StatefulSet"), unfit=UNFIT_TARGETS,
    ),
    _field("targetRef.name", Type.NAME, "name of the target; <name>-primary serves everyone"),
    _field("service.name", Type.NAME, "name of the Service users call; the target's where absent"),
    _field(
        "progressDeadlineSeconds", Type.WHOLE,
        "seconds a move may take until it is live; 600 where absent",
        low=1, high=SPAN_MS[1] // 1000,
    ),
    _field("skipAnalysis", Type.FLAG, "promote a ready canary without checks"),
    _field("suspend", Type.FLAG, "do nothing at all, rollbacks included"),
    _field(
        "gates.approval[]", Type.WHOLE,
        "step a person approves going on from; 0 is before the first weight", low=0, high=99,
    ),
    _field(
        "rollbackWindow", Type.DURATION,
        "how long a finished version may come back without steps; never where absent",
        low=SPAN_MS[0], high=SPAN_MS[1],
    ),
    _field("control.paused", Type.FLAG, "measure, but do not advance"),
    _formed("control.approve[]", "approve", "<rollout>/<step> that a person allows"),
    _formed("control.abort", "abort", "the rollout to end, with everything put back"),
    _formed("control.retry", "retry", "the rollout to start once more"),
    _formed("control.promote", "promote", "the rollout to promote now, without what is left"),
    _formed("control.resume", "resume", "<rollout>/<weight> to go on from after an override"),
)  # fmt: skip
_SOURCE = (
    _field(
        "source.fields[].name", Type.NAME,
        "what this part of the version is called in commits, e.g. the container's name",
    ),
    _field(
        "source.fields[].container", Type.NAME,
        "the container whose image it is, where pods shall be asked for it",
    ),
    *(
        row
        for side, whose in (("candidate", "the new version's"), ("primary", "everyone's version's"))
        for row in (
            _formed(
                f"source.fields[].{side}.file", "file",
                f"file of {whose} field, from the repository's root; ./ from here",
            ),
            _formed(
                f"source.fields[].{side}.document", "document",
                "which document of the file; needed where it has several",
            ),
            _formed(f"source.fields[].{side}.field", "field", f"path of {whose} field"),
        )
    ),
    *(
        row
        for side, whose in (("candidate", "the canary's"), ("primary", "the primary's"))
        for row in (
            _formed(
                f"source.replicas.{side}.file", "file",
                f"file of {whose} number of replicas, from the repository's root; ./ from here",
            ),
            _formed(f"source.replicas.{side}.document", "document", "which document of the file"),
            _formed(
                f"source.replicas.{side}.field", "field", f"path of {whose} number of replicas"
            ),
        )
    ),
)  # fmt: skip
_ROUTING = (
    *(
        row
        for name, what in (("weight", "the canary's weight"), ("rest", "the primary's weight"))
        for row in (
            _formed(f"routing.{name}.file", "file", f"file of {what}, from the root; ./ from here"),
            _formed(f"routing.{name}.document", "document", "which document of the file"),
            _formed(f"routing.{name}.field", "field", f"path of the field of {what}"),
        )
    ),
    _field(
        "routing.total", Type.WHOLE, "what the weights are parts of; 100 where absent",
        low=1, high=100_000,
    ),
)  # fmt: skip
_ANALYSIS = (
    _field(
        "analysis.interval", Type.DURATION, "time between two looks; 60s where absent",
        low=SPAN_MS[0], high=SPAN_MS[1],
    ),
    _field(
        "analysis.threshold", Type.WHOLE,
        "failed looks at a value, over the whole rollout, that condemn", low=1, high=1_000_000,
    ),
    _field("analysis.canaryReadyThreshold", Type.WHOLE, READY, low=1, high=100),
    _field("analysis.primaryReadyThreshold", Type.WHOLE, READY, low=1, high=100),
    *JUDGE,
    _field(
        "analysis.maxWeight", Type.NUMBER, "last step in percent; 100 where absent",
        low=WEIGHT_MIN, high=100,
    ),
    _field(
        "analysis.stepWeight", Type.NUMBER, "first step and distance of steps in percent",
        low=WEIGHT_MIN, high=100,
    ),
    _field(
        "analysis.stepWeights[]", Type.NUMBER, "the steps in percent, rising",
        low=WEIGHT_MIN, high=100,
    ),
    *strategy_fields(),
    _field(
        "analysis.metrics[].name", Type.WORD,
        "name of the check; request-success-rate and request-duration are builtin",
    ),
    _field(
        "analysis.metrics[].interval", Type.DURATION, "length of the window; 1m where absent",
        low=SPAN_MS[0], high=SPAN_MS[1],
    ),
    _field("analysis.metrics[].thresholdRange.min", Type.NUMBER, "least value that passes"),
    _field("analysis.metrics[].thresholdRange.max", Type.NUMBER, "greatest value that passes"),
    _field("analysis.metrics[].source", Type.NAME, "metric source; default where absent"),
    _field("analysis.metrics[].query", Type.WORD, "PromQL with {{ placeholders }}"),
    _field("analysis.metrics[].templateRef.name", Type.NAME, "a MetricTemplate in the tree"),
    _field("analysis.metrics[].templateRef.namespace", Type.NAME, "the Canary's where absent"),
    *CRITERIA,
    _field("analysis.metrics[].templateVariables.*", Type.TEXT, "values of {{ variables.x }}"),
    *webhook_fields(own=True),
    *alert_fields(own=True),
)  # fmt: skip

CANARY = Schema(
    kind="Canary",
    fields=(
        *_SPEC,
        *_SOURCE,
        *_ROUTING,
        *_ANALYSIS,
        *(
            Field(path=path, type=Type.ANY, status=Status.REFUSED, root=path, why=why)
            for path, why in _LATER.items()
        ),
    ),
    required=frozenset({
        "targetRef", "targetRef.apiVersion", "targetRef.kind", "targetRef.name",
        "analysis", "analysis.threshold", "analysis.metrics[].name",
        "analysis.metrics[].templateRef.name",
        "analysis.webhooks[].name", "analysis.webhooks[].webhook",
        "analysis.alerts[].name", "analysis.alerts[].notifier",
        "source.fields[].name", "source.replicas.candidate",
        *(f"source.replicas.{side}.{key}" for side in ("candidate", "primary")
          for key in ("file", "field")),
        "analysis.sessionAffinity.cookieName",
        "routing.weight", "routing.weight.file", "routing.weight.field",
        "routing.rest.file", "routing.rest.field",
        *(f"source.fields[].{side}{key}" for side in ("candidate", "primary")
          for key in ("", ".file", ".field")),
    }),
    items_max={
        "analysis.stepWeights": STEPS_MAX, "analysis.metrics": 50, "control.approve": 100,
        "source.fields": 50, "analysis.webhooks": WEBHOOKS_MAX,
        "analysis.alerts": ALERTS_MAX,
        "analysis.judge.shadows": 3,
        "gates.approval": STEPS_MAX,
    },
    hints={
        **{
            one.path.split(".")[1].split("[")[0]: f"remove it: {one.why}"
            for one in FLAGGER.fields
            if one.status is Status.NEUTRAL
        },
        **_URLS,
    },
)  # fmt: skip
"""Our own Canary's `spec`."""
