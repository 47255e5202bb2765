"""What an overlay changes in an autoscaler or a policy: the primary's copy gets it too."""

from pathlib import Path as LocalPath
from textwrap import indent

import pytest
from first_canary import BASE, Texts, after, initialised, overlay
from kustomized import built, needs_kubectl

from gitops_canary.app.doctor import Health
from gitops_canary.app.doctor_manifests import scalers
from gitops_canary.app.doctor_subject import subject
from gitops_canary.app.linting import WORK_TREE, Folder
from gitops_canary.app.reading import Rules

SCALER = """\
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  minReplicas: 3
  maxReplicas: 9
"""
BUDGET = """\
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec: {minAvailable: 1, selector: {matchLabels: {app: web}}}
"""
PATCH = """\
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec: {minReplicas: 5}
"""
BOTH = (
    PATCH
    + """\
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec: {minReadySeconds: 7}
"""
)
JSON = '[{"op": "replace", "path": "/spec/minReplicas", "value": 5}]'
KIND = "{kind: HorizontalPodAutoscaler, name: web}"
PROD = "overlays/prod/kustomization.yaml"
REPLACEMENT = f"""\
replacements:
- source: {{kind: Service, name: web, fieldPath: metadata.annotations.size}}
  targets: [{{select: {KIND}, fieldPaths: [spec.minReplicas]}}]
patches:
- target: {{kind: Service, name: web}}
  patch: '[{{"op": "add", "path": "/metadata/annotations/size", "value": "5"}}]'
"""
FORMS: dict[str, tuple[str, Texts]] = {
    "a file": ("patches: [{path: hpa.yaml}]\n", {"overlays/prod/hpa.yaml": PATCH}),
    "a file that is the workload's too": (
        "patches: [{path: both.yaml}]\n", {"overlays/prod/both.yaml": BOTH},
    ),
    "inline, twice": (
        "patches:\n" + f"- patch: |-\n{indent(PATCH, '    ')}"
        + f"- patch: |-\n{indent(PATCH.replace('minReplicas: 5', 'maxReplicas: 8'), '    ')}", {},
    ),
    "a target": (f"patches: [{{target: {KIND}, patch: '{JSON}'}}]\n", {}),
    "a target, in a file": (
        f"patches: [{{target: {KIND}, path: hpa.yaml}}]\n", {"overlays/prod/hpa.yaml": JSON},
    ),
    "a target of a pattern of kinds": (
        "patches: [{target: {name: web, kind: 'Hori.*'}, path: h.yaml}]\n",
        {"overlays/prod/h.yaml": JSON},
    ),
    "a replacement": (REPLACEMENT, {}),
    "a target of whatever has such a name": (
        f"patches: [{{target: {{name: 'web.*', kind: Hori.*}}, patch: '{JSON}'}}]\n", {},
    ),
}  # fmt: skip


def repository(patches: str, more: Texts, *, others: bool) -> Texts:
    texts = BASE | overlay("prod") | {"base/hpa.yaml": SCALER, "base/pdb.yaml": BUDGET} | more
    texts["base/kustomization.yaml"] = (
        "resources: [deployment.yaml, service.yaml, route.yaml, hpa.yaml, pdb.yaml]\n"
    )
    texts[PROD] += patches
    return texts | (overlay("staging") if others else {})


@needs_kubectl
@pytest.mark.parametrize(
    ("form", "others"), [*((form, True) for form in FORMS), ("a file", False), ("a target", False)]
)
def test_the_primary_keeps_the_size_that_the_overlay_gives(
    form: str, others: bool, tmp_path: LocalPath
) -> None:
    texts = repository(*FORMS[form], others=others)
    prepared = initialised(texts, overlay="overlays/prod")
    now = built(after(texts, prepared), tmp_path, "overlays/prod")

    sizes = [
        int(now["HorizontalPodAutoscaler", name]["spec"]["minReplicas"])
        for name in ("web", "web-primary")
    ]
    told = [o for o in prepared.remarks if "this patch changes Horizontal" in o.what]
    followed = form != "a target of a pattern of kinds"
    assert (sizes, len(told)) == (([5, 5], 0) if followed else ([5, 3], 1)), told
    target = now["HorizontalPodAutoscaler", "web-primary"]["spec"]["scaleTargetRef"]["name"]
    assert target == "web-primary"


def test_a_patch_that_cannot_be_the_copys_is_told_with_its_place() -> None:
    selecting = BUDGET.replace("minAvailable: 1", "minAvailable: 2")
    service = "{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {ports: [{port: 8}]}}"
    more = {"overlays/prod/pdb.yaml": "# two\n" + selecting, "overlays/prod/s.yaml": service}
    texts = repository("patches: [{path: pdb.yaml}, {path: s.yaml}]\n", more, others=True)
    prepared = initialised(texts, overlay="overlays/prod")

    told = {str(one.place): one.what for one in prepared.remarks if "this patch" in one.what}
    assert sorted(told) == ["overlays/prod/pdb.yaml:2:1", "overlays/prod/s.yaml:1:1"], told
    assert "PodDisruptionBudget web alone" in told["overlays/prod/pdb.yaml:2:1"]


DELETION = "$patch: delete\napiVersion: v1\nkind: {}\nmetadata: {{name: web}}\n"


@needs_kubectl
@pytest.mark.parametrize("inline", [True, False])
def test_what_the_overlay_deletes_gets_no_copy(inline: bool, tmp_path: LocalPath) -> None:
    deletion = DELETION.format("HorizontalPodAutoscaler").replace("v1", "autoscaling/v2")
    item = f"- patch: |-\n{indent(deletion, '    ')}" if inline else "- path: gone.yaml\n"
    more = {} if inline else {"overlays/prod/gone.yaml": deletion}
    texts = repository(f"patches:\n{item}", more, others=True)
    prepared = initialised(texts, overlay="overlays/prod")
    now = built(after(texts, prepared), tmp_path, "overlays/prod")

    assert not [name for kind, name in now if kind == "HorizontalPodAutoscaler"]
    assert not [one for one in prepared.remarks if "this patch" in one.what]


@pytest.mark.parametrize("form", ["a file", "a target", "inline, twice"])
def test_doctor_compares_the_sizes_that_kustomize_builds(form: str, tmp_path: LocalPath) -> None:
    texts = repository(*FORMS[form], others=True)
    last = after(texts, initialised(texts, overlay="overlays/prod"))
    assert told(tmp_path / "1", last) == [(Health.OK, "web and web-primary both scale")]
    # A pair from before the patches of a copy were written: the primary has the base's size.
    older = {path: text for path, text in last.items() if "hpa-primary" not in path}
    listed = texts[PROD].replace("../../base\n", "../../base\n  - deployment-primary.yaml\n")
    ((health, what),) = told(tmp_path / "2", older | {PROD: listed})
    assert (health, what.count("web-primary 3 to 9")) == (Health.HINT, 1), what


def told(folder: LocalPath, texts: Texts) -> list[tuple[Health, str]]:
    for path, text in texts.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    rules = Rules(paths=(), default_provider=None)
    found = scalers(subject(Folder(folder), WORK_TREE, rules))
    return [(one.health, one.what) for one in found]


def test_a_replacement_that_the_copy_does_not_get_is_told() -> None:
    replacement = (
        "replacements:\n- source: {kind: Service, name: web, fieldPath: spec.type}\n"
        "  targets: [{select: {kind: Service, name: web}, fieldPaths: [spec.ports.0.name]}]\n"
    )
    prepared = initialised(repository(replacement, {}, others=True), overlay="overlays/prod")
    (told,) = [one for one in prepared.remarks if "this replacement" in one.what]
    assert told.place.file == PROD
    assert "Service web alone" in told.what


def test_a_generated_config_that_both_sides_share_is_told() -> None:
    texts = repository(
        "configMapGenerator:\n- name: settings\n  literals: [a=b]\n", {}, others=True
    )
    texts["base/deployment.yaml"] = texts["base/deployment.yaml"].replace(
        "        ports:", "        envFrom: [{configMapRef: {name: settings}}]\n        ports:"
    )
    prepared = initialised(texts, overlay="overlays/prod")

    told = [one for one in prepared.remarks if "ConfigMap settings" in one.what]
    assert [one.place.file for one in told] == [PROD]


@needs_kubectl
def test_what_is_changed_further_in_is_the_copys_too(tmp_path: LocalPath) -> None:
    budget = "{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: web}"
    more = {"base/h.yaml": PATCH, "c/p.yaml": f"{budget}, spec: {{minAvailable: 2}}}}\n"}
    more["c/kustomization.yaml"] = (
        "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\npatches: [{path: p.yaml}]\n"
    )
    texts = repository("components: [../../c]\n", more, others=True)
    texts["base/kustomization.yaml"] += "patches: [{path: h.yaml}]\n"
    prepared = initialised(texts, overlay="overlays/prod")
    now = built(after(texts, prepared), tmp_path, "overlays/prod")

    assert now["HorizontalPodAutoscaler", "web-primary"]["spec"]["minReplicas"] == 5
    assert now["PodDisruptionBudget", "web-primary"]["spec"]["minAvailable"] == 2
    assert not [one for one in prepared.remarks if "this patch" in one.what]
