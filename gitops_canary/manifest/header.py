"""What every document has: apiVersion, kind, metadata and spec."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from gitops_canary.errors import Place, SpecError
from gitops_canary.manifest.leaves import NAME
from gitops_canary.manifest.nodes import Node, NodeKind
from gitops_canary.manifest.problems import Problem, nearest, shown

_KEYS = ("apiVersion", "kind", "metadata", "spec", "status")
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
KINDS: Mapping[str, Mapping[str, str]] = {
    "flagger.app": {
        "Canary": "v1beta1",
        "MetricTemplate": "v1beta1",
        "AlertProvider": "v1beta1",
    },
    "gitops-canary.dev": {"Canary": "v1alpha1"},
}
"""Per API group the kinds read here, each with its one version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """A document's head; `problems` are what is wrong with it."""

    api_version: str
    kind: str
    namespace: str
    """`default` where the document says none."""
    homeless: bool
    """Whether it says none."""
    name: str
    annotations: Mapping[str, Node]
    spec: Node
    place: Place
    problems: tuple[Problem, ...]


def is_ours(api_version: str, kind: str, wanted: str) -> bool:
    """Tell whether a document is of a kind read here, in whatever version."""
    group = api_version.partition("/")[0]
    return kind == wanted and wanted in KINDS.get(group, {})


def read_header(root: Node, *, file: str) -> Header:
    """Read the head of a document.

    Raises:
        SpecError: it is no document of a kind and version read here, or has no spec.
    """
    place = Place(file, root.line, root.column)
    if root.kind is not NodeKind.MAPPING:
        raise SpecError("This is no document.", remedy="give it apiVersion and kind", place=place)
    api_version, kind = _text(root, "apiVersion"), _text(root, "kind")
    _check_version(api_version, kind, _at(root, "apiVersion", file))
    spec = root.get("spec")
    if spec is None or spec.kind is not NodeKind.MAPPING:
        raise SpecError(f"This {kind} has no spec.", remedy="add one", place=place)
    name = _text(root, "metadata", "name")
    namespace = _text(root, "metadata", "namespace") or "default"
    problems = [
        Problem(
            Place(file, key.line, key.column),
            f"{shown(key.value)[1:-1]} is not known in a document",
            nearest(key.value, _KEYS),
        )
        for key, _ in root.entries
        if key.value not in _KEYS
    ]
    for what, value, pattern in (("name", name, NAME), ("namespace", namespace, _NAMESPACE)):
        if not pattern.fullmatch(value):
            where = _at(root, "metadata", file, what)
            text = f"metadata.{what} is {shown(value)}, no Kubernetes name"
            problems.append(Problem(where, text, "use a-z, 0-9 and -, not at its ends"))
    noted = root.get("metadata", "annotations")
    return Header(
        api_version=api_version,
        kind=kind,
        namespace=namespace,
        homeless=root.get("metadata", "namespace") is None,
        name=name,
        annotations={key.value: value for key, value in noted.entries} if noted else {},
        spec=spec,
        place=place,
        problems=tuple(problems),
    )


def _check_version(api_version: str, kind: str, place: Place) -> None:
    group, _, version = api_version.partition("/")
    known = KINDS.get(group, {}).get(kind)
    if known is None:
        raise SpecError(
            f"{shown(api_version)} {shown(kind)} is not read here.",
            remedy="use flagger.app/v1beta1 or gitops-canary.dev/v1alpha1",
            place=place,
        )
    if version != known:
        raise SpecError(
            f"The version {shown(version)} of {group} {kind} is not known.",
            remedy=f"use {group}/{known}",
            place=place,
        )


def _at(root: Node, key: str, file: str, *below: str) -> Place:
    node = root.get(key, *below) or root.get(key) or root
    return Place(file, node.line, node.column)


def _text(root: Node, *path: str) -> str:
    node = root.get(*path)
    return node.value if node is not None and node.kind is NodeKind.SCALAR else ""
