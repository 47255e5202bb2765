"""Versions in kustomize entries, Helm values and Applications roll out and back on real Git."""

from collections.abc import Iterator

import pytest
from fields_world import BAD_S, ROUTE, World, canary, world
from git_plans import OpenRepository
from prometheus_server import prometheus

from gitops_canary.lab.origin import Origin

KUSTOMIZATION = """\
# production
resources:
- ../../base
images:
- name: acme/web          # the canary
  newName: ghcr.io/acme/web
  newTag: 1.0.0
- name: acme/db
  newTag: "13"
- {name: acme/web-primary, newName: ghcr.io/acme/web, newTag: '1.0.0'}
"""
KUSTOMIZE = {
    "prod/kustomization.yml": KUSTOMIZATION,
    "prod/canary.yaml": canary("""\
      - name: web
        container: web
        candidate: {file: ./kustomization.yml, field: "images[name=acme/web]"}
        primary: {file: ./kustomization.yml, field: "images[name=acme/web-primary]"}"""),
}
VALUES = {
    "web/values.yaml": "canary:\n  image: {tag: 1.0.0}\nprimary:\n  image:\n    tag: 1.0.0\n",
    "web/canary.yaml": canary("""\
      - name: web
        candidate: {file: web/values.yaml, field: canary.image.tag}
        primary: {file: web/values.yaml, field: primary.image.tag}"""),
}
HELM_RELEASE = {
    "apps/web.yaml": """\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: web, namespace: prod}
spec:
  values:
    image: {repository: ghcr.io/acme/web, tag: 1.0.0} # {"$imagepolicy": "flux-system:web:tag"}
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: web-primary, namespace: prod}
spec:
  values:
    image:
      repository: ghcr.io/acme/web
      tag: 1.0.0
""",
    "apps/canary.yaml": canary("""\
      - name: web
        candidate: {file: ./web.yaml, document: HelmRelease/web, field: spec.values.image}
        primary:
          {file: ./web.yaml, document: HelmRelease/web-primary, field: spec.values.image}"""),
}
APPLICATION = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{name: {name}, namespace: argocd}}
spec:
  source:
    helm:
      values: |
        # chart values
        image:
          tag: 1.0.0   # moved by bots

      valuesObject:
        sidecar: {{tag: 1.0.0}}
      parameters:
        - {{name: replicas, value: "3"}}
        - name: init.tag
          value: 1.0.0
"""
_SIDES = "\n".join(
    f"""\
      - name: {name}
        candidate: {{file: a/web.yaml, field: '{field}'}}
        primary: {{file: a/primary.yaml, document: Application/web-primary, field: '{field}'}}"""
    for name, field in (
        ("text", "spec.source.helm.values|image.tag"),
        ("object", "spec.source.helm.valuesObject.sidecar.tag"),
        ("parameter", "spec.source.helm.parameters[name=init.tag].value"),
    )
)
ARGO = {
    "a/web.yaml": APPLICATION.format(name="web"),
    "a/primary.yaml": APPLICATION.format(name="web-primary"),
    "a/canary.yaml": canary(_SIDES),
}
OPERATION = """\
- target: {{kind: Deployment, name: {name}}}
  patch: |-
    - op: add
      path: /metadata/annotations
      value: {{a: b}}
    - op: replace
      path: /spec/template/spec/containers/0/image
      value: ghcr.io/acme/web:1.0.0 # {name}
"""
_IMAGE = "[path=/spec/template/spec/containers/0/image].value"
PATCHES = {
    "prod/kustomization.yaml": "resources: [../base]\npatches:\n"
    + OPERATION.format(name="web")
    + OPERATION.format(name="web-primary"),
    "prod/canary.yaml": canary(
        "\n".join(
            [
                "      - name: web",
                *(
                    f"        {side}: {{file: ./kustomization.yaml, "
                    f"field: 'patches[target.name={name}].patch|{_IMAGE}'}}"
                    for side, name in (("candidate", "web"), ("primary", "web-primary"))
                ),
            ]
        )
    ),
}
PATCH_FILES = {
    "prod/kustomization.yaml": "patches: [{path: image.yaml}, {path: primary.json, "
    "target: {kind: Deployment, name: web-primary}}]\n",
    "prod/image.yaml": "kind: Deployment\nmetadata: {name: web}\nspec:\n  template:\n    spec:\n"
    "      containers:\n      - {name: app, image: ghcr.io/acme/web:1.0.0}\n",
    "prod/primary.json": '[{"op": "replace", "path": "/spec/template/spec/containers/0/image",'
    ' "value": "ghcr.io/acme/web:1.0.0"}]\n',
    "prod/canary.yaml": canary(f"""\
      - name: web
        candidate: {{file: ./image.yaml, field: "spec.template.spec.containers[name=app].image"}}
        primary: {{file: ./primary.json, field: "{_IMAGE}"}}"""),
}
FORMS = {
    "JSON patches": (PATCHES, "prod/kustomization.yaml", 1),
    "files of patches": (PATCH_FILES, "prod/image.yaml", 1),
    "kustomize": (KUSTOMIZE, "prod/kustomization.yml", 1),
    "Helm values": (VALUES, "web/values.yaml", 1),
    "HelmRelease": (HELM_RELEASE, "apps/web.yaml", 1),
    "Application": (ARGO, "a/web.yaml", 3),
}
MOVES = ["start", "0% -> 10%", "10% -> 50%", "promote", "finish"]


@pytest.fixture(scope="module")
def empty_prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with prometheus(tmp_path_factory.mktemp("prometheus"), ()) as url:
        yield url


@pytest.fixture
def one(origin: Origin, open_repository: OpenRepository, empty_prometheus: str) -> Iterator[World]:
    with world(origin, open_repository, empty_prometheus) as made:
        yield made


@pytest.mark.parametrize("form", FORMS.keys())
def test_a_version_in_fields_is_promoted_and_the_next_one_put_back(one: World, form: str) -> None:
    files, candidate, places = FORMS[form]
    one.commit({**files, "route.yaml": ROUTE})
    assert one.until_idle() == []

    before = one.text(candidate)
    released = (
        before.replace("1.0.0", "1.1.0", 1) if places == 1 else before.replace("1.0.0", "1.1.0")
    )
    start = one.commit({candidate: released})
    subjects = one.until_idle()
    assert [move for move, said in zip(MOVES, subjects, strict=True) if move in said] == MOVES
    changed = one.diff(start)
    assert len(changed) == 2 * places, changed
    assert all("1.0.0" in x for x in changed if x[0] == "-")
    assert [x.replace("1.0.0", "1.1.0")[1:] for x in changed if x[0] == "-"] == [
        x[1:] for x in changed if x[0] == "+"
    ]
    body = one.origin.git("log", "-1", "--format=%B", "main")
    assert "1.1.0" in next(x for x in body.split("\n") if x.startswith("Canary-Version:"))

    one.now_s = BAD_S
    good = one.text(candidate)
    one.commit({candidate: good.replace("1.1.0", "1.2.0", 1)})
    subjects = one.until_idle()
    assert "abort" in subjects[-1], subjects
    assert one.text(candidate) == good
    assert "1.2.0" in one.text(".gitops-canary/quarantine")
    assert one.until_idle() == []


def test_a_candidate_that_moves_from_a_tag_to_a_digest_takes_its_keys_along(one: World) -> None:
    one.commit({**KUSTOMIZE, "route.yaml": ROUTE})
    digest = f"sha256:{'a' * 64}"
    text = KUSTOMIZATION.replace("  newTag: 1.0.0\n", f"  digest: {digest}\n", 1)
    one.commit({"prod/kustomization.yml": text})

    assert "promote" in one.until_idle()[-2]

    last = one.text("prod/kustomization.yml").splitlines()[-1]
    assert last == f"- {{name: acme/web-primary, newName: ghcr.io/acme/web, digest: {digest}}}"
    one.now_s = BAD_S
    good = one.text("prod/kustomization.yml")
    one.commit({"prod/kustomization.yml": good.replace(f"digest: {digest}", "newTag: 2.0.0", 1)})
    assert "abort" in one.until_idle()[-1]
    assert one.text("prod/kustomization.yml") == good


REPLICAS = """\
replicas:
- {name: web, count: 0} # asleep
- name: web-primary
  count: 3
"""


def test_a_canary_whose_replicas_are_listed_wakes_and_sleeps(one: World) -> None:
    listed = """\
    replicas:
      candidate: {file: ./kustomization.yml, field: "replicas[name=web].count"}
      primary: {file: ./kustomization.yml, field: "replicas[name=web-primary].count"}
    fields:
"""
    canary = KUSTOMIZE["prod/canary.yaml"].replace("    fields:\n", listed)
    begin = KUSTOMIZATION + REPLICAS
    one.commit({"prod/canary.yaml": canary, "prod/kustomization.yml": begin, "r.yaml": ROUTE})
    assert one.until_idle() == []
    start = one.commit({"prod/kustomization.yml": begin.replace("1.0.0", "1.1.0", 1)})
    subjects = one.until_idle()
    assert "start" in subjects[0]
    woken = one.origin.git("log", "--format=", "-p", "-U0", f"{start}..main", "--", "prod")
    assert "+- {name: web, count: 3} # asleep" in woken
    for _ in range(3):
        subjects += one.until_idle()
    assert subjects[-1].endswith("scale the canary to zero (step 2/2)")
    assert one.text("prod/kustomization.yml") == begin.replace("1.0.0", "1.1.0")


def test_a_chain_that_would_move_both_holds_the_canary(one: World) -> None:
    below = "- {name: ghcr.io/acme/web, newTag: '1.0.0'}\n"
    one.commit({**KUSTOMIZE, "prod/kustomization.yml": KUSTOMIZATION + below, "r.yaml": ROUTE})

    (decision,) = one.tick().decisions.values()

    assert "prod/kustomization.yml:10:3: kustomize would not keep" in decision.reason, decision


def test_an_image_outside_every_canary_is_reported_and_left_alone(one: World) -> None:
    one.commit({**KUSTOMIZE, "route.yaml": ROUTE})
    assert one.tick().unmanaged == ()
    changed = KUSTOMIZATION.replace('"13"', '"14"').replace("newTag: 1.0.0", "newTag: 1.1.0", 1)
    one.commit({"prod/kustomization.yml": changed})

    (change,) = one.tick().unmanaged

    assert str(change) == "prod/kustomization.yml:8: images[name=acme/db]: acme/db:13 -> acme/db:14"


def test_an_image_that_a_patch_sets_is_reported_unless_it_is_bound(one: World) -> None:
    other = OPERATION.format(name="db").replace("acme/web", "acme/db")
    begin = PATCHES["prod/kustomization.yaml"] + other
    file = '[{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "x:1"}]'
    files = {"prod/kustomization.yaml": begin, "prod/other.json": file, "route.yaml": ROUTE}
    one.commit({**PATCHES, **files})
    assert one.tick().unmanaged == ()
    released = begin.replace("1.0.0", "1.1.0", 1).replace("db:1.0.0", "db:2.0.0")
    one.commit({"prod/kustomization.yaml": released, "prod/other.json": file.replace("x:1", "x:2")})

    told = [str(change) for change in one.tick().unmanaged]

    image = "[path=/spec/template/spec/containers/0/image].value"
    db = f"patches[target.name=db].patch|{image}: ghcr.io/acme/db:1.0.0 -> ghcr.io/acme/db:2.0.0"
    assert told == [
        f"prod/kustomization.yaml:26: {db}",
        f"prod/other.json:1: {image}: x:1 -> x:2",
    ]
