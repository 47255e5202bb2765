"""Canary documents for tests, and reading them."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from gitops_canary.errors import Place, SpecError
from gitops_canary.manifest.document import parse
from gitops_canary.manifest.nodes import Node
from gitops_canary.manifest.spec_file import MetricTemplate, TemplateLookup, read_canary
from gitops_canary.model.spec import CanarySpec

FILE = "apps/canary.yaml"
Json = dict[str, Any]
TEXT = """\
apiVersion: flagger.app/v1beta1
kind: Canary
metadata:
  name: web
  namespace: prod
spec:
  provider: istio
  targetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: checkout
  service:
    port: 80
  analysis:
    interva1: 1m
    threshold: 3
    stepWeights: [5, 5, 4]
    metrics:
      - name: request-success-rate
        thresholdRange: {min: 99}
    webhooks:
      - nmae: gate
        url: http://gate/
"""


def nothing(namespace: str, name: str) -> None:
    """Know no template at all."""
    del namespace, name


def anything(namespace: str, name: str) -> MetricTemplate:
    """Know every template."""
    return MetricTemplate(
        namespace=namespace,
        name=name,
        provider="prometheus",
        address=None,
        query="vector(1)",
        place=Place("templates.yaml", 1, 1),
    )


def root(text: str) -> Node:
    (node,) = parse(text, file=FILE)
    assert node is not None
    return node


def flagger(**changes: Any) -> Json:
    """Give a small Flagger Canary; a key of its spec given as None is left out."""
    return _document("flagger.app/v1beta1", {"service": {"port": 80}}, changes)


def own(**changes: Any) -> Json:
    """Give a small Canary of our own dialect."""
    return _document("gitops-canary.dev/v1alpha1", {}, changes)


def analysis(**changes: Any) -> Json:
    """Give a small analysis."""
    whole = {
        "threshold": 3,
        "stepWeights": [10, 50],
        "metrics": [{"name": "request-success-rate", "thresholdRange": {"min": 99}}],
        **changes,
    }
    return {key: value for key, value in whole.items() if value is not None}


def metric(**changes: Any) -> Json:
    """Give a Canary with one check."""
    return flagger(analysis=analysis(metrics=[{"name": "errors", **changes}]))


def steps(**changes: Any) -> Json:
    """Give a Canary with these steps."""
    return flagger(analysis=analysis(**{"stepWeights": None, **changes}))


def _document(api_version: str, extra: Json, changes: Json) -> Json:
    spec = {
        "provider": "istio",
        "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "checkout"},
        "analysis": analysis(),
        **extra,
        **changes,
    }
    return {
        "apiVersion": api_version,
        "kind": "Canary",
        "metadata": {"name": "web", "namespace": "prod"},
        "spec": {key: value for key, value in spec.items() if value is not None},
    }


def read(
    document: Mapping[str, Any] | str, *, templates: TemplateLookup = anything, **rest: Any
) -> CanarySpec:
    """Read a document; JSON is YAML."""
    text = document if isinstance(document, str) else json.dumps(document)
    return read_canary(root(text), file=FILE, templates=templates, **rest)


def refusal(document: Mapping[str, Any] | str, **rest: Any) -> SpecError:
    """Expect a refusal."""
    with pytest.raises(SpecError) as caught:
        read(document, **rest)
    return caught.value
