"""Versions that kustomize lets reach the other side, or nothing at all; what is not looked into."""

from pathlib import Path as LocalPath

import pytest
from first_canary import BASE, Texts, after, initialised, overlay, plain
from test_init_renaming import PROD, prefixed
from test_two_sides import told

from gitops_canary.app.doctor import Health
from gitops_canary.app.doctor_manifests import unguarded
from gitops_canary.app.doctor_subject import subject
from gitops_canary.app.linting import WORK_TREE, Finding, Folder
from gitops_canary.app.reading import Rules

CANARY = "base/canary.yaml"
PRIMARY = "base/deployment-primary.yaml"
OBJECT = "{kind: Deployment, apiVersion: apps/v1, metadata: {name: NAME}, spec: {template: {spec: "
SET = OBJECT + '{containers: [{name: app, image: "acme/web:1.10"}]}}}}'
IMAGE = "spec.template.spec.containers[name=app].image"
WEB, OTHER = "overlays/prod/web.yaml", "overlays/prod/web-primary.yaml"
COMPONENT = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"


def begun() -> Texts:
    texts = {path: text.replace("live-web", "web") for path, text in prefixed("istio").items()}
    texts[PROD] = texts[PROD].replace("namePrefix: live-\n", "")
    return after(texts, initialised(texts, overlay="overlays/prod"))


def entries(*more: str) -> str:
    head = "namespace: prod\nresources:\n- ../../base\n- route.yaml\n"
    return head + "".join(more)


def listing(texts: Texts, candidate: str, primary: str) -> Texts:
    """Let the Canary list other fields."""
    head, _, rest = texts[CANARY].partition("        candidate:")
    tail = rest[rest.index("  progressDeadline") :]
    fields = f"        candidate: {candidate}\n        primary: {primary}\n"
    return texts | {CANARY: head + fields + tail}


def patched(more: str = "") -> Texts:
    """Let two patches hold the versions."""
    texts = begun() | {WEB: SET.replace("NAME", "web"), OTHER: SET.replace("NAME", "web-primary")}
    texts[PROD] = entries("patches:\n- path: web.yaml\n- path: web-primary.yaml\n", more)
    return listing(texts, at(WEB, IMAGE), at(OTHER, IMAGE))


def at(file: str, field: str, document: str = "") -> str:
    named = f"document: {document}, " if document else ""
    return f"{{file: {file}, {named}field: '{field}'}}"


def pattern() -> Texts:
    """Let a JSON patch of every Deployment hold the candidate's version."""
    operation = '[{"op": "replace", "path": "/spec/template/spec/containers/0/image", '
    operation += '"value": "acme/web:1.10"}]'
    first = f"- target: {{kind: Deployment}}\n  patch: '{operation}'\n"
    texts = patched()
    texts[PROD] = entries("patches:\n", first)
    field = "patches[target.kind=Deployment].patch|"
    field += "[path=/spec/template/spec/containers/0/image].value"
    return listing(texts, at(PROD, field), at(PRIMARY, IMAGE, "Deployment/web-primary"))


def one_object() -> Texts:
    """Let the primary's version be a patch of the candidate's own Deployment."""
    texts = patched()
    texts[PROD] = entries("patches: [{path: web.yaml}]\n")
    texts["base/deployment.yaml"] = texts["base/deployment.yaml"].replace("acme/web ", "a/b:1.10 ")
    return listing(texts, at("base/deployment.yaml", IMAGE), at(WEB, IMAGE))


def same_image() -> Texts:
    texts = begun()
    return texts | {PRIMARY: texts[PRIMARY].replace("image: acme/web-primary", "image: acme/web")}


REFUSED = {
    "the primary has the candidate's image name": (
        same_image(), f"{PROD}:6:5", "sets the version of Deployment web-primary, the other side",
    ),
    "a patch of both": (
        pattern(), f"{PROD}:6:3", "This patch sets the version of Deployment web-primary",
    ),
    "one object": (one_object(), f"{PROD}:5:11", "This patch sets the version of Deployment web,"),
    "an entry after the patch": (
        patched("images: [{name: acme/web, newTag: '1.10'}]\n"), f"{PROD}:8:10",
        "This entry of `images:` sets the image of Deployment web after overlays/prod/web.yaml did",
    ),
    "a component after the patch further in": (
        patched() | {
            "top/kustomization.yaml": "resources: [../overlays/prod]\ncomponents: [../c]\n",
            "c/kustomization.yaml": COMPONENT
            + f"patches: [{{patch: '{SET.replace('NAME', 'web-primary')}'}}]\n",
        }, "c/kustomization.yaml:3:11", "sets the image of Deployment web-primary after",
    ),
    "a digest that is none": (
        begun() | {PROD: begun()[PROD].replace('newTag: "1.10"', "digest: sha256:abc", 1)},
        f"{PROD}:7:13", "sha256:abc is no digest",
    ),
    "another namespace": (
        patched() | {PROD: patched()[PROD].replace("namespace: prod", "namespace: shop")},
        f"{CANARY}:4:1", "is rendered into shop",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_a_version_that_is_not_its_own_sides_is_refused(case: str, tmp_path: LocalPath) -> None:
    texts, place, says = REFUSED[case]
    error = told(texts, tmp_path)[0].error
    assert error is not None
    assert says in error.problem
    assert str(error.place) == place
    assert error.remedy


def test_patches_of_their_own_are_sound(tmp_path: LocalPath) -> None:
    assert [one.error or one.warning for one in told(patched(), tmp_path)] == [None]


RELEASE = """\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: NAME, namespace: prod}
spec: {chart: {spec: {chart: ./charts/web}}, values: {image: {tag: "1.10"}}}
"""


def charts() -> Texts:
    texts = begun() | {
        f"apps/{name}.yaml": RELEASE.replace("NAME", name) for name in ("web", "web-primary")
    }
    both = (f"apps/{name}.yaml" for name in ("web", "web-primary"))
    return listing(texts, *(at(file, "spec.values.image") for file in both))


UNSEEN = {
    "charts": (charts(), ["apps/web.yaml:4:62"], "a chart"),
    "a remote base": (
        patched() | {PROD: patched()[PROD].replace("- route", "- github.com/a//b?ref=1\n- route")},
        [f"{PROD}:4:3"], "github.com/a//b?ref=1 does not lie in this repository",
    ),
    "a chart of kustomize": (
        patched("helmCharts: [{name: web}]\n"), [f"{PROD}:8:1"], "`helmCharts`",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", UNSEEN)
def test_what_is_not_looked_into_is_told_with_its_place(case: str, tmp_path: LocalPath) -> None:
    texts, places, says = UNSEEN[case]
    first, *others = told(texts, tmp_path)
    assert first.error is None
    assert sorted(str(one.place) for one in others) == places
    assert all(one.warning and says in one.warning.problem for one in others)
    assert guarded(tmp_path)[-1].startswith("That a version reaches one side alone is not checked")


def guarded(folder: LocalPath) -> list[str]:
    rules = Rules(paths=(), default_provider=None, allow_missing=frozenset())
    found = list(unguarded(subject(Folder(folder), WORK_TREE, rules)))
    assert all(one.health is Health.HINT for one in found)
    return [one.what for one in found]


def test_what_another_application_brings_is_nothing_to_look_at(tmp_path: LocalPath) -> None:
    texts = patched() | {
        "kustomization.yaml": "resources: [overlays/prod, other]\n",
        "other/kustomization.yaml": "helmCharts: [{name: other}]\n",
    }
    assert [one.error or one.warning for one in told(texts, tmp_path)] == [None]


def two_overlays() -> Texts:
    """Give two overlays of one base a canary and a route each; kustomize sets the namespaces."""
    texts = {path: text.replace("live-web", "web") for path, text in prefixed("istio").items()}
    texts[PROD] = texts[PROD].replace("namePrefix: live-\n", "")
    for path in (PROD, "overlays/prod/route.yaml"):
        other = texts[path].replace("namespace: prod", "namespace: dev")
        texts[path.replace("prod", "dev")] = other.replace("[shop]", "[shop.dev]")
    for folder in ("overlays/prod", "overlays/dev"):
        texts = after(texts, initialised(texts, overlay=folder))
    return texts


def test_each_of_two_overlays_has_its_own_route(tmp_path: LocalPath) -> None:
    both = told(two_overlays(), tmp_path)
    assert [(one.canary, one.error or one.warning) for one in both] == [
        ("dev/web", None), ("prod/web", None),
    ]  # fmt: skip
    for one, folder in zip(both, ("dev", "prod"), strict=True):
        (route,) = (line for line in one.outlook if line.startswith("Its share"))
        assert f"(overlays/{folder}/route.yaml)" in route
        assert "," not in route


def test_the_same_names_in_another_namespace_hide_nothing(tmp_path: LocalPath) -> None:
    texts = two_overlays() | {"kustomization.yaml": "resources: [overlays/prod, overlays/dev]\n"}
    (path,) = (
        one for one in texts if "prod" in one and "name: web-primary\n  labels" in texts[one]
    )
    less = texts | {path: texts[path].partition("---\n")[2]}
    (error,) = (one.error for one in told(less, tmp_path) if one.canary == "prod/web")
    assert error is not None
    assert "There is no Deployment web-primary" in error.problem


JOB = """\
apiVersion: batch/v1
kind: CronJob
metadata: {name: web}
spec: {jobTemplate: {spec: {template: {spec: {containers: [{name: a, image: acme/web}]}}}}}
"""


def explained(found: list[Finding]) -> str:
    return "\n".join(found[0].outlook)


def test_what_else_gets_a_version_at_once_is_told(tmp_path: LocalPath) -> None:
    texts = begun()
    texts["overlays/prod/job.yaml"] = JOB
    texts[PROD] = texts[PROD].replace("- route.yaml", "- route.yaml\n  - job.yaml")
    for path in ("base/deployment.yaml", PRIMARY):
        use = "        envFrom: [{secretRef: {name: keys}}]\n        image: acme"
        texts[path] = texts[path].replace("        image: acme", use)
    lines = explained(told(texts, tmp_path))
    assert "CronJob web gets a new version at once too" in lines
    assert "Secret keys is shared: a change of it reaches everyone without a rollout." in lines
    assert [one.partition(",")[0] for one in guarded(tmp_path)] == [
        "both sides use Secret keys: a change of it reaches everyone at once",
        "CronJob web has the candidate's image",
    ]


def test_an_image_set_after_a_compared_template_is_told_by_lint_too(tmp_path: LocalPath) -> None:
    texts = BASE | overlay("prod") | {"base/deployment.yaml": BASE["base/deployment.yaml"]}
    texts["base/deployment.yaml"] = texts["base/deployment.yaml"].replace("acme/web", "acme/web:1")
    texts[PROD], _, images = texts[PROD].partition("images:")
    texts = after(texts, initialised(texts))
    texts[PROD] += "images:" + images
    first, warned = told(texts, tmp_path)
    assert first.error is None
    assert warned.warning is not None
    assert "sets the image of web after its template" in warned.warning.problem
    assert warned.place.file == PROD


@pytest.mark.parametrize(
    ("old", "new", "place", "says"),
    [
        ("namespace: prod", "namespace: Prod", "6:14", "has capitals in its namespace, Prod"),
        ("  name: web\n", "  name: Web # of web\n", "5:9", "has capitals in its name, Web"),
        ("acme/web:1.0.0", "acme/web@sha256:12", "23:16", "sha256:12 is no digest"),
    ],
)
def test_a_workload_that_kubernetes_would_refuse_is_told_with_its_place(
    old: str, new: str, place: str, says: str, tmp_path: LocalPath
) -> None:
    texts = plain("istio")
    texts = after(texts, initialised(texts))
    deploy = texts["apps/deploy.yaml"].replace(old, new)
    error = told(texts | {"apps/deploy.yaml": deploy}, tmp_path)[0].error
    assert error is not None
    assert says in error.problem
    assert str(error.place) == f"apps/deploy.yaml:{place}"
