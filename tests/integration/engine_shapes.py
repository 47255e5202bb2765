"""Objects as Argo CD 3.x, Flux 2.x and Kubernetes' apps/v1 document them, and moves to look for."""

import json
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from http.server import BaseHTTPRequestHandler
from typing import Any

from api_server import send

from gitops_canary.core.text import instant_ms
from gitops_canary.model import names
from gitops_canary.model.names import CanaryId, Revision
from gitops_canary.model.observation import Answer, Expectation, Question, Touched
from gitops_canary.model.owned import DocRef

OURS, NEWER, OLDER = (Revision(letter * 40) for letter in "abc")
SINCE = instant_ms("2026-02-02T10:00:00Z")
APPLIED = instant_ms("2026-02-02T10:00:20Z")
WRITTEN = instant_ms("2026-02-02T10:00:21Z")
READY = instant_ms("2026-02-02T10:00:45Z")
ROUTE = DocRef(
    file=names.Path("vs.yaml"),
    index=0,
    api_version="networking.istio.io/v1",
    kind="VirtualService",
    namespace="prod",
    name="shop",
)
START = Expectation(
    canary=CanaryId("prod/shop"),
    revision=OURS,
    namespace="prod",
    since_ms=SINCE,
    weight_from=Decimal(0),
    weight_to=Decimal(0),
    canary_workload="shop",
    primary_workload="shop-primary",
    canary_images={"app": "shop:2"},
    primary_images=None,
    canary_replicas=2,
    primary_replicas=None,
    version_unseen=False,
    settle_ms=30_000,
    routes=(ROUTE,),
    provider="istio",
    apex="shop",
)
ADVANCE = replace(START, weight_to=Decimal(10), canary_images=None, canary_replicas=None)

TOUCHED = Touched(
    canary=CanaryId("prod/shop"),
    namespace="prod",
    workloads=("shop", "shop-primary"),
    routes=(ROUTE,),
    urgent=False,
)
SOURCE = "/apis/source.toolkit.fluxcd.io/v1/namespaces/flux-system/gitrepositories/config"
KUSTOMIZATION = "/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/flux-system/kustomizations/apps"


class Silent:
    """A metric source nobody asks."""

    async def ask(self, questions: Any) -> Mapping[Question, Answer]:
        raise AssertionError(questions)


def written(at: str) -> list[Mapping[str, Any]]:
    return [
        {"manager": "engine", "operation": "Apply", "time": at, "fieldsV1": {"f:spec": {}}},
        {
            "manager": "kube-controller-manager",
            "subresource": "status",
            "time": "2026-02-02T11:00:00Z",
            "fieldsV1": {"f:status": {}},
        },
    ]


def deployment(**status: Any) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": "shop",
            "namespace": "prod",
            "generation": 7,
            "managedFields": written("2026-02-02T10:00:21Z"),
        },
        "spec": {
            "replicas": 2,
            "template": {"spec": {"containers": [{"name": "app", "image": "shop:2"}]}},
        },
        "status": {
            "observedGeneration": 7,
            "replicas": 2,
            "updatedReplicas": 2,
            "availableReplicas": 2,
            "conditions": [
                {
                    "type": "Available",
                    "status": "True",
                    "lastTransitionTime": "2026-02-02T10:00:40Z",
                },
                {
                    "type": "Progressing",
                    "status": "True",
                    "reason": "NewReplicaSetAvailable",
                    "lastUpdateTime": "2026-02-02T10:00:45Z",
                },
            ],
        }
        | status,
    }


def route(weight: int) -> dict[str, Any]:
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": {
            "name": "shop",
            "namespace": "prod",
            "managedFields": written("2026-02-02T10:00:21Z"),
        },
        "spec": {
            "hosts": ["shop"],
            "http": [
                {
                    "route": [
                        {"destination": {"host": "shop-primary"}, "weight": 100 - weight},
                        {"destination": {"host": "shop-canary"}, "weight": weight},
                    ]
                }
            ],
        },
    }


def cluster(weight: int, **status: Any) -> dict[str, Any]:
    return {
        "/apis/apps/v1": {
            "resources": [
                {"name": "deployments", "kind": "Deployment"},
                {"name": "deployments/scale", "kind": "Scale"},
            ]
        },
        "/apis/networking.istio.io/v1": {
            "resources": [{"name": "virtualservices", "kind": "VirtualService"}]
        },
        "/apis/apps/v1/namespaces/prod/deployments/shop": deployment(**status),
        "/apis/networking.istio.io/v1/namespaces/prod/virtualservices/shop": route(weight),
    }


def flux(weight: int, applied: str, *, attempted: str = "", message: str = "") -> dict[str, Any]:
    return cluster(weight) | {
        "/apis/kustomize.toolkit.fluxcd.io/v1/kustomizations": {
            "items": [
                {
                    "metadata": {"name": "apps", "namespace": "flux-system"},
                    "spec": {"sourceRef": {"kind": "GitRepository", "name": "config"}},
                    "status": {
                        "lastAppliedRevision": applied,
                        "lastAttemptedRevision": attempted or applied,
                        "conditions": [{"type": "Ready", "message": message}],
                        "inventory": {
                            "entries": [
                                {"id": "prod_shop_apps_Deployment", "v": "v1"},
                                {
                                    "id": "prod_shop_networking.istio.io_VirtualService",
                                    "v": "v1",
                                },
                            ]
                        },
                    },
                }
            ]
        },
        f"PATCH {SOURCE}": {},
        f"PATCH {KUSTOMIZATION}": {},
    }


def application(weight: int, revision: str = NEWER, **status: Any) -> dict[str, Any]:
    app = {
        "metadata": {"name": "shop", "namespace": "argocd"},
        "status": {
            "sync": {"status": "Synced", "revision": revision},
            "health": {"status": "Degraded"},
            "history": [
                {"revision": OLDER, "deployedAt": "2026-02-02T09:00:00Z"},
                {"revision": OURS, "deployedAt": "2026-02-02T10:00:20Z"},
                {"revision": NEWER, "deployedAt": "2026-02-02T10:30:00Z"},
            ],
            "operationState": {"phase": "Succeeded"},
            "resources": [
                {
                    "group": "apps",
                    "kind": "Deployment",
                    "namespace": "prod",
                    "name": "shop",
                    "status": "Synced",
                },
                {
                    "group": "networking.istio.io",
                    "kind": "VirtualService",
                    "namespace": "prod",
                    "name": "shop",
                    "status": "Synced",
                },
            ],
        }
        | status,
    }
    shown = {"Deployment": deployment(), "VirtualService": route(weight)}

    def resource(handler: BaseHTTPRequestHandler) -> None:
        kind = next(kind for kind in shown if f"kind={kind}" in handler.path)
        send(handler, 200, json.dumps({"manifest": json.dumps(shown[kind])}).encode())

    return {
        "/api/v1/applications": {"items": [app]},
        "/api/v1/applications/shop": app,
        "/api/v1/applications/shop/resource": resource,
    }
