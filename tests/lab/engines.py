"""Stand-ins for the APIs of Argo CD, Flux and Kubernetes over the lab's own cluster.

Nothing is invented: revisions and instants are the sync agent's, pods those that run, weights those
that Envoy uses. Shapes as Argo CD 3.x, Flux 2.x (`v1`) and Kubernetes' apps/v1 document them.
"""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from gitops_canary.lab.agent import agent_url
from gitops_canary.lab.desired import documents
from gitops_canary.lab.loopback import get
from gitops_canary.lab.snapshot import files, manifests
from gitops_canary.lab.world import World

TOKEN = "lab-token"  # noqa: S105 - of a server in a test
KINDS = {"Deployment": "deployments", "VirtualService": "virtualservices"}
_FLUX = "/apis/kustomize.toolkit.fluxcd.io/v1"
Json = dict[str, Any]


class Engines:
    """What the three APIs would answer about one world now."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._read: dict[str, Mapping[tuple[str, str], Json]] = {}
        self.requests: list[str] = []
        """Every request to look at Git: `normal`, `hard`, or the kind that was annotated."""

    def answer(self, path: str, query: Mapping[str, list[str]]) -> Json | None:
        """Answer one GET; None where there is no such object."""
        if path in {"/api/v1/applications", f"{_FLUX}/kustomizations"}:
            return {"items": [self._application() if "/api/" in path else self._kustomization()]}
        if path == "/api/v1/applications/checkout":
            for how in query.get("refresh", ()):
                self._refresh(how)
            return self._application()
        if path == "/api/v1/applications/checkout/resource":
            return {"manifest": json.dumps(self._live(query["kind"][0], query["resourceName"][0]))}
        if path in {"/apis/apps/v1", "/apis/networking.istio.io/v1"}:
            return {"resources": [{"name": name, "kind": kind} for kind, name in KINDS.items()]}
        plural, _, name = path.partition("/namespaces/prod/")[2].partition("/")
        return self._live(next(k for k, p in KINDS.items() if p == plural), name)

    def annotated(self, path: str, body: Json) -> bool:
        """Take a reconcile request."""
        assert list(body["metadata"]["annotations"]) == ["reconcile.fluxcd.io/requestedAt"]
        kind = path.rsplit("/", 2)[1]
        self._refresh(kind)
        return kind in {"gitrepositories", "kustomizations"}

    def _refresh(self, how: str) -> None:
        self.requests.append(how)
        get(f"{agent_url(self._world.synced())}/refresh")

    def _state(self) -> Json:
        state: Json = json.loads(get(f"{agent_url(self._world.synced())}/state")[1])
        return state

    def _objects(self, revision: str) -> Mapping[tuple[str, str], Json]:
        if revision not in self._read:
            self._read[revision] = objects(self._world, revision)
        return self._read[revision]

    def _application(self) -> Json:
        state = self._state()
        applied = state["history"][-1][0]
        return {
            "metadata": {"name": "checkout", "namespace": "argocd"},
            "spec": {"syncPolicy": {"automated": {"prune": True, "selfHeal": True}}},
            "status": {
                "sync": {"status": "Synced", "revision": applied},
                "history": [
                    {"revision": one, "deployedAt": instant(at_ms)}
                    for one, at_ms in state["history"]
                ],
                "operationState": {"phase": "Running" if state["waiting"] else "Succeeded"},
                "resources": [
                    {"group": group(one), "kind": kind, "namespace": "prod", "name": name}
                    | {"status": "Synced"}
                    for (kind, name), one in self._objects(applied).items()
                ],
            },
        }

    def _kustomization(self) -> Json:
        applied = self._state()["history"][-1][0]
        ids = [
            f"prod_{name}_{group(one)}_{kind}"
            for (kind, name), one in self._objects(applied).items()
        ]
        return {
            "metadata": {"name": "checkout", "namespace": "flux-system"},
            "spec": {"sourceRef": {"kind": "GitRepository", "name": "config"}},
            "status": {
                "lastAppliedRevision": f"main@sha1:{applied}",
                "lastAttemptedRevision": f"main@sha1:{applied}",
                "conditions": [{"type": "Ready", "status": "True", "message": "Applied"}],
                "inventory": {"entries": [{"id": one, "v": "v1"} for one in ids]},
            },
        }

    def _live(self, kind: str, name: str) -> Json | None:
        state = self._state()
        one = self._objects(state["history"][-1][0]).get((kind, name))
        if one is None:
            return None
        live: Json = json.loads(json.dumps(one))
        if kind == "Deployment":
            [status] = [found for found in state["deployments"] if found["name"] == name]
            return deployment(live, status)
        weights = self._world.envoy.live().weights
        for entry in live["spec"]["http"][-1]["route"]:
            entry["weight"] = weights.get(f"prod_{entry['destination']['host']}", 0)
        since_ms = 0
        for revision, at_ms in reversed(state["history"]):
            if self._objects(revision).get((kind, name)) != one:
                break
            since_ms = at_ms
        live["metadata"]["managedFields"] = written(since_ms)
        return live


def objects(world: World, revision: str) -> Mapping[tuple[str, str], Json]:
    """Read what a revision asks for, by kind and name."""
    texts = manifests(files(world.origin.path, revision))
    return {
        (one["kind"], one["metadata"]["name"]): one
        for path, text in texts.items()
        for one in documents(path, text)
        if one["kind"] in {*KINDS, "Service"}
    }


def group(one: Json) -> str:
    return str(one["apiVersion"].rpartition("/")[0])


def instant(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat()


def written(at_ms: int) -> list[Json]:
    fields: Json = {"f:spec": {}}
    return [{"manager": "lab", "operation": "Apply", "time": instant(at_ms), "fieldsV1": fields}]


def deployment(live: Json, state: Json) -> Json:
    """Complete a Deployment with how far its pods are."""
    live["metadata"] |= {
        "generation": state["generation"],
        "managedFields": written(state["written_ms"]),
    }
    ready = {
        "type": "Available",
        "status": "True",
        "lastTransitionTime": instant(state["ready_ms"]),
    }
    live["status"] = {
        "observedGeneration": state["observed_generation"],
        "replicas": state["current"],
        "updatedReplicas": state["updated"],
        "availableReplicas": state["available"],
        "conditions": [ready] if state["ready_ms"] else [],
    }
    return live


@contextmanager
def serving(engines: Engines) -> Iterator[str]:
    """Serve the three APIs; their common URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            self._send(engines.answer(parts.path, parse_qs(parts.query)))

        def do_PATCH(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self._send({} if engines.annotated(self.path, body) else None)

        def _send(self, found: Json | None) -> None:
            allowed = self.headers["Authorization"] == f"Bearer {TOKEN}"
            body = json.dumps(found).encode()
            self.send_response(401 if not allowed else 404 if found is None else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
