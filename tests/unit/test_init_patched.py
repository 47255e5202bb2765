"""A first canary whose version a patch of kustomize sets: held against kubectl."""

from pathlib import Path as LocalPath
from textwrap import indent

import pytest
from first_canary import BASE, Texts, after, initialised, overlay
from kustomized import Built, built, needs_kubectl

from gitops_canary.errors import CanaryError
from gitops_canary.manifest.folders import folders
from gitops_canary.manifest.image_chain import chain
from gitops_canary.manifest.nodes import parse
from gitops_canary.model.names import Path

PROD = "overlays/prod/kustomization.yaml"
BEGIN = "namespace: prod\nresources: [../../base]\n"
STRATEGIC = """\
kind: Deployment
apiVersion: apps/v1
metadata: {name: web}
spec:
  template:
    spec:
      containers:
      - {name: app, image: "acme/web:1.0.0"} # bots write here
"""
OPERATIONS = """\
- op: add
  path: /metadata/annotations/team
  value: shop
- op: replace
  path: /spec/template/spec/containers/0/image
  value: acme/web:1.0.0
"""
INLINE = "".join(f"    {line}\n" for line in OPERATIONS.splitlines())
TARGET = "{kind: Deployment, name: web}"
FORMS: dict[str, tuple[Texts, str]] = {
    "a strategic patch in a file": (
        {PROD: BEGIN + "patches: [{path: image.yaml}]\n", "overlays/prod/image.yaml": STRATEGIC},
        "overlays/prod/image.yaml",
    ),
    "an old list of strategic patches": (
        {
            PROD: BEGIN + "patchesStrategicMerge:\n- image.yaml\n",
            "overlays/prod/image.yaml": STRATEGIC,
        },
        "overlays/prod/image.yaml",
    ),
    "a strategic patch inline": (
        {PROD: BEGIN + "patches:\n- patch: |-\n" + indent(STRATEGIC, "    ")}, PROD,
    ),
    "a JSON patch inline": (
        {PROD: BEGIN + f"patches:\n- target: {TARGET}\n  patch: |-\n{INLINE}"}, PROD,
    ),
    "a JSON patch on one line": (
        {PROD: BEGIN + f"patches:\n- target: {TARGET}\n  patch: '"
         '[{"op": "replace", "path": "/spec/template/spec/containers/0/image",'
         ' "value": "acme/web:1.0.0"}]' + "'\n"}, PROD,
    ),
    "an old list of JSON patches": (
        {PROD: BEGIN + "patchesJson6902:\n- target: {group: apps, version: v1, kind: Deployment, "
         f"name: web}}\n  patch: |-\n{INLINE}"}, PROD,
    ),
    "a JSON patch in a file of JSON": (
        {PROD: BEGIN + f"patches: [{{path: image.json, target: {TARGET}}}]\n",
         "overlays/prod/image.json": '[{"op": "replace", "value": "acme/web:1.0.0",'
         ' "path": "/spec/template/spec/containers/0/image"}]\n'},
        "overlays/prod/image.json",
    ),
    "a JSON patch in a file": (
        {PROD: BEGIN + f"patches: [{{path: image.yaml, target: {TARGET}}}]\n",
         "overlays/prod/image.yaml": OPERATIONS},
        "overlays/prod/image.yaml",
    ),
}  # fmt: skip


def running(now: Built) -> list[str]:
    return [
        now["Deployment", name]["spec"]["template"]["spec"]["containers"][0]["image"]
        for name in ("web", "web-primary")
    ]


@needs_kubectl
@pytest.mark.parametrize(
    ("form", "others"),
    [*((form, True) for form in FORMS), ("a JSON patch inline", False)],
)
def test_a_bump_in_the_patch_moves_the_candidate_alone(
    form: str, others: bool, tmp_path: LocalPath
) -> None:
    more, file = FORMS[form]
    texts = BASE | more | (overlay("staging") if others else {})
    prepared = initialised(texts, overlay="overlays/prod") if others else initialised(texts)
    last = after(texts, prepared)

    bumped = last | {file: last[file].replace("acme/web:1.0.0", "acme/web:1.1.0", 1)}
    then = running(built(bumped, tmp_path, "overlays/prod"))
    assert then == ["acme/web:1.1.0", "acme/web:1.0.0"]
    repeated = initialised(last, overlay="overlays/prod") if others else initialised(last)
    assert repeated.stages == ()


REFUSED = {
    "inline, one of two": (
        {PROD: BEGIN + "patches:\n" + ("- patch: |-\n" + indent(STRATEGIC, "    ")) * 2},
        f"{PROD}:4:3", "Several patches",
    ),
    "inline, beside another": (
        {PROD: BEGIN + "patches:\n- patch: |-\n" + indent(STRATEGIC, "    ")
         + "- patch: '{kind: Service, metadata: {name: web}}'\n"},
        f"{PROD}:4:3", "nothing tells it",
    ),
    "an old list, inline": (
        {PROD: BEGIN + "patchesStrategicMerge:\n- |-\n" + indent(STRATEGIC, "  ")},
        f"{PROD}:4:3", "nothing tells it",
    ),
    "of both": (
        {PROD: BEGIN + f"patches:\n- target: {{kind: Deployment}}\n  patch: |-\n{INLINE}"},
        f"{PROD}:4:3", "at once",
    ),
    "twice": (
        {PROD: BEGIN + "patches: [{path: image.yaml}, {path: image.yaml}]\n",
         "overlays/prod/image.yaml": STRATEGIC},
        f"{PROD}:3:11", "Several patches",
    ),
    "and an entry": (
        {PROD: BEGIN + "patches: [{path: image.yaml}]\n"
         "images: [{name: acme/other, newTag: '1'}]\n",
         "overlays/prod/image.yaml": STRATEGIC.replace("acme/web", "acme/other")},
        f"{PROD}:4:10", "once more",
    ),
    "in a file that is no YAML": (
        {PROD: BEGIN + f"patches: [{{path: image.json, target: {TARGET}}}]\n"
         "images: [{name: acme/web, newTag: '1'}]\n"},
        f"{PROD}:3:11", "no YAML or JSON",
    ),
    "in every overlay": (
        {PROD: BEGIN, "base/kustomization.yaml": BASE["base/kustomization.yaml"]
         + "patches: [{path: image.yaml}]\n", "base/image.yaml": STRATEGIC},
        "base/kustomization.yaml:2:11", "in every overlay",
    ),
    "a number of pods": (
        {PROD: BEGIN + "patches: [{path: count.yaml}]\n",
         "overlays/prod/count.yaml": "kind: Deployment\napiVersion: apps/v1\n"
         "metadata: {name: web}\nspec: {replicas: 4}\n",
         "overlays/staging/kustomization.yaml": "resources: []\n"},
        f"{PROD}:3:11", "which the controller writes",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_a_patch_that_cannot_be_told_apart_is_refused(case: str) -> None:
    more, place, says = REFUSED[case]
    texts = BASE | overlay("staging") | more
    with pytest.raises(CanaryError) as refused:
        initialised(texts, overlay="overlays/prod")
    assert says in refused.value.problem
    assert str(refused.value.place) == place
    assert refused.value.remedy


@needs_kubectl
def test_a_patch_of_one_overlay_is_repeated_where_templates_are_compared(
    tmp_path: LocalPath,
) -> None:
    base = {path: text.replace("acme/web", "acme/web:1.0.0") for path, text in BASE.items()}
    patch = STRATEGIC.replace('image: "acme/web:1.0.0"', "tty: true")
    texts = base | {
        PROD: BEGIN + "patches: [{path: tty.yaml}]\n",
        "overlays/prod/tty.yaml": patch,
    }
    last = after(texts, initialised(texts))
    now = built(last, tmp_path, "overlays/prod")
    for name in ("web", "web-primary"):
        pod = now["Deployment", name]["spec"]["template"]["spec"]
        assert pod["containers"][0]["tty"] is True
    assert initialised(last).stages == ()


def later(texts: Texts) -> list[tuple[str, str]]:
    """Name what sets an image of the Deployment after its manifest."""
    known = {Path(path): text for path, text in texts.items()}
    found = folders(known, lambda file: parse(known[file], file=file))
    (one,) = (
        one for one in chain(found, "overlays/prod", known.get).built if one.kind == "Deployment"
    )
    (container,) = one.containers.values()
    return [(str(setting.place), setting.what) for setting in container.settings[1:]]


@pytest.mark.parametrize("form", FORMS)
def test_what_sets_an_image_on_its_way_is_named_with_its_place(form: str) -> None:
    at = "3:11" if "patches: [" in FORMS[form][0][PROD] else "4:3"
    assert later(BASE | FORMS[form][0]) == [(f"{PROD}:{at}", "this patch")]


def test_an_entry_that_gives_a_name_alone_sets_no_version() -> None:
    for entry, found in (("newName: r/web", []), ("newTag: '2'", ["this entry of `images:`"])):
        texts = BASE | {PROD: BEGIN + f"images: [{{name: acme/web, {entry}}}]\n"}
        assert [what for _, what in later(texts)] == found


@needs_kubectl
def test_a_patch_further_in_is_repeated_in_the_outermost_kustomization(tmp_path: LocalPath) -> None:
    inner = f"patches:\n- target: {TARGET}\n  patch: |-\n{INLINE}"
    texts = BASE | {"overlays/prod/kustomization.yml": BEGIN}
    texts["base/kustomization.yaml"] += inner
    last = after(texts, initialised(texts))
    bumped = last | {
        "base/kustomization.yaml": last["base/kustomization.yaml"].replace("web:1.0.0", "web:1.1.0")
    }
    then = running(built(bumped, tmp_path, "overlays/prod"))
    assert then == ["acme/web:1.1.0", "acme/web:1.0.0"]


SOURCE = "source: {kind: Service, name: web, fieldPath: spec.type}\n"
TARGET_OF = """\
targets:
- select: {kind: Deployment, name: web}
  fieldPaths: [spec.template.metadata.annotations.exposed]
  options: {create: true}
"""
REPLACEMENTS = {
    "inline": {PROD: BEGIN + "replacements:\n- " + indent(SOURCE + TARGET_OF, "  ").lstrip()},
    "in a file": {
        PROD: BEGIN + "replacements:\n- path: type.yaml\n",
        "overlays/prod/type.yaml": SOURCE + TARGET_OF,
    },
    "in a file of several": {
        PROD: BEGIN + "replacements:\n- path: type.yaml\n",
        "overlays/prod/type.yaml": "- " + indent(SOURCE + TARGET_OF, "  ").lstrip(),
    },
}
ENTRY = "images: [{name: acme/web, newTag: '1'}]\n"


@needs_kubectl
@pytest.mark.parametrize("case", REPLACEMENTS)
def test_a_replacement_writes_into_the_primary_too(case: str, tmp_path: LocalPath) -> None:
    texts = BASE | overlay("staging") | REPLACEMENTS[case]
    texts[PROD] += ENTRY
    last = after(texts, initialised(texts, overlay="overlays/prod"))
    now = built(last, tmp_path, "overlays/prod")
    for name in ("web", "web-primary"):
        notes = now["Deployment", name]["spec"]["template"]["metadata"]["annotations"]
        assert notes == {"exposed": "LoadBalancer"}
    assert initialised(last, overlay="overlays/prod").stages == ()


@pytest.mark.parametrize(
    ("path", "where", "says"),
    [
        ("spec.template.spec.containers.0.image", "overlays/prod", "sets the image"),
        ("spec.template.spec.x", "base", "would not change web-primary"),
    ],
)
def test_a_replacement_that_the_primary_cannot_get_is_refused(
    path: str, where: str, says: str
) -> None:
    texts = BASE | overlay("staging") | {PROD: BEGIN + ENTRY}
    texts[f"{where}/kustomization.yaml"] += "replacements: [{path: r.yaml}]\n"
    texts[f"{where}/r.yaml"] = (SOURCE + TARGET_OF).replace(
        "spec.template.metadata.annotations.exposed", path
    )
    with pytest.raises(CanaryError, match=says) as refused:
        initialised(texts, overlay="overlays/prod")
    assert str(refused.value.place) == f"{where}/r.yaml:3:3"


def test_a_file_without_a_document_is_no_patch_of_an_image() -> None:
    listed = "images: [{name: acme/web, newTag: '2'}]\npatches:\n"
    listed += f"- {{path: x.yaml, target: {TARGET}}}\n"
    for nothing in ("# nothing yet\n", "\n", "---\n"):
        texts = BASE | {PROD: BEGIN + listed, "overlays/prod/x.yaml": nothing}
        assert initialised(texts).stages, nothing
