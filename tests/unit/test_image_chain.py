"""Which field has the last word over an image: each is changed, and kubectl says what runs."""

from collections.abc import Iterator
from pathlib import Path as LocalPath

import pytest
from kustomized import built, needs_kubectl

from gitops_canary.manifest.document import parse, set_scalar
from gitops_canary.manifest.folders import folders
from gitops_canary.manifest.image_chain import Setting, bare, chain
from gitops_canary.model.names import Path

Texts = dict[str, str]
Name = tuple[str, str, str]
POD = """\
        initContainers: [{name: migrate, image: "acme/web:1"}]
        containers:
        - {name: app, image: "acme/web:1"}
        - {name: proxy, image: "acme/proxy:1@sha256:%s"}
""" % ("0" * 64)


def workload(kind: str, name: str) -> str:
    pod = POD.replace("\n  ", "\n") if kind == "Deployment" else POD
    pod = pod.removeprefix("  ") if kind == "Deployment" else pod
    head = f"kind: {kind}\nmetadata: {{name: {name}}}\nspec:\n"
    if kind == "Deployment":
        return f"apiVersion: apps/v1\n{head}  template:\n    spec:\n{pod}"
    job = "  jobTemplate:\n    spec:\n      template:\n        spec:\n"
    return f"apiVersion: batch/v1\n{head}{job}" + pod.replace("        ", "          ")


OBJECTS = "---\n".join(
    workload(kind, name)
    for kind, name in (("Deployment", "web"), ("Deployment", "web-primary"), ("CronJob", "web"))
)
BASE = {"base/all.yaml": OBJECTS, "base/kustomization.yaml": "resources: [all.yaml]\n"}
SET = (
    "{kind: Deployment, apiVersion: apps/v1, metadata: {name: NAME}, spec: {template: {spec: "
    '{containers: [{name: app, image: "acme/web:2"}]}}}}'
)
OPERATION = (
    '[{"op": "replace", "path": "/spec/template/spec/containers/1/image", "value": "acme/proxy:2"}]'
)
COMPONENT = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
LAYOUTS: dict[str, Texts] = {
    "nothing but manifests": {"top/kustomization.yaml": "resources: [../base]\n"},
    "an entry over all": {
        "top/kustomization.yml": "resources: [../base]\nimages: [{name: acme/web, newTag: '2'}]\n"
    },
    "a name, then a version of it": {
        "top/Kustomization": "resources: [../mid]\nimages: [{name: r.io/web, newTag: '2'}]\n",
        "mid/kustomization.yaml": "resources: [../base]\nimages:\n"
        "- {name: acme/web, newName: r.io/web}\n- {name: acme/proxy, newTag: '3'}\n",
    },
    "a patch under a prefix, by the name before": {
        "top/kustomization.yaml": "namePrefix: live-\nresources: [../mid]\n"
        f"patches: [{{patch: '{SET.replace('NAME', 'web')}'}}]\n",
        "mid/kustomization.yaml": "nameSuffix: -eu\nresources: [../base]\n",
    },
    "a pattern over both": {
        "top/kustomization.yaml": "resources: [../base]\npatches:\n"
        "- {target: {kind: Deployment, name: web.*}, path: proxy.yaml}\n",
        "top/proxy.yaml": OPERATION,
    },
    "the old lists, and a component that comes first": {
        "top/kustomization.yaml": "resources: [../base]\ncomponents: [../c]\n"
        "patchesStrategicMerge: [web.yaml]\npatchesJson6902:\n"
        "- target: {group: apps, version: v1, kind: Deployment, name: web}\n"
        f"  patch: '{OPERATION}'\n",
        "top/web.yaml": SET.replace("NAME", "web").replace(":2", ":4") + "\n",
        "c/kustomization.yaml": f"{COMPONENT}images: [{{name: acme/web, newTag: '3'}}]\n"
        f"patches: [{{patch: '{SET.replace('NAME', 'web-primary')}'}}]\n",
    },
}  # fmt: skip


@needs_kubectl
@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_the_last_field_says_is_what_runs(layout: str, tmp_path: LocalPath) -> None:
    texts = BASE | LAYOUTS[layout]
    said = lasting(texts)
    versions = {
        setting: f"v{number}" for number, setting in enumerate(dict.fromkeys(said.values()))
    }
    for setting, version in versions.items():
        texts = changed(texts, setting, version)
    tags = {name: image.rpartition(":")[2] for name, image in images(texts, tmp_path).items()}
    assert tags == {name: versions[setting] for name, setting in said.items()}


def grown(width: int, depth: int) -> Texts:
    """Nest kustomizations, each of which lists the next one so many times over."""
    levels = {
        f"{level}/kustomization.yaml": "resources:\n"
        + "".join(f"- ../{level}-{n}\n" for n in range(width))
        for level in range(depth)
    }
    between = {
        f"{level}-{n}/kustomization.yaml": f"resources: [../{level + 1}]\n"
        for level in range(depth)
        for n in range(width)
    }
    last = {f"{depth}/kustomization.yaml": "resources: [../base]\n"}
    return BASE | levels | between | last


@pytest.mark.parametrize(("width", "depth", "cut"), [(1200, 1, False), (2, 16, True)])
def test_a_large_repository_is_looked_at_whole_and_a_bomb_is_not(
    width: int, depth: int, cut: bool
) -> None:
    known = {Path(path): text for path, text in grown(width, depth).items()}
    found = chain(folders(known, lambda file: parse(known[file], file=file)), "0", known.get)
    assert found.cut == cut
    assert cut or len(found.built) == 3 * width


def lasting(texts: Texts) -> dict[Name, Setting]:
    known = {Path(path): text for path, text in texts.items()}
    found = chain(folders(known, lambda file: parse(known[file], file=file)), "top", known.get)
    return {
        (one.kind, one.name, container.name): container.settings[-1]
        for one in found.built
        for container in one.containers.values()
    }


def images(texts: Texts, folder: LocalPath) -> dict[Name, str]:
    def below(value: object) -> Iterator[dict[str, str]]:
        for key, inner in value.items() if isinstance(value, dict) else ():
            if key in {"containers", "initContainers"}:
                yield from inner
            else:
                yield from below(inner)

    return {
        (kind, name, container["name"]): container["image"]
        for (kind, name), one in built(texts, folder, "top").items()
        for container in below(one)
    }


def changed(texts: Texts, setting: Setting, version: str) -> Texts:
    """Write another version at a field."""
    file, path = setting.file, setting.path
    if path[0] == "images":
        at = (*path, "newTag")
        return texts | {file: set_scalar(texts[file], setting.index, at, version, file=file)}
    inside = "patch" in path
    cut = path.index("patch") + 1 if inside else 0
    root = parse(texts[file], file=file)[setting.index]
    held = root.get(*path[:cut]) if root and inside else None
    whole = held.value if held else texts[file]
    index = 0 if held else setting.index
    image = parse(whole, file=file)[index]
    node = image.get(*path[cut:]) if image else None
    assert node is not None, "the field is there"
    new = set_scalar(whole, index, path[cut:], f"{bare(node.value)}:{version}", file=file)
    if held:
        new = set_scalar(texts[file], setting.index, path[:cut], new, file=file)
    return texts | {file: new}
