"""Every complete Canary among Flagger's own documents gives a plan, in a repository made for it."""

import json
from collections import Counter
from pathlib import Path as LocalPath

import pytest
from corpus import CORPUS
from routes import CASES

from gitops_canary.app.linting import findings
from gitops_canary.errors import CanaryError
from gitops_canary.manifest.document import Node, parse
from gitops_canary.manifest.flagger_fields import DEFERRABLE

ROUTES = {
    "": "istio-http",
    "istio": "istio-http",
    "gatewayapi:v1": "gateway-HTTPRoute-v1",
    "gatewayapi:v1beta1": "gateway-HTTPRoute-v1beta1",
    "linkerd": "linkerd-split",
    "nginx": "nginx",
    "traefik": "traefik",
    "contour": "contour",
    "kuma": "kuma",
    "gloo": "gloo",
    "apisix": "apisix",
    "skipper": "skipper",
    "kubernetes": "kubernetes",
    "smi:v1alpha1": "smi-milli",
}
TEMPLATE = """\
---
apiVersion: flagger.app/v1beta1
kind: MetricTemplate
metadata: {{name: {name}, namespace: {space}}}
spec: {{provider: {{type: prometheus}}, query: vector(1)}}
"""
NO_PLAN = (
    "is missing",  # an excerpt
    "has no metadata.name",
    "targetRef.kind is Service: the cluster names",
    "is not known",  # v1alpha3
    "has no check, and no webhook is of type rollout",  # nothing judges it
)


def word(root: Node, *path: str) -> str:
    node = root.get(*path)
    return node.value if node is not None else ""


def world(folder: LocalPath, root: Node, text: str) -> None:
    """Write what a Canary needs beside it: workloads, scalers, a route, templates."""
    target, kind = (word(root, "spec", "targetRef", key) for key in ("name", "kind"))
    apex = word(root, "spec", "service", "name") or target
    space = word(root, "metadata", "namespace") or "default"
    scaler = word(root, "spec", "autoscalerRef", "kind")
    documents = []
    for name in (target, f"{target}-primary"):
        pod = {
            "metadata": {"labels": {"app": name}},
            "spec": {"containers": [{"name": "app", "image": "acme/app:1"}]},
        }
        meta = {"name": name, "namespace": space}
        documents.append(
            {"apiVersion": "apps/v1", "kind": kind, "metadata": meta, "spec": {"template": pod}}
        )
        if scaler:
            named = meta | {
                "name": word(root, "spec", "autoscalerRef", "name") + name[len(target) :]
            }
            spec = {"scaleTargetRef": {"name": name}}
            documents.append({"apiVersion": "v1", "kind": scaler, "metadata": named, "spec": spec})
    case = CASES[ROUTES.get(word(root, "spec", "provider"), "istio-http")]
    route = case.text.replace("shop", apex).replace("prod", space)
    templates = {
        word(item, "templateRef", "name"): word(item, "templateRef", "namespace") or space
        for item in (root.get("spec", "analysis", "metrics") or root).items
        if item.get("templateRef")
    }
    (folder / "canary.yaml").write_text(text)
    (folder / "apps.yaml").write_text("".join(f"---\n{json.dumps(one)}\n" for one in documents))
    (folder / "route.yaml").write_text(route)
    more = "".join(TEMPLATE.format(name=n, space=s) for n, s in templates.items())
    (folder / "templates.yaml").write_text(more or "# none\n")


def test_every_complete_canary_of_flaggers_documents_gives_a_plan(tmp_path: LocalPath) -> None:
    folder = CORPUS / "flagger"
    if not folder.is_dir():
        pytest.skip("the corpus of real manifests is not beside this repository")
    planned, refused, odd = Counter[str](), Counter[str](), []
    for number, path in enumerate(sorted(folder.glob("Canary-*.yaml"))):
        text = path.read_text()
        try:
            roots = [root for root in parse(text, file=path.name) if root is not None]
        except CanaryError:
            continue
        (tmp_path / str(number)).mkdir()
        world(tmp_path / str(number), roots[0], text)
        for one in findings(
            tmp_path / str(number),
            default_provider="istio",
            allow_missing=DEFERRABLE - {"analysis.webhooks", "analysis.alerts"},
        ):
            if one.error is None:
                assert any(line.startswith("  1. start:") for line in one.outlook)
                planned[word(roots[0], "spec", "provider") or "istio"] += 1
                continue
            why = next((known for known in NO_PLAN if known in str(one.error)), "")
            refused[why] += 1
            odd += [] if why else [f"{path.name}: {one.error}"]
    print(planned.total(), dict(planned), dict(refused))
    assert odd == []
    assert planned.total() >= 39
