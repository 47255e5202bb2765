"""A controller's steps in overlays: what `init` writes, beside a Canary that is there already."""

from pathlib import Path as LocalPath

import pytest
from first_canary import BASE, PLAIN, Texts, after, initialised, objects, overlay, plain
from kustomized import built, needs_kubectl

from gitops_canary.app.beginnings import remaining
from gitops_canary.app.initialising import Texts as Store
from gitops_canary.app.linting import WORK_TREE
from gitops_canary.app.reading import Reader, Rules
from gitops_canary.errors import CanaryError, Uninitialised
from gitops_canary.manifest.document import parse
from gitops_canary.manifest.initial.draft import Stage
from gitops_canary.manifest.initial.terrain import survey
from gitops_canary.manifest.spec_file import read_canary
from gitops_canary.model.names import Path
from gitops_canary.model.spec import CanarySpec
from gitops_canary.routing import ROUTERS

CANARY = """\
apiVersion: gitops-canary.dev/v1alpha1
kind: Canary
metadata: {name: web, namespace: prod}
spec:
  provider: gatewayapi:v1
  targetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  analysis:
    threshold: 1
    stepWeights: [10]
    metrics: [{name: request-success-rate, thresholdRange: {min: 99}}]
"""
FILE = "overlays/prod/canary.yaml"
LAYERS = BASE | overlay("prod") | overlay("staging")
RULES = Rules(paths=(), default_provider=None)


def spec_of(text: str, file: str) -> CanarySpec:
    root = parse(text, file=file)[0]
    assert root is not None
    return read_canary(
        root, file=file, templates=lambda _space, _name: None, allow_missing=frozenset(),
        default_provider=None,
    )  # fmt: skip


def left(texts: Texts, file: str = FILE) -> tuple[Stage, ...]:
    found = survey({Path(path): text for path, text in texts.items()})
    return remaining(found, spec_of(texts[file], file), RULES)[1]


def one_by_one(texts: Texts, file: str = FILE) -> list[Texts]:
    """Give the repository before the first and after every step, each worked out anew."""
    found = [texts]
    while stages := left(found[-1], file):
        made = {str(path): text for path, text in stages[0].files.items()}
        found.append(found[-1] | made)
    return found


@needs_kubectl
def test_users_are_on_pods_that_run_after_every_step(tmp_path: LocalPath) -> None:
    steps = one_by_one(LAYERS | {FILE: CANARY})
    assert len(steps) == 3
    for number, texts in enumerate(steps):
        now = built(texts, tmp_path / str(number), "overlays/prod")
        selected = now["Service", "web"]["spec"]["selector"].items()
        pods = {
            name: one["spec"]["template"]["metadata"]["labels"]
            for (kind, name), one in now.items()
            if kind == "Deployment" and one["spec"]["replicas"]
        }
        reached = [name for name, labels in pods.items() if selected <= labels.items()]
        assert reached == (["web"] if number < 2 else ["web-primary"])
        backends = now["HTTPRoute", "web"]["spec"]["rules"][0]["backendRefs"]
        assert [(one["name"], one.get("weight")) for one in backends] == (
            [("web", None)] if number < 2 else [("web-primary", 100), ("web-canary", 0)]
        )


def test_all_but_the_canary_is_what_init_writes() -> None:
    now = one_by_one(LAYERS | {FILE: CANARY})[-1]
    by_hand = after(LAYERS, initialised(LAYERS, overlay="overlays/prod"))
    assert {p: t for p, t in now.items() if p != FILE} == {
        path: text for path, text in by_hand.items() if path != FILE
    }
    said, wanted = (objects(texts, "Canary")["web"]["spec"] for texts in (now, by_hand))
    assert isinstance(said, dict)
    assert isinstance(wanted, dict)
    assert said["source"] == wanted["source"]
    assert now[FILE].startswith(CANARY), "what a person wrote stays"


def test_init_tells_a_canary_that_is_there_too() -> None:
    texts = LAYERS | {FILE: CANARY}
    by_hand = initialised(texts, overlay="overlays/prod")
    assert [stage.step for stage in by_hand.stages] == ["1/2", "2/2"]
    assert after(texts, by_hand) == one_by_one(texts)[-1]
    with pytest.raises(CanaryError, match="A Flagger Canary cannot say") as refused:
        left(texts | {FILE: CANARY.replace("gitops-canary.dev/v1alpha1", "flagger.app/v1beta1")})
    assert str(refused.value.place) == f"{FILE}:1:13"


def test_a_canary_that_says_where_its_versions_will_lie_is_not_initialised_either() -> None:
    told = one_by_one(LAYERS | {FILE: CANARY})[1][FILE]
    texts = LAYERS | {FILE: told}
    reader = Reader(Store({Path(path): text for path, text in texts.items()}), RULES, ROUTERS)
    view = reader.view(WORK_TREE)
    (spec,) = view.canaries.values()
    with pytest.raises(Uninitialised, match="acme/web-primary"):
        reader.bind(view, spec)
    assert one_by_one(texts)[-1] == one_by_one(LAYERS | {FILE: CANARY})[-1]


def test_labels_that_are_not_the_name_are_told_apart_by_fields() -> None:
    texts = {path: text.replace("app: web", "app: shop") for path, text in plain("istio").items()}
    canary = CANARY.replace("gatewayapi:v1", "istio")
    now = one_by_one(texts | {"apps/canary.yaml": canary}, "apps/canary.yaml")[-1]
    assert "spec.template.spec.containers[name=app].image" in now["apps/canary.yaml"]
    assert "app: shop-primary" in now["apps/deploy-primary.yaml"]


@pytest.mark.parametrize("file", ["canaries/web.yaml", "overlays/prod/more/canary.yaml", FILE])
def test_a_namespace_or_a_folder_tells_the_overlay(file: str) -> None:
    assert len(one_by_one(LAYERS | {file: CANARY}, file)) == 3
    same = LAYERS | {
        f"overlays/{name}/kustomization.yaml": overlay("prod")["overlays/prod/kustomization.yaml"]
        for name in ("prod", "staging")
    }
    if file.startswith("overlays/prod/"):
        assert len(one_by_one(same | {file: CANARY}, file)) == 3
        return
    with pytest.raises(CanaryError, match="Which overlay") as refused:
        left(same | {file: CANARY}, file)
    assert "overlay's folder" in refused.value.remedy


def test_a_workload_that_is_not_there_is_named() -> None:
    with pytest.raises(CanaryError, match="no Deployment web"):
        left({FILE: CANARY, "overlays/prod/kustomization.yaml": "resources: []\n"})
    assert left(PLAIN | {"apps/canary.yaml": CANARY, "apps/r.yaml": BASE["base/route.yaml"]},
                "apps/canary.yaml")  # fmt: skip
