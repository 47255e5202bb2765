"""What stands in the way of a first canary, named by its place and with what to do."""

import json
from typing import Any

import pytest
from first_canary import DEPLOYMENT, PLAIN, SERVICE, Texts, after, initialised, plain
from first_routes import ISTIO
from jsonschema import Draft202012Validator  # type: ignore[import-untyped] # has no stubs

from gitops_canary.errors import CanaryError
from gitops_canary.manifest.document import data, parse
from gitops_canary.manifest.initial.stages import SCHEMA
from gitops_canary.manifest.initial.terrain import survey
from gitops_canary.model.names import Path

ROLLOUT = """\
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: web}
spec: {workloadRef: {apiVersion: apps/v1, kind: Deployment, name: web}}
"""
APPLICATION = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: web}
spec:
  sources:
  - kustomize: {images: [acme/other:1, "acme/web:9"]}
    path: apps
"""
FLUX = """\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: web}
spec: {path: ./apps, images: [{name: a}, {name: acme/web, newTag: '9'}]}
"""
OTHERS = {
    "another primary": (
        {"a.yaml": DEPLOYMENT.replace("name: web", "name: web-primary")},
        "a.yaml:2:1", "is no copy of web",
    ),
    "another Service": (
        {"a.yaml": SERVICE.replace("name: web", "name: web-canary").replace("app: web", "app: x")},
        "a.yaml:11:5", "does not select app: web",
    ),
    "another file of that name": (
        {"apps/deploy-primary.yaml": "a: 1\n"}, "apps/deploy-primary.yaml:1:1", "there already",
    ),
    "a subset": (
        {"apps/route.yaml": ISTIO.replace("{host: web}", "{host: web, subset: v1}")},
        "apps/route.yaml:12:7", "is the subset v1",
    ),
    "the same twice": (
        {"apps/again.yaml": DEPLOYMENT}, "apps/again.yaml:2:1", "stands in several places",
    ),
    "an alias": (
        {"apps/service.yaml": SERVICE.replace("    app: web", "    app: &a web\n    b: *a")
         .replace("nodePort: 30000", "name: http")},
        "apps/service.yaml", "",
    ),
    "a shared anchor": (
        {"apps/deploy.yaml": DEPLOYMENT.replace("{app: web}\n  ann", "&l {app: web}\n  ann")
         .replace("matchLabels:\n      app: web", "matchLabels: *l")},
        "apps/deploy.yaml:13:18", "An alias",
    ),
    "a Rollout that drives it": (
        {"r.yaml": ROLLOUT}, "r.yaml:4:21", "Rollout web drives web by workloadRef",
    ),
    "images of an Application": (
        {"argocd/web.yaml": APPLICATION}, "argocd/web.yaml:6:40", "has built apps",
    ),
    "images of Flux": (
        {"flux.yaml": FLUX}, "flux.yaml:4:42", "Flux Kustomization web sets the image acme/web",
    ),
    "a pause": (
        {"apps/deploy.yaml": DEPLOYMENT.replace("  replicas: 3\n", "  paused: true\n")},
        "apps/deploy.yaml:11:11", "no change while it is paused",
    ),
    "images of an updater": (
        {"apps/.argocd-source-web.yaml": "kustomize:\n  images:\n  - new=acme/x:2\n"
         "  - acme/web=acme/web:2\n"},
        "apps/.argocd-source-web.yaml:4:5", "sets the image acme/web=acme/web:2",
    ),
    "a long name": (
        {"apps/deploy.yaml": DEPLOYMENT.replace("name: web\n", f"name: {'w' * 60}\n")},
        "apps/deploy.yaml:5:9", "longer than 63 characters",
    ),
    "selects by nothing": (
        {"apps/deploy.yaml": DEPLOYMENT.replace("app: web\n  temp", "a: b\n      c: d\n  temp")},
        "apps/deploy.yaml:13:5", "selects its pods by no label",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("more", "place", "says"), OTHERS.values(), ids=OTHERS.keys())
def test_what_stands_in_the_way_is_named_by_its_place(more: Texts, place: str, says: str) -> None:
    texts = plain("istio", more)
    answers = {"workload": "apps/deploy.yaml:prod/web"} if "apps/again.yaml" in more else {}
    with pytest.raises(CanaryError) as refused:
        initialised(texts, **answers)

    assert says in refused.value.problem
    assert str(refused.value.place).startswith(place)
    assert refused.value.remedy


def test_a_router_whose_split_is_not_written_says_where_to_read() -> None:
    with pytest.raises(CanaryError, match=r"docs/reference/routing\.md"):
        initialised(PLAIN, router="contour")
    split = """\
apiVersion: projectcontour.io/v1
kind: HTTPProxy
metadata: {name: web, namespace: prod}
spec:
  routes:
  - services:
    - {name: web-primary, port: 80, weight: 100}
    - {name: web-canary, port: 80, weight: 0}
"""
    texts = PLAIN | {"apps/proxy.yaml": split}
    assert after(texts, initialised(texts))["apps/proxy.yaml"] == split


def test_an_editor_finds_the_canary_right_and_a_slip_wrong() -> None:
    texts = plain("istio")
    prepared = initialised(texts)
    schema = json.loads(prepared.stages[-1].files[SCHEMA])
    (root,) = parse(after(texts, prepared)["apps/canary.yaml"], file="c.yaml")
    assert root is not None
    canary: Any = data(root, file="c.yaml")

    assert list(Draft202012Validator(schema).iter_errors(canary)) == []
    canary["spec"]["analysis"]["threshold"] = "three"
    canary["spec"]["treshold"] = 3
    wrong = {e.json_path for e in Draft202012Validator(schema).iter_errors(canary)}
    assert wrong == {"$.spec.analysis.threshold", "$.spec"}


@pytest.mark.parametrize("kind", ["DaemonSet", "StatefulSet"])
def test_other_workloads_get_their_canary_too(kind: str) -> None:
    text = DEPLOYMENT.replace("kind: Deployment", f"kind: {kind}")
    text = text.replace("  replicas: 3\n", "") if kind == "DaemonSet" else text
    texts = plain("istio", {"apps/deploy.yaml": text})
    now = after(texts, initialised(texts))

    assert f"kind: {kind}\nmetadata:\n  name: web-primary" in now["apps/deploy-primary.yaml"]
    assert f"    kind: {kind}\n    name: web\n" in now["apps/canary.yaml"]
    asleep = text.replace("replicas: 3", "replicas: 0")
    assert now["apps/deploy.yaml"] == asleep
    assert initialised(now).stages == ()


def test_a_workload_with_volumes_of_its_own_is_refused() -> None:
    text = DEPLOYMENT.replace("kind: Deployment", "kind: StatefulSet")
    text = text.replace("  template:", "  volumeClaimTemplates: []\n  template:")
    with pytest.raises(CanaryError, match="a volume of its own"):
        initialised(plain("istio", {"apps/deploy.yaml": text}))


@pytest.mark.parametrize("name", ["../../evil", "a/b", "-x", "$(id)", "x y"])
def test_name_that_is_none_never_becomes_a_path_or_a_branch(name: str) -> None:
    found = survey({Path("a.yaml"): DEPLOYMENT.replace("name: web", f"name: '{name}'", 1)})
    assert found.workloads == ()
    (error,) = found.unread
    assert str(error).startswith("a.yaml:")


def test_a_release_is_no_workload_and_is_bound_by_hand() -> None:
    release = """\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: billing, namespace: prod}
spec: {values: {image: {repository: acme/billing, tag: 1.0.0}}}
"""
    with pytest.raises(CanaryError, match="'billing' is no answer") as caught:
        initialised(plain("istio", {"apps/billing.yaml": release}), workload="billing")

    assert "a HelmRelease, an Argo CD Application or a values file" in caught.value.remedy
    assert "docs/reference/sources.md" in caught.value.remedy
