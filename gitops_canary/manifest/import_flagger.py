"""A Flagger Canary as one of ours: what both have is carried over, the rest is listed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from urllib.parse import urlsplit

from gitops_canary.errors import Place
from gitops_canary.manifest.document import Node, NodeKind
from gitops_canary.manifest.fields import Field, Shape, Status
from gitops_canary.manifest.flagger_fields import CANARY as FLAGGER
from gitops_canary.manifest.own_fields import CANARY as OWN
from gitops_canary.manifest.scalars import Json, typed

_CALLED = re.compile(r"analysis\.webhooks\[\d+\]\.url")
_TOLD = re.compile(r"analysis\.alerts\[\d+\]\.providerRef")
_DEFAULTED = re.compile(r"analysis\.(webhooks|alerts)\[\d+\]\.(type|severity)")
_OLD_LIMIT = re.compile(r"analysis\.metrics\[\d+\]\.threshold")


@dataclass(slots=True, kw_only=True)
class Imported:
    """Documents to commit, and what they do not say."""

    documents: list[Json] = field(default_factory=list)
    lost: list[tuple[Place, str]] = field(default_factory=list)
    """Where something stood that does not carry over, and why."""


def flagger_canary(root: Node, *, file: str) -> Imported:
    """Write a Flagger Canary in our own dialect.

    Flagger's rule of judging is kept, so that the rollout goes as before.
    """
    found = Imported()
    spec = root.get("spec")
    assert spec is not None, "a Canary's header was read"
    carried = _mapping(spec, FLAGGER.shape, OWN.shape, "", found, file)
    if "provider" not in carried:
        what = "provider is missing: write Flagger's -mesh-provider, or let controller.yaml name it"
        found.lost.append((Place(file, spec.line, spec.column), what))
    analysis = carried.get("analysis")
    if isinstance(analysis, dict):
        analysis["judge"] = {"type": "threshold"}
        # Flagger takes 0 and less as 1; our own dialect does not accept them.
        failures = analysis.get("threshold")
        analysis["threshold"] = max(failures, 1) if isinstance(failures, int) else failures
    metadata = root.get("metadata")
    names = {
        key: node.value
        for key in ("name", "namespace")
        if metadata is not None and (node := metadata.get(key)) is not None
    }
    found.documents.append(
        {
            "apiVersion": "gitops-canary.dev/v1alpha1",
            "kind": "Canary",
            "metadata": dict(names),
            "spec": carried,
        }
    )
    return found


def _mapping(
    node: Node, theirs: Shape, ours: Shape, path: str, found: Imported, file: str
) -> dict[str, Json]:
    carried: dict[str, Json] = {}
    for key, value in node.entries:
        at = f"{path}.{key.value}".lstrip(".")
        their = theirs.keys.get(key.value) or theirs.keys.get("*")
        our = ours.keys.get(key.value) or ours.keys.get("*")
        if _OLD_LIMIT.fullmatch(at):
            name = node.get("name")
            bound = "min" if name and name.value == "request-success-rate" else "max"
            carried["thresholdRange"] = {bound: typed(value.value)}
            continue
        if (named := _named(at, value)) is not None:
            carried |= named
            for kind in ("webhook", "notifier"):
                what = f"{at}: name it as {kind} {named.get(kind)} in controller.yaml"
                found.lost += [(Place(file, key.line, key.column), what)] if kind in named else []
            continue
        if our is None or their is None:
            found.lost.append((Place(file, key.line, key.column), f"{at}: {_why(their)}"))
            continue
        inner = _value(value, their, our, at, found, file)
        if inner not in ({}, []):
            carried[key.value] = inner
    return carried


def _named(at: str, value: Node) -> dict[str, Json] | None:
    """Name what Flagger gives an address; None where it is something else."""
    if _CALLED.fullmatch(at):
        return _called(value.value)
    if _TOLD.fullmatch(at):
        name = value.get("name")
        return {"notifier": name.value if name else ""}
    return {} if _DEFAULTED.fullmatch(at) and not value.value else None


def _called(url: str) -> dict[str, Json]:
    """Name a webhook by the first part of its host, with the path below it."""
    parts = urlsplit(url)
    host = (parts.hostname or "").partition(".")[0]
    name = re.sub("[^a-z0-9-]", "-", host).strip("-") or "webhook"
    path = parts.path.rstrip("/")
    return {"webhook": name, **({"path": path} if path else {})}


def _value(node: Node, theirs: Shape, ours: Shape, path: str, found: Imported, file: str) -> Json:
    if node.kind is NodeKind.MAPPING and ours.keys:
        return _mapping(node, theirs, ours, path, found, file)
    if node.kind is NodeKind.SEQUENCE and ours.item is not None and theirs.item is not None:
        return [
            _value(item, theirs.item, ours.item, f"{path}[{index}]", found, file)
            for index, item in enumerate(node.items)
        ]
    return typed(node.value) if node.plain else node.value


def _why(shape: Shape | None) -> str:
    leaf = next(_leaves(shape), None) if shape else None
    if leaf is None:
        return "it is not known to Flagger either"
    if leaf.status is Status.NEUTRAL:
        return leaf.why
    return f"{leaf.why}; say it in controller.yaml" if "URL" in leaf.type.value else leaf.why


def _leaves(shape: Shape) -> Iterator[Field]:
    if shape.leaf is not None:
        yield shape.leaf
    for inner in (*shape.keys.values(), *((shape.item,) if shape.item else ())):
        yield from _leaves(inner)


def number(text: str) -> Json:
    """Read a number the way documents write it: whole where it is.

    >>> number("0.950"), number("99.0")
    (0.95, 99)
    """
    value = Decimal(text)
    return int(value) if value == value.to_integral_value() else float(value)
