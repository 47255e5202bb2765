"""Whether a workload is ready in its version, by kube-state-metrics' series; pure."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gitops_canary.core.promql import escaped, exactly
from gitops_canary.core.text import iso
from gitops_canary.model.observation import Series
from gitops_canary.sync.share import Unreadable, finite

_POD_READY = "kube_pod_container_status_ready"
_POD_PHASE = "kube_pod_status_phase"
_POD = f"kube_pod_container_info|kube_pod_init_container_info|{_POD_READY}|{_POD_PHASE}"
# Only the metric of phases has this label, and only these two phases are asked for.
_OVER = 'phase=~"|Failed|Succeeded"'
_STALE_SCRAPES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """Under which names kube-state-metrics tells of a kind of workload."""

    spec: str
    available: str
    updated: str
    pods: str
    """Pattern of what follows the workload's name in its pods' names."""


_KINDS = {
    "Deployment": _Kind(
        spec="kube_deployment_spec_replicas",
        available="kube_deployment_status_replicas_available",
        updated="kube_deployment_status_replicas_updated",
        pods="-[a-z0-9]{1,10}-[a-z0-9]{5}",
    ),
    "DaemonSet": _Kind(
        spec="kube_daemonset_status_desired_number_scheduled",
        available="kube_daemonset_status_number_available",
        updated="kube_daemonset_status_updated_number_scheduled",
        pods="-[a-z0-9]{5}",
    ),
    "StatefulSet": _Kind(
        spec="kube_statefulset_replicas",
        available="kube_statefulset_status_replicas_available",
        updated="kube_statefulset_status_replicas_updated",
        pods="-[0-9]{1,10}",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a workload shall be; None where any will do."""

    namespace: str
    workload: str
    kind: str = "Deployment"
    images: Mapping[str, str] | None
    replicas: int | None
    percent: int = 100
    """How much of them has to be available; all of them have the version anyway."""
    not_before_ms: int
    """Readiness before this instant proves nothing."""
    scrape_ms: int
    lasting: bool = False
    """Whether it has to be ready at the newest sample as well."""

    def enough(self, able: int, count: int) -> bool:
        """Whether so many of a count of pods are the wanted percent, rounded down as in Flagger."""
        return able * 100 >= count * self.percent

    @property
    def version(self) -> str:
        """The version, as short as it is clear."""
        if not self.images:
            return "any version"
        if len(self.images) == 1:
            return next(iter(self.images.values())).rpartition("/")[2].rpartition(":")[2]
        return ",".join(f"{name}={ref}" for name, ref in sorted(self.images.items()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """Since when a workload is ready; `at_ms` is None while it is not."""

    at_ms: int | None
    ready: int
    wanted: int | None
    known: bool
    """Whether kube-state-metrics has told anything about it."""
    why: str = ""


def workload_query(wanted: Wanted) -> str:
    """Select the replica counts of one workload."""
    kind = _KINDS[wanted.kind]
    counts = f"{kind.spec}|{kind.available}|{kind.updated}"
    name = exactly(wanted.kind.lower(), wanted.workload)
    return f'{{__name__=~"{counts}",{exactly("namespace", wanted.namespace)},{name}}}'


def known_query(kind: str, namespace: str) -> str:
    """Select a count of every workload of a kind in a namespace."""
    return f"{_KINDS[kind].spec}{{{exactly('namespace', namespace)}}}"


def pods_query(wanted: Wanted) -> str:
    """Select the containers of one workload's pods, known by their names.

    `x` has no part in `x-primary-...`: what follows a workload's name has one form for each kind.
    """
    pod = f'pod=~"{escaped(wanted.workload)}{_KINDS[wanted.kind].pods}"'
    return f'{{__name__=~"{_POD}",{exactly("namespace", wanted.namespace)},{pod},{_OVER}}}'


def ready(counts: Sequence[Series], pods: Sequence[Series], wanted: Wanted) -> Readiness:
    """Find the earliest sample at which the workload is ready in its version.

    All replicas are updated, the wanted percent of them is available, and every pod there is runs
    the wanted images. Where that has to last it is not ready while the newest sample says no.

    Raises:
        Unreadable: a sample is no number.
    """
    kind = _KINDS[wanted.kind]
    numbers = _Counts(*(_named(counts, name) for name in (kind.spec, kind.available, kind.updated)))
    own = [_Line.of(one) for one in pods]
    moments = sorted({at_ms for one in numbers.available for at_ms in one.times})
    last = Readiness(at_ms=None, ready=0, wanted=wanted.replicas, known=bool(moments))
    # Pods are looked at where they decide; all of them where one of their samples is no number.
    legible = all(one.legible for one in own)
    for at_ms in moments:
        if at_ms < wanted.not_before_ms:
            continue
        if legible and at_ms != moments[-1] and not _able(numbers, wanted, at_ms):
            continue
        last = _look(numbers, own, wanted, at_ms)
        if last.at_ms is not None:
            newest = _look(numbers, own, wanted, moments[-1])
            lost = wanted.lasting and newest.at_ms is None
            why = f"all were ready at {iso(at_ms)}" + (f"; {newest.why}" if newest.why else "")
            return replace(newest, why=why) if lost else last
    return last


@dataclass(frozen=True, slots=True)
class _Line:
    """A series taken apart once, for all the instants that are looked at."""

    labels: Mapping[str, str]
    times: Sequence[int]
    values: Sequence[str]

    @classmethod
    def of(cls, series: Series) -> "_Line":
        samples = series.samples
        return cls(series.labels, [s.at_ms for s in samples], [s.value for s in samples])

    @property
    def legible(self) -> bool:
        """Whether all its samples are numbers."""
        try:
            for value in set(self.values):
                finite(value)
        except Unreadable:
            return False
        return True

    def fresh(self, at_ms: int, grace_ms: int) -> float | None:
        """Give the newest value up to an instant; None where it is older than the grace."""
        index = bisect_right(self.times, at_ms)
        if index == 0 or self.times[index - 1] < at_ms - grace_ms:
            return None
        return finite(self.values[index - 1])


@dataclass(frozen=True, slots=True)
class _Pods:
    """How many there are, how many of them run the wanted images, and how many of those are ready.

    Pods that have ended (evicted, completed) are no pods any more.
    """

    present: int
    right: int
    ready: int


@dataclass(frozen=True, slots=True)
class _Counts:
    spec: Sequence[_Line]
    available: Sequence[_Line]
    updated: Sequence[_Line]


def _able(numbers: _Counts, wanted: Wanted, at_ms: int) -> bool:
    """Whether a workload can be ready at an instant, whatever its pods tell."""
    spec = _value(numbers.spec, at_ms, wanted)
    count = wanted.replicas if wanted.replicas is not None else spec
    available = _value(numbers.available, at_ms, wanted) or 0
    updated = _value(numbers.updated, at_ms, wanted)
    if count is None or (updated is not None and updated < count):
        return False
    able = available if updated is None else min(available, updated)
    return wanted.enough(able, count)


def _look(numbers: _Counts, pods: Sequence[_Line], wanted: Wanted, at_ms: int) -> Readiness:
    """Look at one sample of the workload's state."""
    spec = _value(numbers.spec, at_ms, wanted)
    count = wanted.replicas if wanted.replicas is not None else spec
    available = _value(numbers.available, at_ms, wanted) or 0
    updated = _value(numbers.updated, at_ms, wanted)
    found = _pods(pods, wanted, at_ms, _readers(numbers.available, at_ms))
    renewed = found.right if updated is None else updated
    able = min(available, renewed, found.ready)
    if count is None:
        why = "its wanted number of pods is not known"
    elif count == 0 and wanted.replicas is None:
        why = "it is scaled to 0"
    elif not wanted.enough(able, count) or renewed < count or found.right < found.present:
        old = found.present - found.right
        why = f"{old} of its pods run something else" if old else ""
    else:
        return Readiness(at_ms=at_ms, ready=able, wanted=count, known=True)
    return Readiness(at_ms=None, ready=able, wanted=count, known=True, why=why)


def _pods(pods: Sequence[_Line], wanted: Wanted, at_ms: int, readers: frozenset[str]) -> _Pods:
    images: dict[str, dict[str, str]] = {}
    unready: set[str] = set()
    over: set[str] = set()
    for line in pods:
        value = line.fresh(at_ms, _grace(line, wanted, readers))
        if value is None:
            continue
        metric, pod = line.labels.get("__name__"), line.labels.get("pod", "")
        if metric == _POD_PHASE:
            over |= {pod} if value else set()
        elif metric == _POD_READY:
            unready |= set() if value else {pod}
        else:
            image = line.labels.get("image_spec") or line.labels.get("image", "")
            images.setdefault(pod, {})[line.labels.get("container", "")] = image
    present = images.keys() - over
    right = {pod for pod in present if _same(images[pod], wanted.images)}
    return _Pods(len(present), len(right), len(right - unready))


def _same(images: Mapping[str, str], wanted: Mapping[str, str] | None) -> bool:
    """Compare images; kube-state-metrics without `image_spec` may put a registry in front."""
    if wanted is None:
        return True
    return all(
        images.get(name) == ref or images.get(name, "").endswith(f"/{ref}")
        for name, ref in wanted.items()
    )


def _named(series: Sequence[Series], name: str) -> tuple[_Line, ...]:
    return tuple(_Line.of(one) for one in series if one.labels.get("__name__") == name)


def _readers(lines: Sequence[_Line], at_ms: int) -> frozenset[str]:
    """Name the instances of kube-state-metrics that were read at an instant."""
    read = (one for one in lines if one.fresh(at_ms, 0) is not None)
    return frozenset(one.labels.get("instance", "") for one in read)


def _grace(line: _Line, wanted: Wanted, readers: frozenset[str]) -> int:
    """Say how old a pod's sample may be: not at all where it comes with the workload's."""
    together = line.labels.get("instance", "") in readers
    return 0 if together else _STALE_SCRAPES * wanted.scrape_ms


def _value(lines: Sequence[_Line], at_ms: int, wanted: Wanted) -> int | None:
    """Give a workload's number; where two sources disagree, the smaller one."""
    found = [one.fresh(at_ms, _STALE_SCRAPES * wanted.scrape_ms) for one in lines]
    return min((int(value) for value in found if value is not None), default=None)
