"""Reading objects as an API server shows them: when they were written, whether they are ready.

Every instant is the server's own: the time of the newest write in `metadata.managedFields`, and the
times of a Deployment's conditions; other workloads have none, there it is the newest write of their
status. So whoever looks later finds the same instant, or a later one.
Pure. Fields as Kubernetes documents them for apps/v1 and metav1 (1.29 to 1.34).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from gitops_canary.core.text import iso, percent
from gitops_canary.errors import CanaryError
from gitops_canary.model.names import Path
from gitops_canary.ports import Router
from gitops_canary.sync.fact import Fact


@dataclass(frozen=True, slots=True)
class Thing:
    """One object in a cluster."""

    api_version: str
    kind: str
    namespace: str
    name: str

    @property
    def group(self) -> str:
        """The API group; empty for the core group."""
        return self.api_version.rpartition("/")[0]

    @property
    def version(self) -> str:
        """The API version without its group."""
        return self.api_version.rpartition("/")[2]

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """What a workload shall be; None where any will do."""

    images: Mapping[str, str] | None
    replicas: int | None
    percent: int = 100
    """How much of them has to be available; all of them have the version anyway."""


def written_ms(live: Mapping[str, Any], *, status: bool = False) -> int | None:
    """Tell when an object, or its status, was written last; None where the server does not say."""
    times = [
        instant_ms(entry.get("time"))
        for entry in maps(mapping(live.get("metadata")).get("managedFields"))
        if _of_status(entry) is status
    ]
    return max((t for t in times if t is not None), default=None)


def _of_status(entry: Mapping[str, Any]) -> bool:
    return bool(entry.get("subresource")) or set(mapping(entry.get("fieldsV1"))) == {"f:status"}


def rolled_out(live: Mapping[str, Any], thing: Thing, wanted: Ready, since_ms: int) -> Fact:
    """Tell since when all pods of a workload run the wanted images and are available."""
    missing = _unready(live, wanted, thing.kind)
    if missing:
        return Fact(None, f"{thing}: {missing}")
    status = mapping(live.get("status"))
    times = [_time_of(status, "Progressing"), _time_of(status, "Available"), written_ms(live)]
    if thing.kind != "Deployment":
        # It has no conditions; its status is written with every pod that becomes available.
        times = [written_ms(live, status=True), written_ms(live)]
    known = [t for t in times if t is not None]
    if not known:
        return Fact(None, f"{thing} does not say since when it is ready (no times)")
    at_ms = max(since_ms, *known)
    count = _number(status.get(_STATUS[thing.kind].available))
    return Fact(at_ms, f"{thing}: {count} pods available in the wanted version, {iso(at_ms)}.")


def weighs(
    live: Mapping[str, Any],
    thing: Thing,
    wanted: Decimal,
    *,
    router: Router,
    apex: str,
    since_ms: int,
    applied_ms: int | None = None,
) -> Fact:
    """Tell since when a live routing object has the wanted weight.

    `applied_ms` stands in where the object does not say when it was written.
    """
    text = json.dumps(
        {key: live[key] for key in ("apiVersion", "kind", "spec") if key in live}
        | {
            "metadata": {
                key: value
                for key, value in mapping(live.get("metadata")).items()
                if key in {"name", "namespace", "annotations", "labels"}
            }
        }
    )
    try:
        found = router.weight(
            text, 0, file=Path(f"live {thing}"), namespace=thing.namespace, apex=apex
        )
    except CanaryError as error:
        return Fact(None, f"{thing} cannot be read as it is live: {error.problem}")
    if found != wanted:
        return Fact(None, f"{thing} has {percent(found)} % live, not {percent(wanted)} %")
    written = written_ms(live)
    at_ms = applied_ms if written is None else written
    if at_ms is None:
        return Fact(None, f"{thing} does not say when it was written (no managedFields)")
    at_ms = max(since_ms, at_ms)
    return Fact(at_ms, f"{thing} has {percent(found)} % live since {iso(at_ms)}.")


def selecting(
    live: Mapping[str, Any],
    thing: Thing,
    wanted: tuple[str, str],
    *,
    since_ms: int,
    applied_ms: int | None,
) -> Fact:
    """Tell since when a live Service selects pods by a label; `applied_ms` as for `weighs`."""
    key, value = wanted
    found = mapping(mapping(live.get("spec")).get("selector")).get(key)
    if found != value:
        return Fact(None, f"{thing} selects {key}: {found} live, not {value}")
    written = written_ms(live)
    at_ms = applied_ms if written is None else written
    if at_ms is None:
        return Fact(None, f"{thing} does not say when it was written (no managedFields)")
    at_ms = max(since_ms, at_ms)
    return Fact(at_ms, f"{thing} selects {key}: {value} live since {iso(at_ms)}.")


@dataclass(frozen=True, slots=True)
class _Status:
    """Under which names a kind of workload counts its pods."""

    all: str
    updated: str
    available: str


_STATUS = {
    "Deployment": _Status("replicas", "updatedReplicas", "availableReplicas"),
    "StatefulSet": _Status("replicas", "updatedReplicas", "availableReplicas"),
    "DaemonSet": _Status("currentNumberScheduled", "updatedNumberScheduled", "numberAvailable"),
}


def _unready(live: Mapping[str, Any], wanted: Ready, kind: str) -> str:
    """Say what a workload still lacks; empty where nothing."""
    spec, status = mapping(live.get("spec")), mapping(live.get("status"))
    generation = _number(mapping(live.get("metadata")).get("generation"))
    images = _images(spec)
    for name, ref in (wanted.images or {}).items():
        if images.get(name) != ref:
            return f"container {name} is {images.get(name, 'not there')}, not {ref}"
    if _number(status.get("observedGeneration")) < generation:
        return "its newest form has not been looked at by the cluster yet"
    return _lacking(status, wanted, kind, _asked(spec, status, kind))


def _asked(spec: Mapping[str, Any], status: Mapping[str, Any], kind: str) -> int:
    """Tell how many pods the cluster itself wants."""
    if kind == "DaemonSet":
        return _number(status.get("desiredNumberScheduled"))
    return _number(spec.get("replicas"), default=1)


def _lacking(status: Mapping[str, Any], wanted: Ready, kind: str, asked: int) -> str:
    names = _STATUS[kind]
    count = asked if wanted.replicas is None else wanted.replicas
    if wanted.replicas is None and asked == 0:
        return "no node takes it" if kind == "DaemonSet" else "it is scaled to 0"
    updated = _number(status.get(names.updated))
    old = _number(status.get(names.all)) - updated
    if old > 0:
        return f"{old} pods still run the version before"
    able = min(updated, _number(status.get(names.available)))
    stalled = _condition(status, "Progressing")
    if stalled.get("status") == "False":
        return f"{able} of {count} pods available ({str(stalled.get('reason', ''))[:80]})"
    enough = able * 100 >= count * wanted.percent and updated >= count
    return "" if enough else f"{able} of {count} pods available"


def _images(spec: Mapping[str, Any]) -> Mapping[str, str]:
    pod = mapping(mapping(spec.get("template")).get("spec"))
    containers = (*maps(pod.get("containers")), *maps(pod.get("initContainers")))
    return {str(one.get("name")): str(one.get("image")) for one in containers}


def _condition(status: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    found = (one for one in maps(status.get("conditions")) if one.get("type") == kind)
    return next(found, {})


def _time_of(status: Mapping[str, Any], kind: str) -> int | None:
    """Tell when a condition came about: a rollout's by its last update, others by their change."""
    condition = _condition(status, kind)
    key = "lastUpdateTime" if kind == "Progressing" else "lastTransitionTime"
    return instant_ms(condition.get(key))


def instant_ms(value: object) -> int | None:
    """Read an RFC 3339 time; None for anything else."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return int(moment.timestamp() * 1000) if moment.tzinfo else None


def _number(value: object, *, default: int = 0) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def mapping(value: object) -> Mapping[str, Any]:
    """Give a JSON object; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def maps(value: object) -> Sequence[Mapping[str, Any]]:
    """Give the objects of a JSON list; none for anything else."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def part(value: object) -> str:
    """Write a name as one part of a path, whatever stands in it."""
    return quote(str(value), safe="")
