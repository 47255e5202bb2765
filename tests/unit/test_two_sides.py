"""Both workloads and Services of listed `images:` entries, under the names kustomize gives them."""

from pathlib import Path as LocalPath

import pytest
from first_canary import Texts, after, initialised, overlay
from test_init_renaming import PROD, prefixed, written

from gitops_canary.app.doctor_manifests import canaries, unguarded
from gitops_canary.app.doctor_subject import subject
from gitops_canary.app.linting import WORK_TREE, Finding, Folder, findings
from gitops_canary.app.reading import Reader, Rules
from gitops_canary.errors import BindingError
from gitops_canary.routing import ROUTERS

RULES = Rules(paths=(), default_provider=None, allow_missing=frozenset())
RENAMED = """\
patches:
- target: {kind: Deployment, name: web-2}
  patch: '[{"op": "replace", "path": "/metadata/name", "value": "web-primary"}]'
"""
PREFIX = "namePrefix: live-\n"


@pytest.fixture(params=[PREFIX, ""], ids=["prefix", "plain"])
def begun(request: pytest.FixtureRequest) -> Texts:
    return first(request.param, {})


def first(prefix: str, others: Texts) -> Texts:
    texts = prefixed("istio", prefix=prefix) | others
    if not prefix:
        texts = {path: text.replace("live-web", "web") for path, text in texts.items()}
    return after(texts, initialised(texts, overlay="overlays/prod"))


def name(texts: Texts) -> str:
    return "live-web" if PREFIX in texts[PROD] else "web"


def look(texts: Texts, folder: LocalPath) -> Finding:
    return told(texts, folder)[0]


def told(texts: Texts, folder: LocalPath) -> list[Finding]:
    written(texts, folder)
    return findings(folder, default_provider=None, allow_missing=frozenset())


def without(texts: Texts, kind: str, wanted: str) -> Texts:
    """Take out one document."""

    def kept(text: str) -> bool:
        return f"kind: {kind}\nmetadata:\n  name: {wanted}\n" not in text

    return {path: "---\n".join(filter(kept, text.split("---\n"))) for path, text in texts.items()}


def test_what_init_wrote_is_sound(begun: Texts, tmp_path: LocalPath) -> None:
    one = look(begun, tmp_path)
    assert one.error is None
    assert "whatever the weight" not in one.summary


@pytest.mark.parametrize("kind", ["Deployment", "Service"])
def test_what_is_missing_is_named(kind: str, begun: Texts, tmp_path: LocalPath) -> None:
    less = without(begun, kind, "web-primary")
    assert less != begun
    one = look(less, tmp_path)
    assert one.error is not None
    assert one.error.problem.startswith(f"There is no {kind} {name(begun)}-primary, the primary")
    (found,) = canaries(subject(Folder(tmp_path), WORK_TREE, RULES))
    assert found.what == one.error.problem


def test_a_suffix_stands_behind_the_primarys_name_too(tmp_path: LocalPath) -> None:
    texts = first("", {})
    texts[PROD] += "nameSuffix: -eu\n"
    for old in ("{host: web", "kind: Deployment\n    name: web"):
        texts = {path: text.replace(old, f"{old}-eu") for path, text in texts.items()}
    one = look(texts, tmp_path)
    assert one.error is not None
    assert "There is no Deployment web-eu-primary" in one.error.problem
    assert f"take nameSuffix out of {PROD}" in one.error.remedy


@pytest.mark.parametrize(
    "more", ["- https://git.example/a//b\n", "- git.example/a//b?ref=1\n"], ids=["url", "remote"]
)
def test_what_may_lie_elsewhere_is_not_missed(more: str, begun: Texts, tmp_path: LocalPath) -> None:
    less = without(begun, "Deployment", "web-primary")
    less[PROD] = less[PROD].replace("resources:\n", f"resources:\n  {more}")
    assert look(less, tmp_path).error is None
    for elsewhere in ("helmCharts: [{name: web}]\n", RENAMED):
        less[PROD] = begun[PROD] + elsewhere
        assert look(less, tmp_path).error is None


def crossed(texts: Texts) -> Texts:
    """Let the primary's Service select the candidate's pods."""
    (path,) = (p for p, t in texts.items() if "kind: Service\n" in t and "name: web-primary\n" in t)
    head, mark, rest = texts[path].partition("kind: Service\nmetadata:\n  name: web-primary\n")
    return texts | {path: head + mark + rest.replace("app: web-primary\n", "app: web\n", 1)}


def test_a_service_over_the_other_side_is_refused(begun: Texts, tmp_path: LocalPath) -> None:
    wrong = crossed(begun)
    assert wrong != begun
    one = look(wrong, tmp_path)
    assert one.error is not None
    assert f"{name(begun)}-primary selects the pods of the canary" in one.error.problem
    wrong[PROD] += "commonLabels: {app: web}\n"
    assert look(wrong, tmp_path).error is None, "which labels there will be is not known"


@pytest.mark.parametrize("prefix", [PREFIX, ""])
def test_a_patch_of_one_service_hides_no_other(prefix: str, tmp_path: LocalPath) -> None:
    texts = first(prefix, overlay("staging", "namePrefix: try-\n"))
    assert "patches:\n" in texts[PROD]
    assert look(texts, tmp_path).error is None
    wrong = crossed(texts)
    one = look(wrong, tmp_path)
    assert one.error is not None
    assert "selects the pods of the canary" in one.error.problem
    split = "apiVersion: v1\nkind: Service\nmetadata: {name: web-primary}\n"
    wrong["overlays/prod/right.yaml"] = split + "spec: {selector: {app: web-primary}}\n"
    wrong[PROD] = wrong[PROD].replace("patches:\n", "patches:\n  - path: right.yaml\n")
    assert look(wrong, tmp_path).error is None, "a patch has put it right"


def test_the_service_users_call_is_told_where_it_selects_the_candidate(
    begun: Texts, tmp_path: LocalPath
) -> None:
    begun["base/service.yaml"] = begun["base/service.yaml"].replace("app: web-primary", "app: web")
    assert "whatever the weight, the canary also gets" in look(begun, tmp_path).summary


def test_no_rollout_starts_without_both_sides(begun: Texts, tmp_path: LocalPath) -> None:
    less = without(begun, "Deployment", "web-primary")
    written(less, tmp_path)
    reader = Reader(Folder(tmp_path), RULES, ROUTERS)
    view = reader.view(WORK_TREE)
    (spec,) = view.canaries.values()
    assert reader.bind(view, spec).owned.settled, "at rest nothing is held"
    written({PROD: less[PROD].replace('"1.10"', '"1.11"', 1)}, tmp_path)
    reader = Reader(Folder(tmp_path), RULES, ROUTERS)
    with pytest.raises(BindingError, match="There is no Deployment"):
        reader.bind(reader.view(WORK_TREE), spec)


def test_a_config_of_both_sides_is_told(begun: Texts, tmp_path: LocalPath) -> None:
    image = "        image: acme/web"
    use = "        envFrom: [{configMapRef: {name: shared}}]\n" + image
    written({path: text.replace(image, use) for path, text in begun.items()}, tmp_path)
    found = [one.what for one in unguarded(subject(Folder(tmp_path), WORK_TREE, RULES))]
    assert found == ["both sides use ConfigMap shared: a change of it reaches everyone at once"]
