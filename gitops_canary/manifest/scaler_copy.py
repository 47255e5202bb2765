"""A scaler for the primary: a copy of the target's HorizontalPodAutoscaler or ScaledObject."""

import re
from collections.abc import Mapping

from gitops_canary.manifest.document import Json, Node, data

LIMITS = {
    "HorizontalPodAutoscaler": ("minReplicas", "maxReplicas"),
    "ScaledObject": ("minReplicaCount", "maxReplicaCount"),
}
"""By kind, the fields of a scaler's spec that hold the least and the most replicas."""
KINDS = frozenset(LIMITS)
_SCALER = ("spec", "autoscalerRef")
Limits = tuple[int | None, int | None]
"""Least and most replicas; None keeps the target's."""


def asked(canary: Node) -> tuple[Limits, Mapping[str, str]]:
    """Give what a Canary asks of the primary's scaler: its limits, and its queries by trigger."""
    at = (*_SCALER, "primaryScalerReplicas")
    least, most = (canary.word(*at, key) for key in ("minReplicas", "maxReplicas"))
    limits = int(least) if least.isdigit() else None, int(most) if most.isdigit() else None
    return limits, canary.words(*_SCALER, "primaryScalerQueries")


def bounds(kind: str, limits: Limits) -> Mapping[str, int]:
    """Give the fields of a scaler's spec that limits are written to."""
    pairs = zip(LIMITS[kind], limits, strict=True)
    return {key: count for key, count in pairs if count is not None}


def primary_scaler(
    root: Node,
    *,
    target: str,
    limits: Limits,
    queries: Mapping[str, str],
    file: str,
) -> tuple[Json, tuple[str, ...]]:
    """Copy a scaler for `<target>-primary`.

    Args:
        root: the scaler of the target.
        target: the workload it scales.
        limits: least and most replicas of the primary; None keeps the target's.
        queries: KEDA's queries of the primary, by the trigger's name.
        file: the scaler's path, for places.

    Returns:
        The document, and the names of KEDA triggers whose query was not given: in those the
        target's name is replaced by the primary's.

    Raises:
        SpecError: the scaler holds an alias or a merge key.
    """
    whole, kind = data(root, file=file), root.get("kind")
    assert isinstance(whole, dict), "a scaler is a mapping"
    assert kind is not None, "a scaler has a kind"
    spec, metadata = whole["spec"], whole["metadata"]
    assert isinstance(spec, dict), "a scaler has a spec"
    assert isinstance(metadata, dict), "a scaler has a name"
    scaled = spec["scaleTargetRef"]
    assert isinstance(scaled, dict), "a scaler names what it scales"
    new_spec: dict[str, Json] = {
        **spec,
        "scaleTargetRef": {**scaled, "name": f"{target}-primary"},
        **bounds(kind.value, limits),
    }
    derived: tuple[str, ...] = ()
    triggers = spec.get("triggers")
    if isinstance(triggers, list):
        new_spec["triggers"], derived = _triggers(triggers, target, queries)
    advanced = _advanced(spec.get("advanced"))
    new_spec |= {"advanced": advanced} if advanced else {}
    named: dict[str, Json] = {"name": f"{metadata['name']}-primary"}
    named |= {key: inner for key, inner in metadata.items() if key in {"namespace", "labels"}}
    return {**whole, "metadata": named, "spec": new_spec}, derived


def _advanced(found: Json) -> Json:
    """Give the autoscaler that KEDA makes a name of its own, where it has one given."""
    config = found.get("horizontalPodAutoscalerConfig") if isinstance(found, dict) else None
    if not isinstance(found, dict) or not isinstance(config, dict) or "name" not in config:
        return found
    own = {**config, "name": f"{config['name']}-primary"}
    return {**found, "horizontalPodAutoscalerConfig": own}


def _triggers(
    triggers: list[Json], target: str, queries: Mapping[str, str]
) -> tuple[list[Json], tuple[str, ...]]:
    copied: list[Json] = []
    derived = []
    for trigger in triggers:
        inside = trigger.get("metadata") if isinstance(trigger, dict) else None
        query = inside.get("query") if isinstance(inside, dict) else None
        if not isinstance(trigger, dict) or not isinstance(inside, dict) or query is None:
            copied.append(trigger)
            continue
        name = str(trigger.get("name", trigger.get("type", "")))
        if name not in queries:
            derived.append(name)
        # The name alone, its `-canary` Service, or the beginning of a pattern of pods (`x-.*`); not
        # that of another name such as `x-primary` itself.
        name_of = rf"(?<![\w-]){re.escape(target)}(?:-canary)?(?!\w|-\w)"
        own = re.sub(name_of, f"{target}-primary", str(query))
        copied.append({**trigger, "metadata": {**inside, "query": queries.get(name, own)}})
    return copied, tuple(derived)
