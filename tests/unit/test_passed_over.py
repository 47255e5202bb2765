"""Manifests that are not read are told of, with a place and what to do."""

from pathlib import Path as LocalPath

import pytest
from first_canary import DEPLOYMENT, PLAIN

from gitops_canary.app.initialising import asking, terrain
from gitops_canary.app.linting import findings
from gitops_canary.errors import SpecError

JSON = '{\n  "apiVersion": "apps/v1",\n  "kind": "Deployment",\n  "metadata": {"name": "web"}\n}\n'
LARGE = f"{'# filler' * 7}\n" * 20_000 + "kind: Canary\n"
CASES = {
    "a.json": (JSON, "a.json:3:3", "lies in JSON", "end in .yaml"),
    "b.json": ('{"kind": "Dashboard"}', "", "", ""),
    "a.yaml": (LARGE, "a.yaml:18397:5", "more than 1048576 characters", "split it"),
    "b.yaml": (LARGE.replace("Canary", "Pod"), "", "", ""),
}


def lay(folder: LocalPath, files: dict[str, str]) -> None:
    for path, text in files.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(text)


@pytest.mark.parametrize("file", CASES)
def test_what_is_passed_over_is_told_with_its_place(file: str, tmp_path: LocalPath) -> None:
    text, place, problem, remedy = CASES[file]
    lay(tmp_path, {file: text})
    told = [
        one.error or one.warning
        for one in findings(tmp_path, default_provider=None, allow_missing=frozenset())
    ]
    assert [str(one.place) for one in told if one] == [place] * bool(place)
    assert all(problem in one.problem and remedy in one.remedy for one in told if one)


@pytest.mark.parametrize(
    ("files", "place"),
    [
        ({"a.json": JSON}, "a.json:3:3"),
        ({"a.yaml": DEPLOYMENT.replace("spec:", "spec:\nspec:", 1)}, "a.yaml:11:1"),
        ({"a.yaml": DEPLOYMENT.replace("namespace: prod", "namespace: ${NS}")}, "a.yaml:6:14"),
    ],
)
def test_init_says_why_it_found_no_workload(
    files: dict[str, str], place: str, tmp_path: LocalPath
) -> None:
    lay(tmp_path, files)
    with pytest.raises(SpecError, match="no workload with an image here; not read: ") as refused:
        asking(terrain(tmp_path, ())).next({})
    assert str(refused.value.place) == place


def test_what_is_named_json_is_read_once_it_is_named_yaml(tmp_path: LocalPath) -> None:
    lay(tmp_path, {"a.yaml": JSON.replace('"web"}', '"web"}, "spec": {}'), **PLAIN})
    found = terrain(tmp_path, ())
    assert {one.ref.file for one in found.of("Deployment")} == {"a.yaml", "apps/deploy.yaml"}
