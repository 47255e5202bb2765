"""What a repository holds that could be driven, and the reason for everything else."""

from dataclasses import replace

import pytest

from gitops_canary.manifest.census import Standing, Workload, census
from gitops_canary.manifest.driven import Driver
from gitops_canary.manifest.initial.terrain import survey
from gitops_canary.model.names import Path

POD = "spec: {{template: {{spec: {{containers: [{{name: a, image: '{image}'}}]}}}}}}\n"


def workload(kind: str, name: str = "web", image: str = "acme/web:1") -> str:
    return f"apiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: {name}}}\n" + POD.format(
        image=image
    )


def look(files: dict[str, str], drivers: tuple[Driver, ...] = ()) -> list[Workload]:
    terrain = survey({Path(name): text for name, text in files.items()})
    return list(census(terrain, drivers))


RELEASE = """\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: web, namespace: prod}
spec:
  chart: {spec: {chart: web, version: 1.0.0}}
  values: {image: {repository: acme/web, tag: v1}} # {"$imagepolicy": "flux-system:web:tag"}
"""
APPLICATION_SET = """\
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: a}
spec: {generators: [{list: {elements: [{name: web, tag: '1'}]}}]}
"""
CASES = {
    "a plain Deployment": (workload("Deployment"), Standing.COULD, "pod template holds the image"),
    "a DaemonSet": (workload("DaemonSet"), Standing.COULD, "pod template holds the image"),
    "a StatefulSet": (workload("StatefulSet"), Standing.COULD, "pod template holds the image"),
    "a DaemonSet on delete": (
        workload("DaemonSet").replace("spec: {", "spec: {updateStrategy: {type: OnDelete}, ", 1),
        Standing.NOT,
        "once somebody deletes them",
    ),
    "a StatefulSet with volumes": (
        workload("StatefulSet").replace("spec: {", "spec: {volumeClaimTemplates: [], ", 1),
        Standing.NOT,
        "a volume of its own",
    ),
    "a CronJob": (workload("CronJob"), Standing.NOT, "no traffic"),
    "a Rollout": (workload("Rollout"), Standing.NOT, "Argo Rollouts"),
    "a placeholder": (workload("Deployment", image="a:${TAG}"), Standing.NOT, "placeholder"),
    "a kind of its own": (
        workload("CloneSet"), Standing.NOT, "a StatefulSet, and no CloneSet",
    ),
    "a Knative Service": (workload("Service"), Standing.NOT, "a Knative Service's revisions"),
    "a name that is filled in": (
        workload("Deployment", name="{{ .x }}"), Standing.NOT, "templates are never edited",
    ),
    "a namespace that is filled in": (
        workload("Deployment").replace("name: web", "name: web, namespace: '${NS}'"),
        Standing.NOT, "which is no namespace",
    ),
    "an alias": (
        workload("Deployment").replace("{name: web}", "{name: &a web, labels: {app: *a}}"),
        Standing.NOT, "stands in it (a.yaml:3:40)",
    ),
    "an ApplicationSet": (
        APPLICATION_SET,
        Standing.COULD, "spec.generators[list].list.elements[name=web].tag = 1",
    ),
    "a patch": (
        "kind: Deployment\nmetadata: {name: a}\nspec: {replicas: 2}\n", Standing.NOT, "patch",
    ),
    "a HelmRelease": (RELEASE, Standing.COULD, "spec.values.image = acme/web:v1"),
    "a HelmRelease without image": (
        RELEASE.replace("repository: acme/web, tag: v1", "x: 1"), Standing.NOT, "only the chart",
    ),
    "a broken file": ("kind: Deployment\na: [1\n", Standing.NOT, "read: This is not YAML"),
    "a template": ("kind: Deployment\n{{ if x }}\na: 1\n", Standing.NOT, "templates are never"),
}  # fmt: skip


APPLICATION = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: web, namespace: argocd}
spec:
  source: {repoURL: https://git.example/acme/config.git, path: apps/web}
"""


def test_application_of_a_folder_is_no_workload_and_one_of_a_chart_is() -> None:
    assert look({"a.yaml": APPLICATION}) == []
    [chart] = look({"a.yaml": APPLICATION.replace("path: apps/web", "chart: web")})
    assert chart.standing is Standing.NOT
    assert "only the chart's version" in chart.bound
    several = APPLICATION.replace("source: {", "sources: [{").replace("web}\n", "web}]\n")
    assert look({"a.yaml": several}) == []
    [one] = look({"a.yaml": several.replace("path: apps/web", "chart: web")})
    assert one.standing is Standing.NOT


@pytest.mark.parametrize(("text", "standing", "says"), CASES.values(), ids=CASES.keys())
def test_each_workload_is_told_with_its_reason(text: str, standing: Standing, says: str) -> None:
    (one,) = look({"a.yaml": text})

    assert (one.standing, one.place.file) == (standing, "a.yaml")
    assert says in one.bound
    assert one.remedy


def test_what_a_rollout_drives_is_told_as_such() -> None:
    rollout = (
        "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: x}\n"
        "spec: {workloadRef: {apiVersion: apps/v1, kind: Deployment, name: web}}\n"
    )
    both = look({"a.yaml": workload("Deployment"), "r.yaml": rollout})
    assert [one.standing for one in both] == [Standing.NOT] * 2
    assert both[0].bound == "Rollout x drives it (r.yaml:1:1)"


def test_a_flux_marker_is_a_hint() -> None:
    (one,) = look({"a.yaml": RELEASE})
    assert one.marker == "flux-system:web:tag"


def test_a_values_file_is_told_where_it_holds_an_image() -> None:
    (one,) = look({"values.yaml": "image: {repository: a/b, tag: 1}\n", "values-x.yaml": "a: 1\n"})
    assert (one.kind, one.bound) == ("values", "its values hold the image: image = a/b:1")


def test_what_a_canary_drives_is_told_as_driven() -> None:
    both = {"a.yaml": workload("Deployment"), "b.yaml": workload("Deployment", "web-primary")}
    drives = Driver(canary="prod/web", key=("Deployment", "web"), namespace="prod")
    mine = ["the candidate of the Canary prod/web", "the primary of the Canary prod/web"]
    assert [one.bound for one in look(both, (drives,))] == mine
    elsewhere = both["a.yaml"].replace("name: web}", "name: web, namespace: dev}")
    assert look(both | {"a.yaml": elsewhere}, (drives,))[0].standing is Standing.COULD
    known = replace(drives, documents=frozenset({(Path("a.yaml"), 0), (Path("b.yaml"), 0)}))
    told = look(both | {"us/a.yaml": both["a.yaml"]}, (known,))
    assert [one.bound for one in told][:2] == mine
    assert told[2].standing is Standing.COULD


def test_kustomize_is_followed_to_the_entries_that_set_the_image() -> None:
    files = {
        "base/web.yaml": workload("Deployment"),
        "base/kustomization.yaml": "resources: [web.yaml]\n",
        "prod/kustomization.yaml": "resources: [../base]\nimages: [{name: acme/web, newTag: 2}]\n",
        "other/kustomization.yaml": "images: [{name: acme/web, newTag: '3'}]\n",
    }
    (one,) = look(files)
    assert one.bound == "kustomize sets the image: prod/kustomization.yaml images[name=acme/web]"
    files["c/kustomization.yaml"] = files["prod/kustomization.yaml"].replace(
        "resources: [../base]\n", ""
    )
    files["prod/kustomization.yaml"] = "resources: [../base]\ncomponents: [../c]\n"
    (one,) = look(files)
    assert one.bound == "kustomize sets the image: c/kustomization.yaml images[name=acme/web]"
    files["stage/kustomization.yaml"] = (
        "resources: [../base]\ncomponents: [../c]\nimages: [{name: acme/web, newTag: '2'}]\n"
    )
    (one,) = look(files)
    assert "one overlay at a time" in one.remedy


def test_a_patch_of_kustomize_is_no_second_workload() -> None:
    files = {
        "base/web.yaml": workload("Deployment"),
        "base/kustomization.yaml": "resources: [web.yaml]\n",
        "prod/kustomization.yaml": "resources: [../base]\npatches: [{path: image.yaml}]\n",
        "prod/image.yaml": workload("Deployment", image="acme/web:2"),
    }
    found = {one.place.file: one for one in look(files)}
    assert found["base/web.yaml"].standing is Standing.COULD
    assert found["prod/image.yaml"].standing is Standing.NOT
    assert found["prod/image.yaml"].bound == "it is a patch of kustomize, and sets the image"
