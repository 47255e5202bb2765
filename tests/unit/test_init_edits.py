"""What a refusal of `init` in an overlay says to write, written; and what it moves by itself."""

from pathlib import Path as LocalPath

import pytest
from first_canary import BASE, Texts, after, initialised, overlay
from kustomized import Built, built, needs_kubectl

from gitops_canary.errors import CanaryError

PROD = "overlays/prod/kustomization.yaml"


@needs_kubectl
def test_a_suffix_goes_where_its_refusal_says(tmp_path: LocalPath) -> None:
    texts = BASE | overlay("prod", "nameSuffix: -eu\n")
    with pytest.raises(CanaryError) as refused:
        initialised(texts)
    assert "write the whole name, web-eu, into the manifests" in refused.value.remedy
    whole = written(texts, "name: web\n", "name: web-eu\n") | {PROD: overlay("prod")[PROD]}
    before = built(texts, tmp_path / "0", "overlays/prod")
    assert before.keys() - built(whole, tmp_path / "1", "overlays/prod").keys() == {
        ("HTTPRoute", "web-eu")
    }, "what routes go by has to be renamed by hand"
    whole = written(whole, "name: web, port", "name: web-eu, port")
    names = {name for _, name in built(after(whole, initialised(whole)), tmp_path, "overlays/prod")}
    assert {"web-eu", "web-eu-primary", "web-eu-canary"} <= names


def written(texts: Texts, old: str, new: str) -> Texts:
    return {path: text.replace(old, new) for path, text in texts.items()}


LABEL = "commonLabels: {app: shop}\n"


@needs_kubectl
def test_a_label_on_all_goes_where_its_refusal_says(tmp_path: LocalPath) -> None:
    texts = BASE | overlay("prod", LABEL)
    with pytest.raises(CanaryError) as refused:
        initialised(texts)
    remedy = refused.value.remedy
    places = "web (base/deployment.yaml) and into the selector of Service web (base/service.yaml)"
    assert places in remedy
    assert "put `labels: [{pairs: {app: shop}}]` in its place" in remedy
    said = written(texts, LABEL, "labels: [{pairs: {app: shop}}]\n")
    for old in ("    app: web\n", "matchLabels: {app: web}"):
        said = written(said, old, old.replace("web", "shop"))
    both = (texts, said)
    before, then = (built(one, tmp_path / str(n), "overlays/prod") for n, one in enumerate(both))
    assert before == then
    now = built(after(said, initialised(said)), tmp_path / "2", "overlays/prod")
    assert apart(now, "app") == ["shop", "shop-primary"]


def apart(now: Built, key: str) -> list[str]:
    """Give the label's value at both sides, for pods, their selector and their Service alike."""
    found = []
    for name, side in (("web", "web-canary"), ("web-primary", "web-primary")):
        spec = now["Deployment", name]["spec"]
        value = spec["template"]["metadata"]["labels"][key]
        assert spec["selector"]["matchLabels"][key] == value
        selector = now["Service", side]["spec"]["selector"]
        assert selector[key] == value
        assert selector.items() <= spec["template"]["metadata"]["labels"].items()
        found.append(value)
    return found


@needs_kubectl
@pytest.mark.parametrize("others", [{}, overlay("staging")], ids=["alone", "shared"])
def test_where_one_label_is_put_on_all_another_one_tells_them_apart(
    others: Texts, tmp_path: LocalPath
) -> None:
    base = written(BASE, "matchLabels:\n      app: web\n", "matchLabels: {app: web, part: front}\n")
    base = written(base, "        tier: front\n", "        part: front\n")
    base = written(base, "selector:\n    app: web\n", "selector: {app: web, part: front}\n")
    texts = base | overlay("prod", LABEL) | others
    prepared = initialised(texts, overlay="overlays/prod")
    now = built(after(texts, prepared), tmp_path, "overlays/prod")
    assert apart(now, "part") == ["front", "front-primary"]
    assert now["Service", "web"]["spec"]["selector"] == {"app": "shop", "part": "front-primary"}
    assert initialised(after(texts, prepared), overlay="overlays/prod").stages == ()


@needs_kubectl
@pytest.mark.parametrize("listed", ["\n- name: web\n  count: 7", " [{name: web, count: 7}]"])
def test_a_count_of_whole_templates_is_moved_into_the_workload(
    listed: str, tmp_path: LocalPath
) -> None:
    texts = written(BASE, "image: acme/web ", "image: acme/web:1.0.0 ")
    texts[PROD] = f"namespace: prod\nresources:\n- ../../base\nreplicas:{listed} # seven\n"
    prepared = initialised(texts)
    steps = [built(after(texts, prepared, n), tmp_path / str(n), "overlays/prod") for n in range(4)]
    counts = [[one.get(("Deployment", name), {}).get("spec", {}).get("replicas")
               for name in ("web", "web-primary")] for one in steps]  # fmt: skip
    assert counts == [[7, None], [7, 7], [7, 7], [0, 7]]
    assert "replicas" not in after(texts, prepared)[PROD]
    assert initialised(after(texts, prepared)).stages == ()
