"""Whether kustomize would move candidate and primary together, held against kubectl where it is."""

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path as LocalPath

import pytest

from gitops_canary.errors import BindingError, Place
from gitops_canary.manifest.field_place import locate
from gitops_canary.manifest.folders import folders
from gitops_canary.manifest.image_order import check
from gitops_canary.manifest.nodes import parse
from gitops_canary.model.names import Path
from gitops_canary.model.owned import FieldBinding
from gitops_canary.model.references import Reference

WORKLOADS = "---\n".join(
    json.dumps({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
        "spec": {"template": {"spec": {"containers": [{"name": "web", "image": f"acme/{name}"}]}}},
    }) + "\n"
    for name in ("web", "web-primary")
)  # fmt: skip
CANDIDATE = "- {name: acme/web, newName: r.io/web, newTag: '2'}\n"
PRIMARY = "- {name: acme/web-primary, newName: r.io/web, newTag: '1'}\n"
SAME_NAME = "- {name: r.io/web, newTag: '3'}\n"
BASE = {"base/w.yaml": WORKLOADS, "base/kustomization.yaml": "resources: [w.yaml]\n"}
COMPONENT = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"


def prod(images: str, more: str = "") -> dict[str, str]:
    return {"prod/kustomization.yml": f"resources: [../base]\n{more}images:\n{images}"}


APART = {
    "primary last": BASE | prod(CANDIDATE + PRIMARY),
    "own tags, no new names": BASE
    | prod("- {name: acme/web, newTag: '2'}\n- {name: acme/web-primary, newTag: '1'}\n"),
    "primary first, other new name": BASE | prod(PRIMARY + CANDIDATE),
    "a component before": BASE
    | {"c/kustomization.yaml": f"{COMPONENT}images:\n- {{name: other, newTag: '9'}}\n"}
    | prod(CANDIDATE + PRIMARY, "components: [../c]\n"),
}
TOGETHER = {
    "the real name below": BASE | prod(CANDIDATE + PRIMARY + SAME_NAME),
    "primary first": BASE | prod(PRIMARY.replace("r.io/web", "acme/web") + CANDIDATE),
    "the real name in a component": BASE
    | {
        "c/kustomization.yaml": f"{COMPONENT}images:\n{SAME_NAME}",
        "all/kustomization.yaml": "resources: [../prod]\ncomponents: [../c]\n",
    }
    | prod(CANDIDATE + PRIMARY),
    "the real name in an outer overlay": BASE
    | {"all/kustomization.yaml": f"resources: [../prod]\nimages:\n{SAME_NAME}"}
    | prod(CANDIDATE + PRIMARY),
}


def verdict(files: Mapping[str, str]) -> None:
    texts = {Path(name): text for name, text in files.items()}
    file = Path("prod/kustomization.yml")

    def at(name: str) -> Reference:
        field = f"images[name={name}]"
        return Reference(file=file, document="", field=field, place=Place("canary.yaml"))

    pair = FieldBinding(
        name="web",
        container="web",
        candidate=locate(at("acme/web"), texts.get),
        primary=locate(at("acme/web-primary"), texts.get),
    )
    check([pair], texts, folders(texts, lambda file: parse(texts[file], file=file)))


def built(files: Mapping[str, str], folder: LocalPath) -> dict[str, str]:
    """Images by Deployment as kustomize itself gives them."""
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("kubectl, which brings kustomize, is not installed")
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    root = "all" if "all/kustomization.yaml" in files else "prod"
    made = subprocess.run(
        [kubectl, "kustomize", str(folder / root)], capture_output=True, text=True, check=True
    )
    lines = made.stdout.splitlines()
    images = [x.partition("image: ")[2] for x in lines if "image: " in x]
    names = [x.removeprefix("  name: ") for x in lines if x.startswith("  name: ")]
    return dict(zip(names, images, strict=True))


def together(files: Mapping[str, str], folder: LocalPath) -> bool:
    """Whether another tag in the candidate's entry, or in the other one, moves the primary."""
    changed = {
        name: text.replace("newTag: '2'", "newTag: '7'").replace("newTag: '3'", "newTag: '7'")
        for name, text in files.items()
    }
    before, after = built(files, folder / "a"), built(changed, folder / "b")
    assert before["web"] != after["web"], "the candidate moves"
    return before["web-primary"] != after["web-primary"]


@pytest.mark.parametrize("files", APART.values(), ids=APART.keys())
def test_entries_that_keep_the_two_apart_are_accepted(
    files: Mapping[str, str], tmp_path: LocalPath
) -> None:
    verdict(files)

    assert not together(files, tmp_path)


@pytest.mark.parametrize("files", TOGETHER.values(), ids=TOGETHER.keys())
def test_entries_that_would_move_both_are_refused(
    files: Mapping[str, str], tmp_path: LocalPath
) -> None:
    with pytest.raises(BindingError, match="keep candidate and primary apart") as error:
        verdict(files)

    assert error.value.place is not None
    assert together(files, tmp_path)
