"""What a revision of the config repository asks the cluster to be; pure."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from gitops_canary.errors import Place, SpecError

_LEFT_TO_OTHERS = frozenset(
    {"Canary", "MetricTemplate", "AlertProvider", "Namespace", "ConfigMap", "Kustomization"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """Pods that shall run; `template` is a digest over the whole pod template."""

    namespace: str
    name: str
    replicas: int
    labels: Mapping[str, str]
    images: Mapping[str, str]
    """Container name to image reference."""
    template: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A name for the pods with these labels."""

    namespace: str
    name: str
    selector: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Who gets which share of a host's requests, in percent by Service name."""

    namespace: str
    host: str
    shares: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """Everything of one revision."""

    deployments: tuple[Deployment, ...] = ()
    services: tuple[Service, ...] = ()
    routes: tuple[Route, ...] = ()


def read(texts: Mapping[str, str]) -> Desired:
    """Read manifests, by path.

    Raises:
        SpecError: something in them is nothing this small cluster can run.
    """
    found = Desired()
    for path, text in sorted(texts.items()):
        for document in documents(path, text):
            try:
                found = _add(found, document, path)
            except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
                raise SpecError(
                    f"A field of this {document.get('kind')} is missing or odd: {error!r}.",
                    remedy="compare it with manifests/example",
                    place=Place(path),
                ) from error
    return found


def documents(path: str, text: str) -> list[dict[str, Any]]:
    """Split a file into its documents; empty ones are left out."""
    try:
        found = [d for d in YAML(typ="safe").load_all(text) if d is not None]
    except YAMLError as error:
        raise SpecError(
            f"This is not YAML: {error}", remedy="correct the file", place=Place(path)
        ) from error
    if not all(isinstance(d, dict) for d in found):
        raise SpecError("A document is no mapping.", remedy="correct it", place=Place(path))
    return found


def _add(found: Desired, document: dict[str, Any], path: str) -> Desired:
    match document["kind"]:
        case "Deployment":
            more = (*found.deployments, _deployment(document))
            return Desired(deployments=more, services=found.services, routes=found.routes)
        case "Service":
            services = (*found.services, _service(document))
            return Desired(deployments=found.deployments, services=services, routes=found.routes)
        case "VirtualService":
            routes = (*found.routes, *_routes(document))
            return Desired(deployments=found.deployments, services=found.services, routes=routes)
        case kind if kind in _LEFT_TO_OTHERS:
            return found
        case kind:
            raise SpecError(
                f"The lab's cluster does not know the kind {kind!r}.",
                remedy="keep it out of the lab's repository",
                place=Place(path),
            )


def _deployment(document: dict[str, Any]) -> Deployment:
    spec = document["spec"]
    template = spec["template"]
    canonical = json.dumps(template, sort_keys=True).encode()
    return Deployment(
        namespace=document["metadata"]["namespace"],
        name=document["metadata"]["name"],
        replicas=int(spec.get("replicas", 1)),
        labels=dict(template["metadata"]["labels"]),
        images={c["name"]: str(c["image"]) for c in template["spec"]["containers"]},
        template=hashlib.sha256(canonical).hexdigest(),
    )


def _service(document: dict[str, Any]) -> Service:
    return Service(
        namespace=document["metadata"]["namespace"],
        name=document["metadata"]["name"],
        selector=dict(document["spec"]["selector"]),
    )


def _routes(document: dict[str, Any]) -> list[Route]:
    http = document["spec"]["http"]
    if len(http) != 1 or set(http[0]) != {"route"}:
        raise ValueError("spec.http must be one entry with nothing but `route`")
    entries = http[0]["route"]
    whole = 100 if len(entries) == 1 else 0
    shares = {
        str(entry["destination"]["host"]).split(".", 1)[0]: int(entry.get("weight", whole))
        for entry in entries
    }
    if len(shares) != len(entries) or sum(shares.values()) != 100:  # noqa: PLR2004 - percent
        raise ValueError(f"the weights must be of different hosts and add up to 100: {shares}")
    namespace = document["metadata"]["namespace"]
    hosts = [str(host).split(".", 1)[0] for host in document["spec"]["hosts"]]
    return [Route(namespace=namespace, host=host, shares=shares) for host in hosts]
