"""The first canary in an overlay, held against kubectl's kustomize where it is there."""

import json
from pathlib import Path as LocalPath

import pytest
from first_canary import BASE, Texts, after, initialised, overlay, plain
from first_routes import GATEWAY
from kustomized import built, needs_kubectl

from gitops_canary.app.initialising import terrain
from gitops_canary.errors import CanaryError
from gitops_canary.model.names import Path

REPOSITORY = BASE | overlay("prod") | overlay("staging")
PROD = "overlays/prod/kustomization.yaml"


def test_only_the_chosen_overlay_changes() -> None:
    prepared = initialised(REPOSITORY, overlay="overlays/prod")
    touched = {path for stage in prepared.stages for path in stage.files}

    assert {path.rpartition("/")[0] for path in touched} == {"overlays/prod", ".gitops-canary"}
    assert prepared.choice.title == "prod/web"
    assert initialised(after(REPOSITORY, prepared), overlay="overlays/prod").stages == ()


def test_the_primarys_entry_comes_last() -> None:
    prepared = initialised(REPOSITORY, overlay="overlays/prod")
    assert after(REPOSITORY, prepared, 1)[PROD] == (
        "namespace: prod\nresources:\n  - ../../base\n  - deployment-primary.yaml\nimages:\n"
        '  - name: acme/web\n    newTag: "1.10"\n    newName: acme/web\n'
        '  - name: acme/web-primary\n    newName: acme/web\n    newTag: "1.10"\n'
    )


@needs_kubectl
def test_kustomize_builds_what_was_promised(tmp_path: LocalPath) -> None:
    prepared = initialised(REPOSITORY, overlay="overlays/prod")
    steps = [
        built(after(REPOSITORY, prepared, n), tmp_path / str(n), "overlays/prod") for n in range(4)
    ]
    once = {key: value for key, value in steps[1].items() if key in steps[0]}
    assert once == steps[0], "nothing that runs is touched"
    now = steps[3]
    pods, primary = (now["Deployment", name]["spec"]["template"] for name in ("web", "web-primary"))
    assert json.loads(json.dumps(pods).replace('"web"', '"web-primary"')) == primary
    assert primary["spec"]["containers"][0]["image"] == "acme/web:1.10"
    assert now["Service", "web"]["spec"]["selector"] == {"app": "web-primary"}
    assert now["HTTPRoute", "web"]["spec"]["parentRefs"] == [{"name": "gateway"}]
    refs = now["HTTPRoute", "web"]["spec"]["rules"][0]["backendRefs"]
    assert [(one["name"], one["weight"]) for one in refs] == [
        ("web-primary", 100),
        ("web-canary", 0),
    ]
    assert {one["metadata"]["namespace"] for one in now.values()} == {"prod"}
    last = after(REPOSITORY, prepared)
    newer = last | {PROD: last[PROD].replace('"1.10"', '"1.11"', 1)}
    then = built(newer, tmp_path / "newer", "overlays/prod")
    images = [
        then["Deployment", name]["spec"]["template"]["spec"]["containers"][0]["image"]
        for name in ("web", "web-primary")
    ]
    assert images == ["acme/web:1.11", "acme/web:1.10"]
    staging = built(last, tmp_path / "staging", "overlays/staging")
    assert staging == built(REPOSITORY, tmp_path / "before", "overlays/staging")


def test_a_base_of_its_own_is_written_in_place() -> None:
    texts = BASE | overlay("prod")
    prepared = initialised(texts)
    now = after(texts, prepared)

    assert now["base/kustomization.yaml"] == (
        "resources: [deployment.yaml, service.yaml, route.yaml, deployment-primary.yaml]\n"
    )
    assert "app: web-primary" in now["base/service.yaml"]
    assert "web-canary" in now["base/route.yaml"]
    assert "acme/web-primary" in now[PROD]


IN_THE_WAY = {
    "a suffix": (overlay("prod", "nameSuffix: -eu\n"), f"{PROD}:4:13", "another name"),
    "a label on all": (
        overlay("prod", "commonLabels: {app: shop}\n"), f"{PROD}:4:21", "put on every pod",
    ),
    "a patch with an image": (
        overlay("prod", "patches:\n  - path: more.yaml\n")
        | {"overlays/prod/more.yaml": "kind: Deployment\nmetadata: {name: web}\n"
           "spec: {template: {spec: {containers: [{name: app, image: a:1}]}}}\n"},
        f"{PROD}:5:5", "This patch sets the image",
    ),
    "two kustomizations": (
        {"overlays/prod/kustomization.yml": overlay("prod")[PROD]},
        "overlays/prod/kustomization.yml", "two kustomizations",
    ),
    "two entries": (
        {"base/kustomization.yaml": BASE["base/kustomization.yaml"]
         + "images: [{name: acme/web, newTag: '1'}]\n"},
        "base/kustomization.yaml:2:10", "Several `images:` entries",
    ),
    "no entry": (
        {PROD: "namespace: prod\nresources: [../../base]\n"},
        "base/deployment.yaml:2:1", "none of them sets its version",
    ),
    "no tag": (
        {PROD: "namespace: prod\nresources: [../../base]\nimages: [{name: acme/web}]\n"},
        f"{PROD}:3:10", "no tag and no digest",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("more", "place", "says"), IN_THE_WAY.values(), ids=IN_THE_WAY.keys())
def test_what_kustomize_would_do_besides_is_refused(more: Texts, place: str, says: str) -> None:
    with pytest.raises(CanaryError) as refused:
        initialised(REPOSITORY | more, overlay="overlays/prod")
    assert says in refused.value.problem
    assert str(refused.value.place) == place


def test_a_selector_that_several_overlays_share_is_no_route() -> None:
    texts = {path: text for path, text in REPOSITORY.items() if text != GATEWAY}
    with pytest.raises(CanaryError, match="its selector is the route"):
        initialised(texts, overlay="overlays/prod", router="kubernetes")


PATCHED = """\
replicas: [{name: web, count: 4}]
patches:
  - path: size.yaml
  - target: {kind: Deployment, name: web}
    patch: '[{"op": "add", "path": "/metadata/annotations", "value": {"team": "shop"}}]'
  - patch: |-
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: web}
      spec: {template: {spec: {priorityClassName: high}}}
"""
SIZE = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    metadata: {labels: {app: web, size: big}}
    spec: {containers: [{name: app, resources: {limits: {memory: 1Gi}}}]}
"""


@needs_kubectl
def test_what_the_overlay_changes_in_the_workload_it_changes_in_the_primary(
    tmp_path: LocalPath,
) -> None:
    texts = BASE | overlay("prod", PATCHED) | overlay("staging")
    texts["overlays/prod/size.yaml"] = SIZE
    prepared = initialised(texts, overlay="overlays/prod")
    now = built(after(texts, prepared), tmp_path, "overlays/prod")
    one, other = (now["Deployment", name] for name in ("web", "web-primary"))

    assert one["spec"]["replicas"] == other["spec"]["replicas"] == 4
    assert other["metadata"]["annotations"]["team"] == "shop"
    pods = json.loads(json.dumps(one["spec"]["template"]).replace('"web"', '"web-primary"'))
    assert pods == other["spec"]["template"]
    assert pods["spec"]["priorityClassName"] == "high"
    assert pods["metadata"]["labels"] == {"app": "web-primary", "tier": "front", "size": "big"}
    assert initialised(after(texts, prepared), overlay="overlays/prod").stages == ()


FLUX = """\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: apps, namespace: flux-system}
spec:
  path: ./overlays/prod
  targetNamespace: live
  sourceRef: {kind: GitRepository, name: flux-system}
"""


def test_a_namespace_that_flux_sets_is_not_asked_for() -> None:
    texts = BASE | overlay("prod") | {"clusters/apps.yaml": FLUX}
    prepared = initialised(texts)
    assert prepared.choice.title == "live/web"
    assert initialised(after(texts, prepared)).stages == ()


def test_a_kustomization_without_a_suffix_lists_what_is_new(tmp_path: LocalPath) -> None:
    texts = BASE | overlay("prod")
    texts["base/Kustomization"] = texts.pop("base/kustomization.yaml")
    for path, text in texts.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    found = terrain(tmp_path, ())
    assert set(found.texts) == set(texts)
    prepared = initialised(texts)
    (kustomization,) = (
        stage.files[Path("base/Kustomization")]
        for stage in prepared.stages
        if "base/Kustomization" in stage.files
    )
    assert "deployment-primary.yaml" in kustomization


def test_overlays_that_end_alike_are_named_apart() -> None:
    prod = overlay("prod")[PROD].replace("../../base", "../../../base")
    texts = BASE | {f"clusters/{region}/prod/kustomization.yaml": prod for region in ("eu", "us")}
    names = [initialised(texts, overlay=f"clusters/{region}/prod").label for region in ("eu", "us")]
    assert names == ["web-eu-prod", "web-us-prod"]
    assert initialised(REPOSITORY, overlay="overlays/prod").label == "web-prod"


def test_a_kustomization_that_is_no_yaml_is_named() -> None:
    prepared = initialised(
        BASE | {PROD: "resources: [../../base\n"}, namespace="prod", router="gatewayapi:v1"
    )
    assert [str(error.place) for error in prepared.unread] == [f"{PROD}:2:1"]


def test_an_overlay_is_no_answer_where_none_builds_the_workload() -> None:
    with pytest.raises(CanaryError, match="No kustomization builds web") as refused:
        initialised(plain("istio"), overlay="overlays/prod")
    assert str(refused.value.place) == "apps/deploy.yaml:2:1"
