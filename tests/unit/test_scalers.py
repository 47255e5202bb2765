"""Scalers: replicas are theirs, KEDA sleeps by an annotation, and the primary has one too."""

from dataclasses import replace

import pytest
from canary_texts import flagger, read
from checks import spec
from routes import CASES
from test_targets import POD, WORKLOAD

from gitops_canary.errors import BindingError, SpecError
from gitops_canary.manifest import bindings, catalog, pausing
from gitops_canary.manifest.owned import owned
from gitops_canary.model.names import Path
from gitops_canary.model.owned import Binding, DocRef, Owned
from gitops_canary.routing import ROUTERS

HPA = """\
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: NAME}
spec: {scaleTargetRef: {kind: Deployment, name: NAME}, minReplicas: 2, maxReplicas: 5}
"""
KEDA = """\
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata:
  name: shop  # the team's
ANNOTATIONS  namespace: prod
spec: {scaleTargetRef: {name: shop}}
"""
SLEEPS = 'autoscaling.keda.sh/paused-replicas: "0"'
LAYOUTS = {
    "alone": f"  annotations:\n    {SLEEPS}\n",
    "first": f"  annotations:\n    {SLEEPS} # sleeps\n    team: a\n",
    "last": f"  annotations:\n    team: a\n    {SLEEPS}\n",
    "flow": f"  annotations: {{team: a, {SLEEPS}}}\n",
}
FILE = Path("apps.yaml")


def bind(extra: str, *, scaler: tuple[str, str] | None = None) -> tuple[Binding, Owned]:
    pod = POD.replace("SELECTOR", "")
    workloads = "".join(
        WORKLOAD.format(
            kind="Deployment", name=name, more="replicas: 2, ", pod=pod.replace("NAME", name)
        )
        for name in ("shop", "shop-primary")
    )
    texts = {FILE: workloads + extra, Path("route.yaml"): CASES["istio-http"].text}
    one = replace(spec(provider="istio", apex="shop"), autoscaler=scaler)
    found = [ref for file, text in texts.items() for ref in catalog.headers(text, file=file)]
    exists = texts.__contains__
    binding = bindings.resolve(one, found, texts.__getitem__, ROUTERS["istio"], exists=exists)
    return binding, owned(one, binding, texts.__getitem__, ROUTERS["istio"])


def ref(text: str) -> DocRef:
    (found,) = catalog.headers(text, file=FILE)
    return found


def test_with_a_scaler_git_says_nothing_of_replicas() -> None:
    _, plain = bind("")
    assert (plain.candidate.replicas, plain.primary.replicas) == (2, 2)
    binding, one = bind(HPA.replace("NAME", "shop"))
    assert (one.candidate.replicas, one.primary.replicas) == (None, 2)
    assert not binding.versions.idles
    _, other = bind(HPA.replace("NAME", "shop-primary"))
    assert (other.candidate.replicas, other.primary.replicas) == (2, None)


def test_what_autoscaler_ref_names_has_to_be_there_on_both_sides() -> None:
    named = ("HorizontalPodAutoscaler", "shop")
    own, other = HPA.replace("NAME", "shop"), HPA.replace("NAME", "shop-primary")
    bind(own + other, scaler=named)
    with pytest.raises(BindingError, match="There is no HorizontalPodAutoscaler shop that scales"):
        bind(other, scaler=named)
    with pytest.raises(BindingError, match="shop-primary has none") as error:
        bind(own, scaler=named)
    assert "import flagger" in error.value.remedy
    reference = {"apiVersion": "autoscaling/v2", "kind": named[0], "name": "web"}
    assert read(flagger(autoscalerRef=reference)).autoscaler == (named[0], "web")


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_a_scaled_object_wakes_and_sleeps_again_to_the_same_bytes(
    layout: str, newline: str
) -> None:
    asleep = KEDA.replace("ANNOTATIONS", layout).replace("\n", newline)
    assert pausing.paused(asleep, ref(asleep)) == 0
    awake = pausing.resume(asleep, ref(asleep))
    assert "paused" not in awake
    assert pausing.paused(awake, ref(awake)) is None
    assert pausing.resume(awake, ref(awake)) == awake
    assert pausing.pause(awake, ref(awake), 0, asleep, ref(asleep)) == asleep
    edited = awake.replace("namespace: prod", "namespace: prod\n  labels: {a: b}")
    again = pausing.pause(edited, ref(edited), 0, asleep, ref(asleep))
    assert pausing.paused(again, ref(again)) == 0
    assert pausing.pause(again, ref(again), 0, asleep, ref(asleep)) == again
    assert "labels: {a: b}" in again
    assert pausing.pause(awake, ref(awake), 0, "", None).count("paused") == 1


def test_an_odd_annotation_is_refused_by_its_place() -> None:
    text = KEDA.replace("ANNOTATIONS", LAYOUTS["alone"].replace('"0"', "yes"))
    with pytest.raises(SpecError, match="no number of replicas") as error:
        pausing.paused(text, ref(text))
    assert error.value.place is not None
    assert error.value.place.line == 6


def test_a_paused_scaled_object_is_a_canary_that_sleeps() -> None:
    asleep = "---\n" + KEDA.replace("ANNOTATIONS", LAYOUTS["first"])
    binding, one = bind(asleep)
    assert one.candidate.replicas == 0
    assert binding.versions.idles
    _, other = bind("---\n" + KEDA.replace("ANNOTATIONS", ""))
    assert other.candidate.replicas is None
