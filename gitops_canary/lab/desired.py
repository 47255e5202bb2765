"""What a revision of the config repository asks the cluster to be; pure."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gitops_canary.errors import Place, SpecError
from gitops_canary.manifest import document

_LEFT_TO_OTHERS = frozenset(
    {
        *("Canary", "MetricTemplate", "AlertProvider", "Namespace", "ConfigMap", "Kustomization"),
        *("Application", "GitRepository"),
    }
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
class Matched:
    """Requests with these headers all go to one Service; a header is (how, value)."""

    headers: Mapping[str, tuple[str, str]]
    service: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Who gets which share of a host's requests, in percent by Service name."""

    namespace: str
    host: str
    shares: Mapping[str, int]
    cookies: Mapping[str, str] = field(default_factory=dict)
    """By Service, what its responses set (`Set-Cookie`)."""
    matched: tuple[Matched, ...] = ()
    """Looked at before the shares, in this order."""
    mirror: str | None = None
    """The Service that gets copies."""
    mirror_percent: float = 100.0


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
        for one in documents(path, text):
            try:
                found = _add(found, one, path)
            except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
                raise SpecError(
                    f"A field of this {one.get('kind')} is missing or odd: {error!r}.",
                    remedy="compare it with manifests/example",
                    place=Place(path),
                ) from error
    return found


def documents(path: str, text: str) -> list[dict[str, Any]]:
    """Split a file into its documents; empty ones are left out.

    Raises:
        SpecError: it is not YAML, or one of them is no mapping.
    """
    found: list[dict[str, Any]] = []
    for node in document.parse(text, file=path):
        value = None if node is None else document.data(node, file=path)
        if isinstance(value, dict):
            found.append(value)
        elif value is not None:
            raise SpecError("A document is no mapping.", remedy="correct it", place=Place(path))
    return found


def _add(found: Desired, one: dict[str, Any], path: str) -> Desired:
    match one["kind"]:
        case "Deployment":
            more = (*found.deployments, _deployment(one))
            return Desired(deployments=more, services=found.services, routes=found.routes)
        case "Service":
            services = (*found.services, _service(one))
            return Desired(deployments=found.deployments, services=services, routes=found.routes)
        case "VirtualService":
            routes = (*found.routes, *_routes(one))
            return Desired(deployments=found.deployments, services=found.services, routes=routes)
        case kind if kind in _LEFT_TO_OTHERS:
            return found
        case kind:
            raise SpecError(
                f"The lab's cluster does not know the kind {kind!r}.",
                remedy="keep it out of the lab's repository",
                place=Place(path),
            )


def _deployment(one: dict[str, Any]) -> Deployment:
    spec = one["spec"]
    template = spec["template"]
    canonical = json.dumps(template, sort_keys=True).encode()
    return Deployment(
        namespace=one["metadata"]["namespace"],
        name=one["metadata"]["name"],
        replicas=int(spec.get("replicas", 1)),
        labels=dict(template["metadata"]["labels"]),
        images={c["name"]: str(c["image"]) for c in template["spec"]["containers"]},
        template=hashlib.sha256(canonical).hexdigest(),
    )


def _service(one: dict[str, Any]) -> Service:
    return Service(
        namespace=one["metadata"]["namespace"],
        name=one["metadata"]["name"],
        selector=dict(one["spec"]["selector"]),
    )


def _routes(one: dict[str, Any]) -> list[Route]:
    *rules, last = one["spec"]["http"]
    if set(last) - {"route", "mirror", "mirrorPercentage"}:
        raise ValueError("spec.http must end with nothing but `route`, and a mirror at the most")
    entries = last["route"]
    whole = 100 if len(entries) == 1 else 0
    shares = {_service_of(entry): int(entry.get("weight", whole)) for entry in entries}
    if len(shares) != len(entries) or sum(shares.values()) != 100:  # noqa: PLR2004 - percent
        raise ValueError(f"the weights must be of different hosts and add up to 100: {shares}")
    mirror = last.get("mirror")
    return [
        Route(
            namespace=one["metadata"]["namespace"],
            host=str(host).split(".", 1)[0],
            shares=shares,
            cookies={_service_of(e): _cookie(e) for e in entries if "headers" in e},
            matched=tuple(found for rule in rules for found in _matched(rule)),
            mirror=_service_of({"destination": mirror}) if mirror else None,
            mirror_percent=float(last.get("mirrorPercentage", {}).get("value", 100)),
        )
        for host in one["spec"]["hosts"]
    ]


def _matched(rule: dict[str, Any]) -> list[Matched]:
    if set(rule) != {"match", "route"} or len(rule["route"]) != 1:
        raise ValueError("a rule before the last one must have `match` and one destination")
    found = []
    for match in rule["match"]:
        if set(match) != {"headers"}:
            raise ValueError("a rule can match headers only")
        headers = {
            name: next(iter(dict(value).items())) for name, value in match["headers"].items()
        }
        found.append(Matched(headers=headers, service=_service_of(rule["route"][0])))
    return found


def _cookie(entry: dict[str, Any]) -> str:
    headers = entry["headers"]
    if set(headers) != {"response"} or set(headers["response"]) != {"add"}:
        raise ValueError("a destination can only add headers to responses")
    (name, value), *more = headers["response"]["add"].items()
    if more or name != "Set-Cookie":
        raise ValueError("responses can only be given one cookie")
    return str(value)


def _service_of(entry: dict[str, Any]) -> str:
    return str(entry["destination"]["host"]).split(".", 1)[0]
