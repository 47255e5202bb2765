"""DaemonSets and StatefulSets as targets: bound, refused with the reason, seen to be ready."""

import re
from dataclasses import replace

import pytest
from checks import check, spec
from routes import CASES
from shelf import IMAGE, SCRAPE, SINCE, expected, look, series

from gitops_canary.core.questions import names
from gitops_canary.core.telemetry import telemetry
from gitops_canary.errors import BindingError
from gitops_canary.manifest import bindings, catalog
from gitops_canary.manifest.owned import owned
from gitops_canary.model.names import Path
from gitops_canary.model.observation import Series
from gitops_canary.model.owned import Templates
from gitops_canary.routing import ROUTERS
from gitops_canary.sync.live_object import Ready, Thing, rolled_out

KINDS = ("Deployment", "DaemonSet", "StatefulSet")
every = pytest.mark.parametrize("kind", KINDS)
WORKLOAD = """\
---
apiVersion: apps/v1
kind: {kind}
metadata: {{name: {name}}}
spec: {{{more}selector: {{matchLabels: {{app: {name}}}}}, template: {{{pod}}}}}
"""
POD = "metadata: {labels: {app: NAME}}, spec: {SELECTORcontainers: [{name: app, image: shop:1}]}"


def bind(kind: str, more: str = "", selector: str = "", extra: str = "") -> Templates:
    pods = {
        n: POD.replace("NAME", n).replace("SELECTOR", selector) for n in ("shop", "shop-primary")
    }
    texts = {
        Path("apps.yaml"): "".join(
            WORKLOAD.format(kind=kind, name=name, more=more, pod=pod) for name, pod in pods.items()
        )
        + extra,
        Path("route.yaml"): CASES["istio-http"].text,
    }
    one = spec(provider="istio", apex="shop")
    one = replace(one, target=replace(one.target, kind=kind))
    found = [ref for file, text in texts.items() for ref in catalog.headers(text, file=file)]
    router = ROUTERS["istio"]
    exists = texts.__contains__
    binding = bindings.resolve(one, found, texts.__getitem__, router, exists=exists)
    assert owned(one, binding, texts.__getitem__, router).settled
    assert isinstance(binding.versions, Templates)
    return binding.versions


@every
def test_each_kind_is_bound_by_its_pod_template(kind: str) -> None:
    found = bind(kind)
    assert (found.candidate.kind, found.primary.name) == (kind, "shop-primary")
    assert found.scaled is (kind == "DaemonSet")


SCALER = """\
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: shop}
spec: {scaleTargetRef: {KINDname: shop}, maxReplicas: 3}
"""


@pytest.mark.parametrize(
    ("named", "scaled"), [("", True), ("kind: StatefulSet, ", True), ("kind: Deployment, ", False)]
)
def test_a_scaler_of_another_kind_of_the_same_name_is_not_the_targets(
    named: str, *, scaled: bool
) -> None:
    assert bind("StatefulSet", extra=SCALER.replace("KIND", named)).scaled is scaled


@pytest.mark.parametrize(
    ("kind", "more", "selector", "why"),
    [
        ("StatefulSet", "volumeClaimTemplates: [], ", "", "two versions would serve different"),
        ("StatefulSet", "updateStrategy: {type: OnDelete}, ", "", "once somebody deletes them"),
        ("DaemonSet", "updateStrategy: {type: OnDelete}, ", "", "once somebody deletes them"),
        ("StatefulSet", "updateStrategy: {rollingUpdate: {partition: 1}}, ", "", "partition keeps"),
        ("DaemonSet", "", "nodeSelector: {flagger.app/scale-to-zero: 'true'}, ", "from every node"),
    ],
)
def test_what_cannot_be_driven_says_why_and_where(
    kind: str, more: str, selector: str, why: str
) -> None:
    with pytest.raises(BindingError, match=why) as error:
        bind(kind, more, selector)
    assert error.value.place is not None
    assert error.value.place.line
    assert error.value.remedy


PODS = {
    "Deployment": ("-5d8f7c9b4-abcde", "-primary-5d8f7c9b4-abcde"),
    "DaemonSet": ("-x2b4z", "-primary-x2b4z"),
    "StatefulSet": ("-0", "-primary-0"),
}
COUNTS = {
    "Deployment": ("deployment_spec_replicas", "deployment_status_replicas_available",
                   "deployment_status_replicas_updated"),
    "DaemonSet": ("daemonset_status_desired_number_scheduled", "daemonset_status_number_available",
                  "daemonset_status_updated_number_scheduled"),
    "StatefulSet": ("statefulset_replicas", "statefulset_status_replicas_available",
                    "statefulset_status_replicas_updated"),
}  # fmt: skip
TIMES = tuple(SINCE - 4_000 + n * SCRAPE for n in range(12))


def told(kind: str, image: str = IMAGE, other: str = "shop:old") -> list[Series]:
    """What kube-state-metrics tells of both workloads; the primary runs another image."""
    rows = [(t, 1) for t in TIMES]
    found = [
        series(f"kube_{name}", rows, namespace="prod", instance="ksm", **{kind.lower(): workload})
        for name in COUNTS[kind]
        for workload in ("shop", "shop-primary")
    ]
    for suffix, runs in zip(PODS[kind], (image, other), strict=True):
        pod = {"namespace": "prod", "pod": f"shop{suffix}", "container": "app", "instance": "ksm"}
        found += [
            series("kube_pod_container_info", rows, image_spec=runs, **pod),
            series("kube_pod_container_status_ready", rows, **pod),
        ]
    return found


@every
def test_each_kind_is_ready_by_its_own_counts_and_pods(kind: str) -> None:
    starts = expected("0", "0", canary_images={"app": IMAGE}, workload_kind=kind)
    assert look(told(kind), starts).live_ms is not None
    waits = look(told(kind, image="shop:old", other=IMAGE), starts)
    assert waits.live_ms is None
    assert "1 of its pods run something else" in waits.waiting


@every
def test_pods_of_the_primary_are_never_the_canarys(kind: str) -> None:
    one = spec(check(), provider="kubernetes", target="shop")
    own = names(replace(one, target=replace(one.target, kind=kind)))
    patterns = {s.workload: s.where[1] for s in telemetry("kubernetes", own).requests}
    canary, primary = (patterns[name] for name in ("shop", "shop-primary"))
    assert canary != primary
    matcher = re.compile(canary.partition('=~"')[2].removesuffix('"'))
    assert matcher.fullmatch(f"shop{PODS[kind][0].replace('a', 'b').replace('e', 'z')}")
    assert not matcher.fullmatch(f"shop{PODS[kind][1].replace('abcde', 'bbcdz')}")


def live(kind: str, *, available: int, updated: int = 2) -> dict[str, object]:
    counts = {
        "DaemonSet": {"desiredNumberScheduled": 2, "currentNumberScheduled": 2,
                      "updatedNumberScheduled": updated, "numberAvailable": available},
        "StatefulSet": {"replicas": 2, "updatedReplicas": updated, "availableReplicas": available},
    }[kind]  # fmt: skip
    containers = [{"name": "app", "image": "shop:2"}]
    return {
        "metadata": {
            "generation": 3,
            "managedFields": [
                {"time": "2026-02-02T10:00:20Z", "fieldsV1": {"f:spec": {}}},
                {"time": "2026-02-02T10:00:45Z", "subresource": "status"},
            ],
        },
        "spec": {
            "replicas": 2,
            "template": {"spec": {"containers": containers}},
        },
        "status": {"observedGeneration": 3, **counts},
    }


@pytest.mark.parametrize("kind", ["DaemonSet", "StatefulSet"])
def test_live_objects_without_conditions_are_ready_since_their_status_says_so(kind: str) -> None:
    thing, wanted = (
        Thing("apps/v1", kind, "prod", "shop"),
        Ready(images={"app": "shop:2"}, replicas=None),
    )
    found = rolled_out(live(kind, available=2), thing, wanted, 0)
    assert found.words.endswith("2 pods available in the wanted version, 2026-02-02T10:00:45Z.")
    waits = rolled_out(live(kind, available=1), thing, wanted, 0)
    assert waits.at_ms is None
    assert "1 of 2 pods available" in waits.words
    old = rolled_out(live(kind, available=2, updated=1), thing, wanted, 0)
    assert "1 pods still run the version before" in old.words


def test_a_live_object_is_ready_with_the_share_of_its_pods_that_the_canary_names() -> None:
    thing = Thing("apps/v1", "StatefulSet", "prod", "shop")
    half = Ready(images={"app": "shop:2"}, replicas=None, percent=50)
    assert rolled_out(live("StatefulSet", available=1), thing, half, 0).at_ms is not None
    assert rolled_out(live("StatefulSet", available=0), thing, half, 0).at_ms is None
    old = live("StatefulSet", available=1, updated=1)
    assert rolled_out(old, thing, half, 0).at_ms is None
