"""The series that an application exports itself, found by the names of its pods."""

from gitops_canary.core.istio import Names
from gitops_canary.core.promql import escaped, exactly
from gitops_canary.core.streams import Stream, Telemetry, both
from gitops_canary.errors import SpecError

_HASH = "[bcdfghjklmnpqrstvwxz2456789]"
"""Characters of the hashes in pod names; `primary` has others, so it is never taken for one."""
POD = {
    "Deployment": f"-{_HASH}{{1,10}}-{_HASH}{{5}}",
    "DaemonSet": f"-{_HASH}{{5}}",
    "StatefulSet": "-[0-9]{1,10}",
}
"""What follows a workload's name in its pods' names, by kind."""
_HASH_MOST = 10
_PREFIX_MOST = 58
"""Characters of a pod's name before its own five: what is longer is cut there."""
_TOLD_APART = 3
"""Characters after a long name that tell `-primary` from a hash: `pr` could be one."""
_SCRAPES = (("kubernetes_namespace", "kubernetes_pod_name"), ("namespace", "pod"))
"""Labels of namespace and pod: as Flagger's Prometheus writes them, and Prometheus Operator."""


def application(names: Names) -> Telemetry:
    """What the application itself exports; pods are told apart by the end of their names.

    Requests without a status code would all seem fine: they are no data.

    Raises:
        SpecError: the pods of canary and primary cannot be told apart.
    """
    pods = {"canary": _pods(names.canary, names.kind), "primary": _pods(names.primary, names.kind)}
    metric = "http_request_duration_seconds"

    def streams(end: str, code: str = "") -> tuple[Stream, ...]:
        def scraped(namespace: str, pod: str) -> tuple[Stream, ...]:
            def where(arm: str) -> tuple[str, ...]:
                own = exactly(namespace, names.namespace), f'{pod}=~"{pods[arm]}"'
                return (*own, f'{code}!=""') if code else own

            return both(names, f"{metric}_{end}", where, side="destination", code=code)

        return tuple(stream for labels in _SCRAPES for stream in scraped(*labels))

    return Telemetry(requests=streams("count", "status"), latency=streams("bucket"), unit_ms=1000)


def _pods(workload: str, kind: str) -> str:
    """Write how the pods of a workload are named, also where Kubernetes cuts a long name.

    Raises:
        SpecError: it is cut within the workload's own name.
    """
    whole = f"{escaped(workload)}{POD[kind]}"
    left = _PREFIX_MOST - len(workload) - 1
    if kind != "Deployment" or left > _HASH_MOST:
        return whole
    if left < _TOLD_APART:
        raise SpecError(
            f"The pods of {workload} cannot be told from others: their names are cut.",
            remedy=f"give it a name of {_PREFIX_MOST - 1 - _TOLD_APART} characters at the most, "
            "or write the query in a MetricTemplate",
        )
    return f"{whole}|{escaped(workload)}-{_HASH}{{{left}}}{_HASH}{{5}}"
