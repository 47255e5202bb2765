"""What a Canary that is there already says of Services and routes that lay in no file so far.

Flagger makes them in the cluster from `spec.service`; here they lie in Git.
"""

import re
from collections.abc import Mapping
from decimal import Decimal

from gitops_canary.manifest.initial.terrain import Document, Terrain


def canary_of(terrain: Terrain, name: str, namespace: str) -> Document | None:
    """Find the Canary, in either dialect, of a workload by the name it has in the cluster."""
    return next(
        (
            one
            for one in terrain.of("Canary")
            if one.word("spec", "targetRef", "name") == name
            and one.ref.namespace in {"", namespace}
        ),
        None,
    )


def answers(canary: Document) -> Mapping[str, str]:
    """Give the answers that a Canary implies, by question."""
    service = ("spec", "service")
    found = {
        "router": canary.word("spec", "provider"),
        "service": canary.word(*service, "name") or canary.word("spec", "targetRef", "name"),
        "gateway": _gateway(canary),
        "hosts": ",".join(_words(canary, *service, "hosts")),
    }
    return {key: value for key, value in found.items() if value}


LADDER = (5, 10, 25, 50)
"""Percent of traffic, where no Canary says otherwise."""
_WEIGHT = re.compile(r"[0-9]{1,3}(\.[0-9]{1,3})?")


def ladder(canary: Document | None) -> tuple[Decimal, ...]:
    """Give every weight that a Canary's steps give, 100 too."""
    at = ("spec", "analysis")
    listed = _words(canary, *at, "stepWeights") if canary is not None else []
    step, most = ((canary.word(*at, key) if canary else "") for key in ("stepWeight", "maxWeight"))
    if not listed and step.isdigit() and int(step):
        end = int(most) if most.isdigit() else 100
        listed = [str(weight) for weight in range(int(step), end, int(step))] + [str(end)]
    known = [Decimal(one) for one in listed if _WEIGHT.fullmatch(one)]
    return (*(known or map(Decimal, LADDER)), Decimal(100))


def ports(canary: Document) -> list[dict[str, int | str]]:
    """Give the Service's ports; empty where the Canary names none."""
    at = ("spec", "service")
    port = canary.word(*at, "port")
    if not port.isdigit():
        return []
    target = canary.word(*at, "targetPort") or port
    one: dict[str, int | str] = {"name": canary.word(*at, "portName") or "http", "port": int(port)}
    return [one | {"targetPort": int(target) if target.isdigit() else target}]


def _gateway(canary: Document) -> str:
    """Name the first gateway; `mesh` is Istio's word for none."""
    at = ("spec", "service", "gatewayRefs", 0)
    if name := canary.word(*at, "name"):
        space = canary.word(*at, "namespace")
        return f"{space}/{name}" if space else name
    listed = _words(canary, "spec", "service", "gateways")
    return next((one for one in listed if one != "mesh"), "")


def _words(canary: Document, *at: str) -> list[str]:
    node = canary.root.get(*at)
    return [item.value for item in node.items] if node is not None else []
