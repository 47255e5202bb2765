"""Names that differ between a candidate and its primary, and where in a pod template they stand."""

from collections.abc import Iterator
from dataclasses import dataclass

from gitops_canary.manifest.compare import Pointer
from gitops_canary.manifest.nodes import Node, NodeKind
from gitops_canary.manifest.scalars import Json

Config = tuple[str, str]
"""Kind (`ConfigMap` or `Secret`) and name."""
_CONFIG_KEYS = {
    "configMap": "ConfigMap", "configMapRef": "ConfigMap", "configMapKeyRef": "ConfigMap",
    "secret": "Secret", "secretRef": "Secret", "secretKeyRef": "Secret",
}  # fmt: skip
_NAME_PARTS = 2
NO_CONFIGS = frozenset[Config]()
"""Shared, since most refer to none and each empty set takes 200 bytes."""


@dataclass(frozen=True, slots=True)
class Names:
    """How names map: the workload's in label positions, those of tracked configs where used."""

    target: str
    configs: frozenset[Config] = NO_CONFIGS

    def to_primary(self, value: str, pointer: Pointer) -> str:
        """Give the primary's name for a candidate's value; other values stay."""
        kind = config_kind(pointer)
        own = (kind, value) in self.configs if kind else value == self.target and _label(pointer)
        return f"{value}-primary" if own else value

    def to_candidate(self, value: str, pointer: Pointer) -> str:
        """Give the candidate's name for a primary's value; other values stay."""
        plain = value.removesuffix("-primary")
        return plain if self.to_primary(plain, pointer) == value else value

    def in_candidate(self, value: Json, pointer: Pointer = ()) -> Json:
        """Map names throughout a primary's plain values."""
        if isinstance(value, dict):
            return {k: self.in_candidate(v, (*pointer, k)) for k, v in value.items()}
        if isinstance(value, list):
            return [self.in_candidate(v, (*pointer, i)) for i, v in enumerate(value)]
        return self.to_candidate(value, pointer) if isinstance(value, str) else value


def named(node: Node, pointer: Pointer = ()) -> Iterator[tuple[Pointer, str]]:
    """Give every scalar below a node that stands where a name may be mapped."""
    if node.kind is NodeKind.SCALAR and (_label(pointer) or config_kind(pointer)):
        yield pointer, node.value
    for key, value in node.entries:
        yield from named(value, (*pointer, key.value))
    for index, item in enumerate(node.items):
        yield from named(item, (*pointer, index))


def configs(template: Node) -> frozenset[Config]:
    """List the ConfigMaps and Secrets a pod template refers to, in volumes and environment."""
    found = ((config_kind(pointer), value) for pointer, value in named(template))
    return frozenset((kind, value) for kind, value in found if kind) or NO_CONFIGS


def config_kind(pointer: Pointer) -> str:
    """Tell which kind of config is named at a pointer of a pod template; empty for none."""
    keys = [part for part in pointer if isinstance(part, str)]
    if len(keys) < _NAME_PARTS or keys[-1] not in {"name", "secretName"}:
        return ""
    return _CONFIG_KEYS.get(keys[-2], "")


def _label(pointer: Pointer) -> bool:
    """Whether a pointer stands where Kubernetes selects by label value."""
    keys = [part for part in pointer if isinstance(part, str)]
    return any(key in {"labels", "matchLabels"} for key in keys[:-1]) or (
        "matchExpressions" in keys and keys[-1:] == ["values"]
    )
