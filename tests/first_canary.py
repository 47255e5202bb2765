"""Repositories that know no canary yet, and what `init` makes of them."""

from collections.abc import Mapping

from first_routes import GATEWAY, ROUTES

from gitops_canary.app.initialising import Prepared, asking, prepare
from gitops_canary.manifest.document import data, parse
from gitops_canary.manifest.initial.terrain import survey
from gitops_canary.manifest.scalars import Json
from gitops_canary.model.names import Path

Texts = dict[str, str]
DEPLOYMENT = """\
# the shop
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: prod
  labels: {app: web}
  annotations:
    keel.sh/policy: all
spec:
  replicas: 3
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
        tier: front
    spec:
      containers:
      - name: app
        image: acme/web:1.0.0 # {"$imagepolicy": "flux-system:web"}
        ports:
        - containerPort: 8080
      topologySpreadConstraints:
      - maxSkew: 1
        labelSelector: {matchLabels: {app: web}}
"""
SERVICE = """\
apiVersion: v1
kind: Service
metadata:
  name: web
  namespace: prod
  annotations:
    external-dns.alpha.kubernetes.io/hostname: shop.example
spec:
  type: LoadBalancer
  selector:
    app: web
  ports:
  - port: 80
    targetPort: 8080
    nodePort: 30000
"""
POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: prod}
spec:
  podSelector: {matchLabels: {app: web}}
  ingress: [{from: [{podSelector: {matchLabels: {app: caller}}}]}]
"""
PLAIN: Texts = {"apps/deploy.yaml": DEPLOYMENT, "apps/service.yaml": SERVICE}
TOGETHER = DEPLOYMENT.replace(
    "        tier: front\n", "        tier: front\n        gitops-canary.dev/pods-of: service-web\n"
)
"""Pods that one Service can select on both sides."""
BASE: Texts = {
    "base/deployment.yaml": DEPLOYMENT.replace("  namespace: prod\n", "").replace(":1.0.0", ""),
    "base/service.yaml": SERVICE.replace("  namespace: prod\n", ""),
    "base/route.yaml": GATEWAY.replace(", namespace: prod", ""),
    "base/kustomization.yaml": "resources: [deployment.yaml, service.yaml, route.yaml]\n",
}


def overlay(name: str, more: str = "") -> Texts:
    return {
        f"overlays/{name}/kustomization.yaml": f"namespace: {name}\nresources:\n  - ../../base\n"
        f'{more}images:\n  - name: acme/web\n    newTag: "1.10"\n'
    }


def plain(router: str, more: Mapping[str, str] = {}) -> Texts:
    route = {"apps/route.yaml": ROUTES[router]} if router in ROUTES else {}
    both = {"apps/deploy.yaml": TOGETHER} if router == "haproxy" else {}
    return {**PLAIN, **both, **route, **more}


def initialised(texts: Mapping[str, str], **answers: str) -> Prepared:
    """Answer what has an answer that suggests itself, and the rest as given."""
    terrain = survey({Path(path): text for path, text in texts.items()})
    questions = asking(terrain)
    said = dict(answers)
    if "router" in said:
        said["router"] = said["router"].partition(" ")[0]
    while (question := questions.next(said)) is not None:
        assert question.default, question
        said[question.key] = question.default
    return prepare(terrain, questions.choice(said), ())


def after(texts: Mapping[str, str], prepared: Prepared, stages: int | None = None) -> Texts:
    """Give the repository as it is behind so many of the commits."""
    found = dict(texts)
    for stage in prepared.stages[:stages]:
        found |= {str(path): text for path, text in stage.files.items()}
    return {path: text for path, text in found.items() if path.endswith((".yaml", ".yml", ".json"))}


def objects(texts: Mapping[str, str], kind: str) -> dict[str, dict[str, Json]]:
    found: dict[str, dict[str, Json]] = {}
    for path, text in texts.items():
        for root in parse(text, file=path):
            value = data(root, file=path) if root else None
            if isinstance(value, dict) and value.get("kind") == kind:
                meta = value["metadata"]
                assert isinstance(meta, dict)
                found[str(meta["name"])] = value
    return found
