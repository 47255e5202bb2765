"""What a Canary that is there already says of Services and routes that lay in no file so far.

Flagger makes them in the cluster from `spec.service`; here they lie in Git.
"""

from collections.abc import Mapping

from gitops_canary.manifest.initial.terrain import Document, Terrain


def canary_of(terrain: Terrain, workload: Document, namespace: str) -> Document | None:
    """Find the Canary, in either dialect, of a workload."""
    name = workload.ref.name
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
