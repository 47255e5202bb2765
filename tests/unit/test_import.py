"""Other tools' documents become ours, readable, with a list of what they lose."""

from pathlib import Path

import pytest
from corpus import CORPUS

from gitops_canary.app.importing import imported, text
from gitops_canary.core import configs
from gitops_canary.errors import CanaryError
from gitops_canary.manifest import spec_file
from gitops_canary.manifest.document import parse
from gitops_canary.manifest.scaler_copy import primary_scaler
from gitops_canary.model.spec import CanarySpec, Strategy

ROLLOUT = """\
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: shop, namespace: prod}
spec:
  replicas: 3
  selector: {matchLabels: {app: shop}}
  template: {spec: {containers: [{name: shop, image: 'acme/shop:1'}]}}
  strategy:
    canary:
      stableService: shop-stable
      canaryService: shop-canary
      trafficRouting: {istio: {virtualService: {name: shop}}}
      steps:
        - setWeight: 10
        - pause: {duration: 5m}
        - analysis: {templates: [{templateName: works}]}
        - setWeight: 50
        - pause: {}
---
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {name: works}
spec:
  metrics:
    - name: works
      interval: 2m
      successCondition: result[0] >= 0.95
      provider: {prometheus: {address: 'http://p:9090', query: 'sum(x{app="{{args.app}}"})'}}
    - name: odd
      successCondition: result[0] >= 0.95 && result[1] > 3
      failureLimit: 2
      count: 3
      provider: {prometheus: {query: x}}
    - name: never
      provider: {prometheus: {query: x}}
  dryRun: [{metricName: ^odd$}]
"""


def read(written: str) -> CanarySpec:
    node = next(
        root
        for root in parse(written, file="new.yaml")
        if root is not None and root.get("kind") is not None and root.get("analysis") is None
        if (kind := root.get("kind")) is not None and kind.value == "Canary"
    )
    return spec_file.read_canary(
        node, file="new.yaml", templates=spec_file.templates([]), default_provider="istio"
    )


def test_a_rollout_becomes_a_deployment_and_a_canary(tmp_path: Path) -> None:
    (tmp_path / "rollout.yaml").write_text(ROLLOUT)

    (one,) = imported(tmp_path, "argo-rollouts")

    written = text(one)
    assert "kind: Deployment" in written
    assert "strategy" not in written
    spec = read(written)
    assert (spec.id, spec.provider) == ("prod/shop", "istio")
    assert [int(step) for step in spec.policy.steps] == [10, 50]
    assert (spec.policy.interval_ms, spec.policy.judge.type) == (120_000, "conditions")
    assert spec.policy.approvals == (2,)
    check, odd = spec.policy.checks
    assert (str(check.limits.minimum), check.interval_ms) == ("0.95", 120_000)
    assert odd.criteria is not None
    assert odd.criteria.success == "result[0] >= 0.95 && result[1] > 3"
    assert (odd.criteria.failure_limit, odd.criteria.count, odd.criteria.dry_run) == (2, 3, True)
    configs.checked(spec)
    assert check.query == 'sum(x{app="{{ variables.app }}"})'
    assert [why for _, why in one.lost] == [
        "works asks metrics.sources.default of controller.yaml: put this there",
        "fill in templateVariables of works: app",
        "the metric never has no condition, so it could never fail",
        "stableService shop-stable has to be called shop-primary",
    ]
    assert all(place.line > 0 for place, _ in one.lost)


def test_what_a_rollout_gives_its_template_is_filled_in(tmp_path: Path) -> None:
    given = "analysis: {templates: [{templateName: works}], args: [{name: app, value: shop}]}"
    whole = ROLLOUT.replace("analysis: {templates: [{templateName: works}]}", given)
    (tmp_path / "rollout.yaml").write_text(whole)

    (one,) = imported(tmp_path, "argo-rollouts")

    assert read(text(one)).policy.checks[0].variables == {"app": "shop"}
    assert not any("fill in" in why for _, why in one.lost)


def test_a_pause_that_the_checks_do_not_fill_is_told(tmp_path: Path) -> None:
    whole = ROLLOUT.replace("duration: 5m", "duration: 1h").replace(
        "pause: {}", "pause: {duration: 20}"
    )
    (tmp_path / "rollout.yaml").write_text(whole)

    (one,) = imported(tmp_path, "argo-rollouts")

    told = [why for _, why in one.lost]
    assert "a step lasts 360s, as long as it is measured: raise count for more" in told
    assert "the pauses differ; every step lasts as long as the longest" in told


def test_every_real_flagger_canary_becomes_a_readable_one(tmp_path: Path) -> None:
    folder = CORPUS / "flagger"
    if not folder.is_dir():
        pytest.skip("the corpus of real manifests is not beside this repository")
    back, strategies, kept_out = 0, set(), []
    for path in sorted(folder.glob("Canary-*.yaml")):
        (tmp_path / "one.yaml").write_text(path.read_text())
        for one in imported(tmp_path, "flagger"):
            assert "metricsServer" not in text(one)
            try:
                strategies.add(read(text(one)).policy.strategy)
                back += 1
            except CanaryError as error:
                kept_out.append(f"{path.name}: {error}")
    print(f"{back} Flagger Canaries read back, {len(kept_out)} not")
    # Templates are looked up in a whole repository; some targets and excerpts are refused.
    known = (
        "MetricTemplate",
        "the cluster names",
        "is missing",
        "at its end",
        "not possible",
        "skipAn",
    )
    assert [why for why in kept_out if not any(word in why for word in known)] == []
    assert back > 20
    assert strategies == set(Strategy)


SCALED = """\
apiVersion: flagger.app/v1beta1
kind: Canary
metadata: {name: web, namespace: prod}
spec:
  provider: istio
  targetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  autoscalerRef:
    apiVersion: keda.sh/v1alpha1
    kind: ScaledObject
    name: web
    primaryScalerReplicas: {minReplicas: 3, maxReplicas: 30}
    primaryScalerQueries: {given: "sum(y)"}
  service: {port: 80}
  analysis: {interval: 1m, threshold: 5, stepWeight: 10}
---
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: web, namespace: prod, resourceVersion: "1"}
spec:
  scaleTargetRef: {name: web}
  minReplicaCount: 1
  maxReplicaCount: 3
  triggers:
    - {type: prometheus, name: given, metadata: {query: sum(x)}}
    - {type: prometheus, name: own, metadata: {query: 'sum(r{app="web",other="web-canary"})'}}
    - {type: cpu, metadata: {value: "60"}}
"""


def test_the_scaler_is_copied_for_the_primary(tmp_path: Path) -> None:
    (tmp_path / "web.yaml").write_text(SCALED)

    (one,) = imported(tmp_path, "flagger")

    scaler = one.documents[1]
    assert isinstance(scaler, dict)
    assert scaler["metadata"] == {"name": "web-primary", "namespace": "prod"}
    assert scaler["spec"] == {
        "scaleTargetRef": {"name": "web-primary"},
        "minReplicaCount": 3,
        "maxReplicaCount": 30,
        "triggers": [
            {"type": "prometheus", "name": "given", "metadata": {"query": "sum(y)"}},
            {
                "type": "prometheus",
                "name": "own",
                "metadata": {"query": 'sum(r{app="web-primary",other="web-primary"})'},
            },
            {"type": "cpu", "metadata": {"value": "60"}},
        ],
    }
    assert "look at the primary's query of the trigger own" in [why for _, why in one.lost]


FLAGGER = """\
apiVersion: flagger.app/v1beta1
kind: Canary
metadata: {name: shop, namespace: prod}
spec:
  provider: istio
  targetRef: {apiVersion: apps/v1, kind: Deployment, name: shop}
  service: {port: 80}
  analysis:
    threshold: 3
    stepWeight: 10
    metrics: [{name: request-success-rate, thresholdRange: {min: 99}}]
    webhooks:
      - {name: gate, type: confirm-rollout, url: "http://flagger-loadtester.test/gate/check"}
      - {name: load, type: "", url: "http://flagger-loadtester.test/"}
    alerts: [{name: team, severity: "", providerRef: {name: on-call, namespace: ops}}]
"""


def test_webhooks_and_alerts_of_flagger_are_named_and_their_addresses_told(tmp_path: Path) -> None:
    (tmp_path / "canary.yaml").write_text(FLAGGER)

    (one,) = imported(tmp_path, "flagger")

    spec = read(text(one))
    assert [(hook.name, hook.target) for hook in spec.policy.webhooks] == [
        ("gate", "flagger-loadtester/gate/check"),
        ("load", "flagger-loadtester"),
    ]
    assert [alert.notifier for alert in spec.alerts] == ["on-call"]
    told = [why for _, why in one.lost]
    assert any("name it as webhook flagger-loadtester in controller.yaml" in why for why in told)
    assert any("name it as notifier on-call in controller.yaml" in why for why in told)


@pytest.mark.parametrize(
    ("query", "primary"),
    [
        ('a{pod=~"web-.*"}', 'a{pod=~"web-primary-.*"}'),
        ('a{pod=~"web-[0-9a-f]+-.*"}', 'a{pod=~"web-primary-[0-9a-f]+-.*"}'),
        ('a{service="web-canary.prod"}', 'a{service="web-primary.prod"}'),
        (
            'a{app="web-frontend",b="my-web",c="web_x"}',
            'a{app="web-frontend",b="my-web",c="web_x"}',
        ),
        ('a{app="web-primary"}', 'a{app="web-primary"}'),
    ],
)
def test_a_query_of_the_target_becomes_the_primarys(query: str, primary: str) -> None:
    """As Flagger's scaled_object_reconciler.go does, other names left alone."""
    text = f"""\
kind: ScaledObject
metadata: {{name: web}}
spec:
  scaleTargetRef: {{name: web}}
  advanced: {{horizontalPodAutoscalerConfig: {{name: hpa-web, behavior: {{}}}}}}
  triggers: [{{type: prometheus, metadata: {{query: '{query}'}}}}]
"""
    root = parse(text, file="a.yaml")[0]
    assert root is not None
    copy, derived = primary_scaler(
        root, target="web", limits=(None, None), queries={}, file="a.yaml"
    )
    assert isinstance(copy, dict)
    spec = copy["spec"]
    assert isinstance(spec, dict)
    assert spec["triggers"] == [{"type": "prometheus", "metadata": {"query": primary}}]
    assert spec["advanced"] == {
        "horizontalPodAutoscalerConfig": {"name": "hpa-web-primary", "behavior": {}}
    }
    assert derived == ("prometheus",)
