"""A first canary where kustomize puts a prefix before every name: held against kubectl."""

from collections.abc import Mapping
from pathlib import Path as LocalPath

import pytest
from first_canary import BASE, Texts, after, initialised, overlay
from kustomized import Built, built, needs_kubectl

from gitops_canary.app.doctor import Health
from gitops_canary.app.doctor_manifests import scalers, workloads
from gitops_canary.app.doctor_subject import subject
from gitops_canary.app.linting import WORK_TREE, Folder
from gitops_canary.app.reading import Rules
from gitops_canary.errors import CanaryError

PROD = "overlays/prod/kustomization.yaml"
PLAIN = {path: text for path, text in BASE.items() if path != "base/route.yaml"} | {
    "base/kustomization.yaml": "resources: [deployment.yaml, service.yaml]\n"
}
ROUTES = {
    "istio": """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web}
spec: {hosts: [shop], http: [{route: [{destination: {host: live-web}}]}]}
""",
    "gatewayapi:v1": """\
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web}
spec: {parentRefs: [{name: gateway}], rules: [{backendRefs: [{name: live-web, port: 80}]}]}
""",
}
SCALERS = """\
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
"""
KEDA = """\
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: web}
spec:
  scaleTargetRef: {name: live-web}
  triggers: [{type: prometheus, metadata: {query: 'sum(r{app="live-web"})'}}]
"""


def prefixed(
    provider: str, more: Mapping[str, str] = {}, prefix: str = "namePrefix: live-\n"
) -> Texts:
    added = {"overlays/prod/route.yaml": ROUTES[provider], **more}
    listed = "resources:\n  - ../../base\n"
    names = "".join(f"  - {path.rpartition('/')[2]}\n" for path in added)
    texts = PLAIN | overlay("prod", prefix) | added
    return texts | {PROD: texts[PROD].replace(listed, listed + names)}


def routed(now: Built, provider: str) -> dict[str, int]:
    if provider == "istio":
        found = [
            r for one in now["VirtualService", "live-web"]["spec"]["http"] for r in one["route"]
        ]
        return {one["destination"]["host"]: one["weight"] for one in found}
    refs = now["HTTPRoute", "live-web"]["spec"]["rules"][0]["backendRefs"]
    return {one["name"]: one["weight"] for one in refs}


@needs_kubectl
@pytest.mark.parametrize("provider", ROUTES)
@pytest.mark.parametrize("others", [(), ("staging",)])
def test_the_cluster_gets_the_names_that_the_canary_says(
    provider: str, others: tuple[str, ...], tmp_path: LocalPath
) -> None:
    texts = prefixed(provider, {"overlays/prod/hpa.yaml": SCALERS})
    for name in others:
        texts |= overlay(name, "namePrefix: try-\n")
    prepared = initialised(texts, overlay="overlays/prod")
    last = after(texts, prepared)
    now = built(last, tmp_path, "overlays/prod")

    assert prepared.choice.title == "prod/live-web"
    canary = next(text for path, text in last.items() if path.endswith("canary.yaml"))
    assert "    kind: Deployment\n    name: live-web\n" in canary
    assert {name for kind, name in now if kind in {"Deployment", "Service"}} == {
        "live-web", "live-web-primary", "live-web-canary",
    }  # fmt: skip
    assert routed(now, provider) == {"live-web-primary": 100, "live-web-canary": 0}
    scaled = now["HorizontalPodAutoscaler", "live-web-primary"]["spec"]["scaleTargetRef"]["name"]
    assert scaled == "live-web-primary"
    bumped = last | {PROD: last[PROD].replace('"1.10"', '"1.11"', 1)}
    then = built(bumped, tmp_path / "then", "overlays/prod")
    assert [
        then["Deployment", name]["spec"]["template"]["spec"]["containers"][0]["image"]
        for name in ("live-web", "live-web-primary")
    ] == ["acme/web:1.11", "acme/web:1.10"]
    assert initialised(last, overlay="overlays/prod").stages == ()


def test_what_a_canary_drives_is_known_by_its_whole_name(tmp_path: LocalPath) -> None:
    texts = prefixed("istio", {"overlays/prod/hpa.yaml": SCALERS})
    last = after(texts, initialised(texts))
    written(last, tmp_path)
    rules = Rules(paths=(), default_provider=None, allow_missing=frozenset())
    one = subject(Folder(tmp_path), WORK_TREE, rules)

    whole = [found.what.partition(";")[0] for found in workloads(one)]
    assert sorted(whole) == [
        "driven: the candidate of the Canary prod/live-web",
        "driven: the primary of the Canary prod/live-web",
    ]
    assert [found.health for found in scalers(one)] == [Health.OK]
    copies = [
        path for path, text in last.items() if "kind: Horizontal" in text and "-primary" in text
    ]
    for path in copies:
        (tmp_path / path).unlink()
    (told,) = scalers(subject(Folder(tmp_path), WORK_TREE, rules))
    assert "nothing scales live-web-primary" in told.what


def written(texts: Mapping[str, str], folder: LocalPath) -> None:
    for path, text in texts.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)


def test_a_scaler_that_kustomize_does_not_rename_gives_the_whole_name() -> None:
    texts = prefixed("istio", {"overlays/prod/keda.yaml": KEDA})
    last = after(texts, initialised(texts))
    (copy,) = (text for text in last.values() if "ScaledObject" in text and "-primary" in text)
    assert "name: live-web-primary\n" in copy
    assert copy.count("live-web-primary") == 2


REFUSED = {
    "an Ingress": (prefixed("istio"), {"router": "nginx"}, f"{PROD}:5:13", "renames a part"),
    "configurations": (
        prefixed("istio", prefix="namePrefix: live-\nconfigurations: [names.yaml]\n"), {},
        PROD, "`configurations`",
    ),
    "further in": (
        prefixed("istio", prefix="") | overlay("staging")
        | {"base/kustomization.yaml": "namePrefix: live-\n" + PLAIN["base/kustomization.yaml"]},
        {}, "base/kustomization.yaml:1:13", "does not get it",
    ),
    "whole templates": (
        {path: text.replace("acme/web\n", "acme/web:1\n").split("images:")[0]
         for path, text in prefixed("istio").items()},
        {}, PROD, "whole templates",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_a_prefix_that_would_split_what_belongs_together_is_refused(case: str) -> None:
    texts, answers, place, says = REFUSED[case]
    with pytest.raises(CanaryError) as refused:
        initialised(texts, overlay="overlays/prod", **answers)
    assert says in refused.value.problem, refused.value
    assert str(refused.value.place).startswith(place)
    assert refused.value.remedy
