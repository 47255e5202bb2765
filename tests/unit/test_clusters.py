"""One application in several clusters: each Canary drives what lies nearest to it."""

from pathlib import Path as LocalPath

import pytest
from first_canary import BASE, PLAIN, Texts, after, initialised, overlay
from first_routes import ISTIO

from gitops_canary.app.linting import findings
from gitops_canary.manifest.clusters import elsewhere
from gitops_canary.manifest.folders import folders
from gitops_canary.manifest.nodes import parse
from gitops_canary.model.names import Path

FILES = (
    "clusters/eu/web/a.yaml",
    "clusters/us/web/a.yaml",
    "clusters/us/mesh/r.yaml",
    "mesh/a.yaml",
)


def gone(canary: str, workloads: tuple[str, ...], files: Texts | None = None) -> set[str]:
    texts = {Path(path): text for path, text in (files or {}).items()}
    known = folders(texts, lambda path: parse(texts[path], file=path))
    there = [Path(one) for one in workloads]
    return {*elsewhere(Path(canary), there, [*map(Path, FILES), *texts], known)}


def test_what_lies_beside_another_one_is_of_another_cluster() -> None:
    both = FILES[:2]
    assert gone("clusters/eu/web/canary.yaml", both) == {FILES[1], FILES[2]}
    assert gone("clusters/eu/canary.yaml", both) == {FILES[1], FILES[2]}
    assert gone("clusters/canary.yaml", both) == set()
    assert gone("canaries/eu.yaml", both) == set()
    assert gone("clusters/eu/web/canary.yaml", both[:1]) == set()
    # One that lies above is nobody's other cluster.
    assert gone("clusters/eu/web/canary.yaml", (FILES[0], "clusters/a.yaml")) == set()


def test_what_another_overlay_of_the_workload_builds_is_too() -> None:
    texts = BASE | overlay("prod") | overlay("staging")
    texts |= {"mesh/kustomization.yaml": "resources: [a.yaml]\n"}
    texts["overlays/prod/kustomization.yaml"] += "patches: [{path: p.yaml}]\n"
    texts["overlays/prod/p.yaml"] = "kind: X\n"
    base = ("base/deployment.yaml",)
    found = gone("overlays/staging/canary.yaml", base, texts)
    assert found == {"overlays/prod/kustomization.yaml", "overlays/prod/p.yaml"}
    assert gone("canary.yaml", base, texts) == set()


def lint(folder: LocalPath, texts: Texts) -> dict[str, str]:
    for path, text in texts.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    found = findings(folder, default_provider=None, allow_missing=frozenset())
    return {one.canary: str(one.error or one.warning or one.summary) for one in found}


@pytest.mark.parametrize("said", [True, False])
def test_each_cluster_gets_a_canary_of_its_own(said: bool, tmp_path: LocalPath) -> None:
    files = {**PLAIN, "apps/route.yaml": ISTIO}
    texts = {
        path.replace("apps", f"clusters/{one}/web"): text
        if said
        else text.replace("  namespace: prod\n", "").replace(", namespace: prod", "")
        for path, text in files.items()
        for one in ("eu", "us")
    }
    for one in ("eu", "us"):
        before = texts
        space = "prod/" if said else ""
        answers = {} if said else {"namespace": "prod"}
        workload = f"clusters/{one}/web/deploy.yaml:{space}web"
        prepared = initialised(texts, workload=workload, **answers)
        assert any("taken for another cluster's" in remark.what for remark in prepared.remarks)
        texts = {**texts, **after({}, prepared)}
        assert {path.split("/")[1] for path in texts if texts[path] != before.get(path)} == {one}
    told = lint(tmp_path, texts)
    assert told.keys() == {"prod/web", "prod/web-us"}
    assert all(text.startswith("idle at 0 %") for text in told.values()), told


def test_each_overlay_of_one_namespace_gets_a_canary_of_its_own(tmp_path: LocalPath) -> None:
    texts = BASE | overlay("eu") | overlay("us")
    texts = {path: text.replace("namespace: us", "namespace: eu") for path, text in texts.items()}
    for one in ("eu", "us"):
        texts = {**texts, **after({}, initialised(texts, overlay=f"overlays/{one}"))}
    told = lint(tmp_path, texts)
    assert told.keys() == {"eu/web", "eu/web-us"}
    assert all(text.startswith("idle at 0 %") for text in told.values()), told


@pytest.mark.parametrize("home", ["overlays/{}/canary.yaml", "canaries/{}.yaml"])
def test_listed_fields_take_no_route_of_another_cluster(home: str, tmp_path: LocalPath) -> None:
    """One cluster's missing route is its own trouble: neither a conflict, nor another's weight."""
    made = {**BASE, **overlay("prod")}
    texts: Texts = {}
    for path, text in after(made, initialised(made, overlay="overlays/prod")).items():
        if path.endswith("canary.yaml"):
            for one in ("eu", "us"):
                named = text.replace("  targetRef:", f"  id: prod/web-{one}\n  targetRef:", 1)
                texts[home.format(one)] = named.replace("overlays/prod", f"overlays/{one}")
        elif path == "base/route.yaml":
            texts["overlays/us/route.yaml"] = text
        elif not path.startswith("overlays/"):
            texts[path] = text.replace(", route.yaml", "").replace("- route.yaml\n", "")
        else:
            for one in ("eu", "us"):
                more = text.replace("resources:\n", "resources:\n  - route.yaml\n", 1)
                there = path.replace("overlays/prod", f"overlays/{one}")
                texts[there] = more if one == "us" else text
    assert sum("route.yaml" in text for text in texts.values()) == 1

    told = lint(tmp_path, texts)

    assert "routes to web-primary and web-canary" in told["prod/web-eu"]
    assert told["prod/web-us"].startswith("idle at 0 %")
