"""What kustomizations further in do to a workload, the primary gets too: held against kubectl.

After every single commit users reach pods that run; files of other overlays stay as they are.
"""

import json
from pathlib import Path as LocalPath
from typing import Any

import pytest
from first_canary import BASE, Texts, after, initialised, overlay
from kustomized import Built, built, needs_kubectl

from gitops_canary.errors import CanaryError

pytestmark = needs_kubectl
INNER = "base/kustomization.yaml"
RESOURCES = BASE[INNER]
BARE = {
    "base/deployment.yaml": BASE["base/deployment.yaml"]
    .replace("  labels: {app: web}\n", "")
    .replace("  selector:\n    matchLabels:\n      app: web\n", "")
    .replace("        app: web\n        tier", "        tier"),
    "base/service.yaml": BASE["base/service.yaml"].replace("  selector:\n    app: web\n", ""),
}
SIZE = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec: {template: {spec: {priorityClassName: high}}}
"""
JSON = '[{"op": "add", "path": "/spec/template/metadata/annotations", "value": {"a": "b"}}]'
CASES: dict[str, Texts] = {
    "nothing": {},
    "a label on all": {INNER: RESOURCES + "commonLabels: {team: shop}\n"},
    "the label itself": {INNER: RESOURCES + "commonLabels: {app: web, team: shop}\n"},
    "another value of it": {INNER: RESOURCES + "commonLabels: {app: shop}\n"},
    "all labels": {INNER: RESOURCES + "commonLabels: {app: web}\n", **BARE},
    "labels in selectors": {
        INNER: RESOURCES + "labels: [{pairs: {team: shop}, includeSelectors: true}]\n"
    },
    "labels in templates": {
        INNER: RESOURCES + "labels: [{pairs: {team: shop}, includeTemplates: true}, "
        "{pairs: {owner: ada}}]\n"
    },
    "annotations": {INNER: RESOURCES + "commonAnnotations: {sidecar.istio.io/inject: 'true'}\n"},
    "a patch by name": {
        INNER: RESOURCES + "patches: [{path: size.yaml}]\n", "base/size.yaml": SIZE
    },
    "an old patch": {
        INNER: RESOURCES + "patchesStrategicMerge: [size.yaml]\n", "base/size.yaml": SIZE
    },
    "a patch of a target": {
        INNER: RESOURCES + "patches: [{path: a.yaml, target: {kind: Deployment, name: web}}]\n",
        "base/a.yaml": JSON,
    },
    "a patch of every Deployment": {
        INNER: RESOURCES + f"patches: [{{target: {{kind: Deployment}}, patch: '{JSON}'}}]\n"
    },
    "a patch by label": {
        INNER: RESOURCES
        + f"patches: [{{target: {{labelSelector: app=web, kind: Deploy.*}}, patch: '{JSON}'}}]\n"
    },
    "replicas": {INNER: RESOURCES + "replicas: [{name: web, count: 7}]\n"},
    "three layers": {
        "mid/kustomization.yaml": "resources: [../base]\ncommonLabels: {team: shop}\n"
        f"patches: [{{target: {{kind: Deployment}}, patch: '{JSON}'}}]\n",
        "overlays/prod/kustomization.yaml": overlay("prod")["overlays/prod/kustomization.yaml"]
        .replace("../../base", "../../mid"),
    },
}  # fmt: skip


def reached(now: Built) -> list[str]:
    """Name the workloads that run, and whose pods the Service users call selects."""
    wanted = now["Service", "web"]["spec"]["selector"].items()
    return [
        name
        for (kind, name), one in now.items()
        if kind == "Deployment" and one["spec"].get("replicas", 1)
        and wanted <= one["spec"]["template"]["metadata"]["labels"].items()
    ]  # fmt: skip


def alike(now: Built) -> None:
    """Hold the primary's whole spec against the workload's."""
    one, other = (dict(now["Deployment", name]["spec"]) for name in ("web", "web-primary"))
    ours = one["selector"]["matchLabels"]["app"]
    renamed = json.dumps(one["template"]).replace(f'"app": "{ours}"', f'"app": "{ours}-primary"')
    seen: Any = json.loads(renamed)
    assert seen == other["template"]
    assert one["replicas"] == other["replicas"]
    assert {**one["selector"]["matchLabels"], "app": f"{ours}-primary"} == (
        other["selector"]["matchLabels"]
    )


ALONE = ("a label on all", "the label itself", "all labels", "a patch of a target", "three layers")


@pytest.mark.parametrize(
    ("case", "others"),
    [*((case, ("staging",)) for case in CASES), *((case, ()) for case in ALONE)],
)
def test_the_primary_is_built_as_the_workload_is(
    case: str, others: tuple[str, ...], tmp_path: LocalPath
) -> None:
    texts = BASE | overlay("prod") | CASES[case]
    for name in others:
        texts |= overlay(name)
    prepared = initialised(texts, overlay="overlays/prod")
    touched = {path.rpartition("/")[0] for stage in prepared.stages for path in stage.files}
    assert len(prepared.stages) == 3
    assert not others or touched == {"overlays/prod", ".gitops-canary"}
    steps = [
        built(after(texts, prepared, n), tmp_path / str(n), "overlays/prod") for n in (1, 2, 3)
    ]
    assert [reached(now) for now in steps] == [["web"], ["web-primary"], ["web-primary"]]
    alike(steps[2])
    assert initialised(after(texts, prepared), overlay="overlays/prod").stages == ()


IN_THE_WAY = {
    "a namespace further in": (
        {INNER: RESOURCES + "namespace: prod\n",
         "overlays/prod/kustomization.yaml": overlay("prod")["overlays/prod/kustomization.yaml"]
         .replace("namespace: prod\n", "")},
        "base/kustomization.yaml:2:12", "put into prod",
    ),
    "a replacement": (
        {INNER: RESOURCES + "replacements:\n- source: {kind: Service, name: web, fieldPath: a.b}\n"
         "  targets: [{select: {kind: Deployment}, fieldPaths: [spec.x]}]\n"},
        "base/kustomization.yaml:4:13", "This replacement changes web",
    ),
    "a patch that is no YAML": (
        {INNER: RESOURCES + "patches: [{path: a.json, target: {kind: Deployment, name: web}}]\n"},
        "base/kustomization.yaml:2:11", "is no YAML or JSON",
    ),
    "the label in the overlay": (
        overlay("prod", "labels: [{pairs: {app: web}, includeSelectors: true}]\n"),
        "overlays/prod/kustomization.yaml:4:24", "put on every pod",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", IN_THE_WAY)
def test_what_the_primary_could_not_get_is_refused(case: str) -> None:
    more, place, says = IN_THE_WAY[case]
    with pytest.raises(CanaryError) as refused:
        initialised(BASE | overlay("prod") | overlay("staging") | more, overlay="overlays/prod")
    assert says in refused.value.problem
    assert str(refused.value.place) == place
    assert refused.value.remedy
