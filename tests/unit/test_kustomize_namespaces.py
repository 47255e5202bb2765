"""Where kustomize puts a Canary, held against kubectl; a Canary that is moved is refused."""

import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path as LocalPath

import pytest

from gitops_canary.app.linting import findings
from gitops_canary.manifest.folders import folders
from gitops_canary.manifest.nodes import parse
from gitops_canary.manifest.rendered import namespaces
from gitops_canary.model.names import Path

EXAMPLE = LocalPath(__file__).resolve().parents[2] / "manifests" / "example" / "apps" / "checkout"
MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n"
BASE = {"base/web.yaml": MAP, "base/kustomization.yaml": "resources: [web.yaml]\n"}
COMPONENT = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
TREES = {
    "nobody says": (BASE | {"a/kustomization.yaml": "resources: [../base]\n"}, ["a"]),
    "an overlay says": (
        BASE | {"a/kustomization.yaml": "namespace: prod\nresources: [../base]\n"},
        ["a"],
    ),
    "the outermost has the last word": (
        BASE
        | {
            "a/kustomization.yaml": "namespace: inner\nresources: [../base]\n",
            "b/kustomization.yaml": "namespace: outer\nresources: [../a]\n",
        },
        ["b"],
    ),
    "an outer one that says nothing": (
        BASE
        | {
            "a/kustomization.yaml": "namespace: inner\nresources: [../base]\n",
            "b/kustomization.yaml": "resources: [../a]\n",
        },
        ["b"],
    ),
    "two overlays": (
        BASE
        | {
            f"{name}/kustomization.yaml": f"namespace: {name}\nresources: [../base]\n"
            for name in ("prod", "test")
        },
        ["prod", "test"],
    ),
    "a component's own resource": (
        {
            "c/web.yaml": MAP,
            "c/kustomization.yaml": f"{COMPONENT}resources: [web.yaml]\n",
            "a/kustomization.yaml": "namespace: prod\ncomponents: [../c]\n",
        },
        ["a"],
    ),
}


def write(files: Mapping[str, str], folder: LocalPath) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


@pytest.mark.parametrize(("files", "roots"), TREES.values(), ids=TREES)
def test_namespaces_are_those_that_kubectl_renders(
    files: Mapping[str, str], roots: list[str], tmp_path: LocalPath
) -> None:
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("kubectl, which brings kustomize, is not installed")
    write(files, tmp_path)
    rendered = set()
    for root in roots:
        made = subprocess.run(
            [kubectl, "kustomize", str(tmp_path / root)], capture_output=True, text=True, check=True
        )
        rendered |= set(re.findall(r"^  namespace: (\S+)$", made.stdout, re.MULTILINE))
    texts = {Path(name): text for name, text in files.items()}
    holder = next(name for name in texts if name.endswith("web.yaml"))
    assert (
        set(namespaces(holder, folders(texts, lambda file: parse(texts[file], file=file))))
        == rendered
    )


def lint(folder: LocalPath, *, said: bool, overlays: Mapping[str, str]) -> str:
    names = []
    for path in EXAMPLE.iterdir():
        text = path.read_text()
        text = text if said else text.replace("  namespace: prod\n", "")
        (folder / path.name).write_text(text)
        names.append(path.name)
    (folder / "kustomization.yaml").write_text(f"resources: [{', '.join(names)}]\n")
    for name, namespace in overlays.items():
        more = f"namespace: {namespace}\n" if namespace else ""
        write({f"{name}/kustomization.yaml": f"{more}resources: [..]\n"}, folder)
    (one,) = findings(folder, default_provider="istio", allow_missing=frozenset())
    return str(one.error or "")


def test_a_canary_says_where_it_is_rendered(tmp_path: LocalPath) -> None:
    assert lint(tmp_path, said=True, overlays={}) == ""
    assert lint(tmp_path, said=False, overlays={}) == ""
    assert lint(tmp_path, said=True, overlays={"a": "prod"}) == ""
    silent = lint(tmp_path, said=False, overlays={"a": "prod"})
    assert "renders this Canary into another: prod (a/kustomization.yaml)" in silent
    assert "write metadata.namespace: prod" in silent
    moved = lint(tmp_path, said=True, overlays={"a": "shop"})
    assert "into another: shop (a/kustomization.yaml); the document says prod" in moved


def test_a_canary_rendered_twice_is_refused_with_both_places(tmp_path: LocalPath) -> None:
    twice = lint(tmp_path, said=True, overlays={"a": "prod", "b": "test"})
    assert "several namespaces: prod (a/kustomization.yaml), test (b/kustomization.yaml)" in twice
    assert "a spec.id of its own" in twice


FLUX = """\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {{name: apps, namespace: flux-system}}
spec:
  path: {path}
  targetNamespace: {namespace}
  sourceRef: {{kind: {kind}, name: {source}}}
"""


def flux(
    path: str, namespace: str, kind: str = "GitRepository", source: str = "flux-system"
) -> str:
    return FLUX.format(path=path, namespace=namespace, kind=kind, source=source)


@pytest.mark.parametrize(
    ("layer", "rendered"),
    [
        (flux("./apps/web", "shop"), "shop"),
        (flux("./", "shop"), "shop"),  # no kustomization between: it is one of the files
        (flux("apps", "prod"), ""),
        (flux("./apps/web/deep", "shop"), ""),
        (flux("./apps/w", "shop"), ""),
        (flux("./apps/web", "shop", kind="OCIRepository"), ""),
        (flux("./apps", "prod") + "---\n" + flux("./apps", "shop", source="another"), ""),
        (flux("./apps/web", "shop").replace("kustomize.toolkit.fluxcd.io", "example.org"), ""),
        ("targetNamespace: [", ""),
    ],
)
def test_flux_puts_a_canary_where_its_kustomization_says(
    layer: str, rendered: str, tmp_path: LocalPath
) -> None:
    write({f"apps/web/{p.name}": p.read_text() for p in EXAMPLE.iterdir()}, tmp_path)
    (tmp_path / "apps/web/kustomization.yaml").unlink()
    write({"clusters/one.yaml": layer}, tmp_path)
    read = findings(tmp_path, default_provider="istio", allow_missing=frozenset())
    (one,) = [found for found in read if not found.warning]
    wanted = f"into another: {rendered} (clusters/one.yaml)" if rendered else ""
    assert wanted in str(one.error or "")
    assert bool(one.error) == bool(rendered)


def test_flux_has_the_word_after_kustomize(tmp_path: LocalPath) -> None:
    files = {f"apps/web/{p.name}": p.read_text() for p in EXAMPLE.iterdir()}
    overlay = {"over/kustomization.yaml": "namespace: shop\nresources: [../apps/web]\n"}

    def told(layer: str) -> str:
        write({**files, **overlay, "clusters/one.yaml": layer}, tmp_path)
        (one,) = findings(tmp_path, default_provider="istio", allow_missing=frozenset())
        return str(one.error or "")

    # The example applies its Canary nowhere: its workloads say where it is.
    assert told(flux("./over", "prod")) == ""
    assert "is rendered into x (clusters/one.yaml); the Canary says prod" in told(flux("over", "x"))
    listed = files["apps/web/kustomization.yaml"] + "  - canary.yaml\n"
    files["apps/web/kustomization.yaml"] = listed
    both = flux("./over", "x") + "---\n" + flux("./apps/web", "y")
    assert "several namespaces: x (clusters/one.yaml), y (clusters/one.yaml)" in told(both)
