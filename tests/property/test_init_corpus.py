"""`init` on real manifests: what comes out is proved, or refused with place and remedy."""

import re

import pytest
from corpus import manifests
from first_canary import DEPLOYMENT, SERVICE, Texts, after, initialised

from gitops_canary.errors import CanaryError

FILES = 40
BACKENDS = {
    "VirtualService": ("istio", r"host: [\"']?([a-z0-9-]+)"),
    "HTTPRoute": ("gatewayapi:v1", r"backendRefs:.*?name: [\"']?([a-z0-9-]+)"),
    "IngressRoute": ("traefik", r"services:.*?name: [\"']?([a-z0-9-]+)"),
}


def sample(kind: str) -> list[tuple[str, str]]:
    """Take files at even distances."""
    found = list(manifests(kind))
    return found[:: max(1, len(found) // FILES)][:FILES]


def fitted(route: str, pattern: str) -> tuple[Texts, str] | None:
    """Write an application that a route's first backend leads to; None where it names none."""
    backend = re.search(pattern, route, re.DOTALL)
    space = re.search(r"^  namespace: [\"']?([a-z0-9-]+)", route, re.MULTILINE)
    if backend is None:
        return None
    name, namespace = backend[1], space[1] if space else "prod"
    texts = {
        file: text.replace("web", name).replace("prod", namespace)
        for file, text in (("a/deploy.yaml", DEPLOYMENT), ("a/service.yaml", SERVICE))
    }
    return texts | {"a/route.yaml": route}, f"{namespace}/{name}"


@pytest.mark.parametrize("kind", BACKENDS)
def test_real_routes_come_to_split_or_are_refused_with_a_place(kind: str) -> None:
    router, pattern = BACKENDS[kind]
    refused: list[CanaryError] = []
    done = 0
    for name, route in sample(kind):
        found = fitted(route, pattern)
        if found is None:
            continue
        texts, workload = found
        try:
            prepared = initialised(texts, workload=workload, router=router)
        except CanaryError as error:
            refused.append(error)
            continue
        now = after(texts, prepared)
        assert initialised(now, workload=workload, router=router).stages == (), name
        done += 1
    assert done >= FILES // 4
    assert all(one.remedy for one in refused)
    assert [one.problem for one in refused if not (one.place or "no answer" in one.problem)] == []
