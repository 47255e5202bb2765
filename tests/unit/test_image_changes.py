"""Telling an image change by structure, and everything that only looks like one."""

import pytest

from gitops_canary.manifest.image_changes import image_changes
from gitops_canary.manifest.image_places import Form

DIGEST = f"sha256:{'a' * 64}"
OPERATION = '[{"op": "replace", "path": "/spec/containers/0/image", "value": "a:1"}]'
OTHER = f"sha256:{'b' * 64}"


def changes(before: str, after: str, file: str = "a.yaml") -> list[tuple[Form, str, str]]:
    return [(c.form, c.old, c.new) for c in image_changes(before, after, file=file)]


@pytest.mark.parametrize(
    ("text", "old", "new", "form"),
    [
        ("spec: {containers: [{name: a, image: r/a:1}]}", "r/a:1", "r/a:2", Form.CONTAINER),
        ("spec: {initContainers: [{name: a, image: a}]}", "a}", "a:2}", Form.CONTAINER),
        (f"image: r/a:1@{DIGEST}", DIGEST, OTHER, Form.IMAGE),
        ("image: {repository: r/a, tag: 1.0}", "1.0", "1.1", Form.PARTS),
        (f"image: {{repository: r/a, digest: '{DIGEST}'}}", DIGEST, OTHER, Form.PARTS),
        ("image: {registry: x.io, repository: r/a, tag: 1.0}", "x.io", "y.io", Form.PARTS),
        ("images: [{name: a, newTag: v1}]", "v1", "v2", Form.KUSTOMIZE),
        ("images: [{name: a, newName: 'r/a:1'}]", "r/a:1", "r/a:2", Form.KUSTOMIZE),
        ("x: {parameters: [{name: image.tag, value: v1}]}", "v1", "v2", Form.PARAMETER),
        ("image_tag: v1", "v1", "v2", Form.BARE),
        ("env: [{name: RELATED_IMAGE_X, value: r/x:1}]", "r/x:1", "r/x:2", Form.IMAGE),
        ("d: |\n  image: r/a:1\n", "r/a:1", "r/a:2", Form.IMAGE),
        (f"patches: [{{path: x}}, {{patch: '{OPERATION}'}}]", "a:1", "a:2", Form.IMAGE),
        (f"patches:\n- patch: >-\n    {OPERATION}\n", "a:1", "a:2", Form.IMAGE),
        (OPERATION, "a:1", "a:2", Form.IMAGE),
        ("- {op: replace, path: /spec/values/image/tag, value: v1}", "v1", "v2", Form.BARE),
        ("- {op: add, path: /spec/x, value: {image: a:1}}", "a:1", "a:2", Form.IMAGE),
    ],
)
def test_a_change_is_found_whatever_its_form(text: str, old: str, new: str, form: Form) -> None:
    assert old in text
    ((found, _, _),) = changes(text, text.replace(old, new))
    assert found is form


CONTAINERS = "spec:\n  containers:\n  - {name: web, image: r/web:1}\n"
SIDECAR = (
    "spec:\n  containers:\n  - {name: proxy, image: r/proxy:7}\n  - {name: web, image: r/web:1}\n"
)


def test_an_item_put_in_front_changes_nothing_behind_it() -> None:
    assert changes(CONTAINERS, SIDECAR) == []
    assert changes(SIDECAR, CONTAINERS) == []
    images = "images: ['r/web:1']"
    assert changes(images, "images: ['r/proxy:7', 'r/web:1']") == []
    patch = "- {op: replace, path: /spec/replicas, value: 1}\n"
    image = "- op: replace\n  path: /x/image\n  value: a:1\n"
    assert changes(image, patch + image) == []
    both = SIDECAR.replace("web:1", "web:2")
    assert changes(CONTAINERS, both) == [(Form.CONTAINER, "r/web:1", "r/web:2")]


@pytest.mark.parametrize(
    ("before", "after", "file"),
    [
        (
            "image_tag: ENC[a]\nsops: {version: 3.7.1}",
            "image_tag: ENC[b]\nsops: {version: 3.8.1}",
            "s.yaml",
        ),
        (
            "entries: {a: [{version: 1.0.0}]}\ngenerated: x",
            "entries: {a: [{version: 1.0.1}]}\ngenerated: y",
            "charts/i.yaml",
        ),
        (
            "dependencies: [{name: a, version: 1.0.0}]",
            "dependencies: [{name: a, version: 1.0.1}]",
            "Chart.lock",
        ),
        ("rev: v1.2.3\nimage: r/a:1", "rev: v1.2.4\nimage: r/a:2", ".pre-commit-config.yaml"),
        (
            "kind: CustomResourceDefinition\nimage: r/a:1",
            "kind: CustomResourceDefinition\nimage: r/a:2",
            "crd.yaml",
        ),
        ("replicas: 1", "replicas: 2", "a.yaml"),
        ("url: http://a:8080/x", "url: http://a:8081/x", "a.yaml"),
        ("apiVersion: apps/v1\nkind: A", "apiVersion: apps/v2\nkind: A", "a.yaml"),
        ("image: r/a:1 # x", "image: 'r/a:1'", "a.yaml"),
        ("image: {{ .Tag }}", "image: {{ .Other }}", "a.yaml"),
        ("a: [", "image: r/a:1", "a.yaml"),
    ],
)
def test_what_only_looks_like_one_is_none(before: str, after: str, file: str) -> None:
    assert changes(before, after, file) == []


@pytest.mark.parametrize(
    ("text", "file"),
    [
        ("kind: OCIRepository\nspec: {ref: {tag: 1.0.0}}", "a.yaml"),
        ("kind: HelmRelease\nspec: {chart: {spec: {chart: x, version: 1.0.0}}}", "a.yaml"),
        ("name: x\nversion: 1.0.0", "Chart.yaml"),
        ("spec: {source: {chart: x, targetRevision: 1.0.0}}", "a.yaml"),
        ("helmCharts: [{name: x, repo: y, version: 1.0.0}]", "kustomization.yaml"),
    ],
)
def test_a_charts_version_is_a_chart_and_no_image(text: str, file: str) -> None:
    assert [one[0] for one in changes(text, text.replace("1.0.0", "1.0.1"), file)] == [Form.CHART]
