"""The owned files of one canary in memory: two workloads and a route of Istio's."""

from decimal import Decimal
from typing import Any

from checks import spec
from routes import CASES
from situations import LIVE_MS

from gitops_canary.core.edits import Ground
from gitops_canary.manifest import bindings, catalog
from gitops_canary.manifest.owned import owned
from gitops_canary.model.decision import Act
from gitops_canary.model.names import CanaryId, Path, RolloutId
from gitops_canary.model.observation import Liveness
from gitops_canary.model.rollout import Action, Outcome
from gitops_canary.model.spec import CanarySpec
from gitops_canary.routing import ROUTERS

APPS, ROUTE = Path("apps.yaml"), Path("route.yaml")
ROUTER = ROUTERS["istio"]
AT_MS = 1_770_000_000_250
LIVE = Liveness(live_ms=LIVE_MS, proof=("seen",), waiting="")
_WORKLOAD = """\
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec: {{containers: [{{name: app, image: "shop:{tag}"{env}}}]}}
"""


def canary_spec() -> CanarySpec:
    return spec(provider="istio", apex="shop")


def ground(
    candidate: str,
    primary: str,
    *,
    weight: int = 0,
    replicas: tuple[int, int] = (2, 2),
    env: str = "",
    route: str = "",
    one: CanarySpec | None = None,
) -> Ground:
    """Write the files of a revision and read them as the controller does."""
    rows = (("shop", candidate, replicas[0], env), ("shop-primary", primary, replicas[1], ""))
    apps = "".join(
        _WORKLOAD.format(name=name, tag=tag, replicas=count, env=more)
        for name, tag, count, more in rows
    )
    text = route or CASES["istio-http"].text
    text = text.replace("weight: 100", f"weight: {100 - weight}").replace(
        "weight: 0", f"weight: {weight}"
    )
    texts = {APPS: apps, ROUTE: text}
    found = [ref for file, body in texts.items() for ref in catalog.headers(body, file=file)]
    one = one or canary_spec()
    binding = bindings.resolve(one, found, texts.__getitem__, ROUTER, exists=texts.__contains__)
    return Ground(
        binding=binding, texts=texts, owned=owned(one, binding, texts.__getitem__, ROUTER)
    )


def act(action: Action, weight: str = "0", step: int = 1, **more: Any) -> Act:
    values: dict[str, Any] = {
        "canary": CanaryId("prod/shop"),
        "rollout": RolloutId("0123456789ab"),
        "action": action,
        "step": step,
        "weight": Decimal(weight),
        "verdict": Outcome.NONE,
        "failed": 0,
        "window": None,
        "reason": "Because.",
        "at_ms": AT_MS,
        "live": LIVE,
        **more,
    }
    return Act(**values)
