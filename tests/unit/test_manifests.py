"""What `manifests/` installs and offers to copy: rendered, and held against published schemas."""

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from manifest_schema import problems

from gitops_canary.manifest.document import data, parse
from gitops_canary.routing import ROUTERS

MANIFESTS = Path(__file__).resolve().parents[2] / "manifests"
EXAMPLE = MANIFESTS / "example"
OUTDATED = {("extensions", "Ingress")} | {
    ("traefik.containo.us", kind)
    for kind in ("TraefikService", "IngressRouteTCP", "IngressRouteUDP")
}
"""Groups that no supported cluster serves any more."""


def documents(text: str) -> Iterator[dict[str, Any]]:
    for node in parse(text, file="manifest"):
        if node is not None:
            found = data(node, file="manifest")
            assert isinstance(found, dict)
            yield found


def rendered(folder: Path) -> list[dict[str, Any]]:
    """Have kubectl render a kustomization, as an engine does."""
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("kubectl, which brings kustomize, is not installed")
    argv = [kubectl, "kustomize", str(folder)]
    return list(documents(subprocess.run(argv, capture_output=True, text=True, check=True).stdout))


def kinds(found: list[dict[str, Any]]) -> list[str]:
    return sorted(one["kind"] for one in found)


@pytest.mark.parametrize("folder", ["controller", "controller/refresh", "example/apps/checkout"])
def test_rendered_objects_fit_their_schemas(folder: str) -> None:
    found = rendered(MANIFESTS / folder)
    assert [problem for one in found for problem in problems(one)] == []


@pytest.mark.parametrize("engine", ["argocd", "flux"])
def test_engine_objects_fit_their_schemas(engine: str) -> None:
    found = list(documents((EXAMPLE / "clusters" / engine / "checkout.yaml").read_text()))
    assert [problem for one in found for problem in problems(one)] == []


def test_custom_resource_fits_its_schema() -> None:
    [crd] = documents((MANIFESTS / "crd" / "gitops-canary.dev_canaries.yaml").read_text())
    assert list(problems(crd)) == []


def test_component_adds_the_rights_and_the_token_and_nothing_else(tmp_path: Path) -> None:
    shutil.copytree(MANIFESTS / "controller", tmp_path / "base")
    (tmp_path / "kustomization.yaml").write_text(
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
        "resources: [base]\ncomponents: [base/cluster-read]\n"
    )
    plain, more = rendered(MANIFESTS / "controller"), rendered(tmp_path)
    assert [problem for one in more for problem in problems(one)] == []
    assert kinds(more) == sorted([*kinds(plain), "ClusterRole", "ClusterRoleBinding"])
    tokens = [
        one["spec"]["template"]["spec"]["automountServiceAccountToken"]
        for one in (*plain, *more)
        if one["kind"] == "Deployment"
    ]
    assert tokens == [False, True]


def test_component_covers_every_routing_object() -> None:
    texts = (MANIFESTS / "controller/cluster-read/rbac.yaml").read_text()
    role = next(one for one in documents(texts) if one["kind"] == "ClusterRole")
    may = {
        (group, resource)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }
    known = {kind for router in ROUTERS.values() for kind in router.kinds} - OUTDATED
    missing = {(group, kind) for group, kind in known if (group, plural(kind)) not in may}
    assert missing == set()


def plural(kind: str) -> str:
    """Write a kind as the API's paths do."""
    low = kind.lower()
    if low.endswith("y"):
        return f"{low[:-1]}ies"
    return f"{low}es" if low.endswith("s") else f"{low}s"


def settings(engine: str, kind: str) -> Mapping[str, Any]:
    found = documents((EXAMPLE / "clusters" / engine / "checkout.yaml").read_text())
    (one,) = [one["spec"] for one in found if one["kind"] == kind]
    assert isinstance(one, dict)
    return one


def test_argo_cd_applies_all_of_git_and_waits_for_nothing() -> None:
    spec = settings("argocd", "Application")
    assert spec["syncPolicy"]["automated"] == {"prune": True, "selfHeal": True}
    assert spec["syncPolicy"]["retry"]["refresh"] is True
    assert "ignoreDifferences" not in spec
    assert spec["source"]["path"] == "apps/checkout"
    texts = [path.read_text() for path in (EXAMPLE / "apps").rglob("*.yaml")]
    assert not any("sync-wave" in text or "/hook" in text for text in texts)


def test_flux_applies_all_of_git_and_waits_for_nothing() -> None:
    spec = settings("flux", "Kustomization")
    assert (spec["prune"], spec["wait"], spec["timeout"]) == (True, False, "1m")
    assert not {"healthChecks", "healthCheckExprs", "dependsOn", "suspend"} & set(spec)
    assert spec["sourceRef"]["name"] == "config"
    assert spec["path"] == "./apps/checkout"
    assert settings("flux", "GitRepository")["ref"] == {"branch": "main"}


@pytest.mark.parametrize(
    ("kind", "change", "problem"),
    [
        ("Application", {"syncPolicy": {"automatic": {}}}, "'automatic' was unexpected"),
        ("Application", {"project": 7}, "7 is not of type 'string'"),
        ("Kustomization", {"healthcheck": []}, "'healthcheck' was unexpected"),
        ("Kustomization", {"prune": "yes"}, "'yes' is not of type 'boolean'"),
        ("GitRepository", {"branch": "main"}, "'branch' was unexpected"),
    ],
)
def test_schemas_refuse_what_the_engines_do_not_know(
    kind: str, change: Mapping[str, Any], problem: str
) -> None:
    engine = "argocd" if kind == "Application" else "flux"
    found = documents((EXAMPLE / "clusters" / engine / "checkout.yaml").read_text())
    (one,) = [one for one in found if one["kind"] == kind]
    told = " / ".join(problems({**one, "spec": {**one["spec"], **change}}))
    assert problem in told
