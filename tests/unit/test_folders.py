"""Kustomizations that are kept by what changes are those that are read anew, and so are those who
name something."""

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_canary.manifest.folders import Folders, folders, followed, gathered
from gitops_canary.manifest.kustomize import Roots
from gitops_canary.manifest.nodes import parse
from gitops_canary.model.names import Path

FILES = tuple(
    Path(name)
    for name in (
        "kustomization.yaml", "a/kustomization.yaml", "a/Kustomization", "a-b/kustomization.yml",
        "a/b/kustomization.yaml", "c/kustomization.yml", "c/kustomization.yaml", "c/web.yaml",
    )
)  # fmt: skip
TEXTS = (
    "resources: [../a]\npatches: [{path: b/web.yaml}, {path: ../c/web.yaml}]\n",
    "", "resources: [", "resources: []\n", "namespace: x\nresources: [web.yaml, ../a]\n",
    "resources: [b, ../c]\ncomponents: [../a-b]\n", "bases: [..]\nnamePrefix: p-\n",
    "images: [{name: a, newName: b}]\nresources: [deep/er/web.yaml]\n", "{resources: [a, c, a]}\n",
)  # fmt: skip
STATES = st.lists(
    st.dictionaries(st.sampled_from(FILES), st.sampled_from(TEXTS)), min_size=2, max_size=5
)


def agree(found: Folders, files: dict[Path, str]) -> None:
    fresh = folders(files, reading(files))
    assert list(found.items()) == list(fresh.items())
    paths = {
        p
        for own in fresh.values()
        for p in (own.file, *own.resources, *own.components, *own.patches)
    }
    for path in {*fresh, *paths, *FILES}:
        every = [one for one in fresh.values() if path in (*one.resources, *one.components)]
        assert list(found.building(path)) == list(fresh.building(path)) == every
        patched = [one for one in fresh.values() if one in every or path in one.patches]
        assert list(found.naming(path)) == patched


@settings(max_examples=150, deadline=None)
@given(STATES)
def test_what_is_kept_by_what_changed_is_what_is_read_anew(states: list[dict[Path, str]]) -> None:
    found, before = Folders(), dict[Path, str]()
    for files in states:
        changed = [p for p in FILES if before.get(p) != files.get(p)]
        found, before = followed(found, changed, files, reading(files)), files
        agree(found, files)
        texts = [(p, text) for p, text in files.items() if not p.endswith("web.yaml")]
        agree(gathered(texts), files)


def reading(files: dict[Path, str]) -> Callable[[Path], Roots]:
    return lambda file: parse(files[file], file=file)
