"""Istio's series as queries: the same names Flagger reads, but from both sides of a request.

Flagger reads `reporter="destination"`, the proxy in front of the canary. A canary that crashes
takes that proxy's counters with it and looks silent. The callers' proxies (`reporter="source"`, in
ambient mode `waypoint`) still count their 503s. Both sides see the same requests, so they are never
added up: every query groups by `reporter`, and the worse side with data decides.

A caller that finds no endpoint at all does not know the workload; it then reports
`destination_workload="unknown"` with the Service's name. Requests to `<apex>-canary` that ended so
count as the canary's.
"""

from collections.abc import Callable
from dataclasses import dataclass

from gitops_canary.core.births import Look, gained
from gitops_canary.core.promql import exactly, one_of

REQUESTS = "istio_requests_total"
LATENCY = "istio_request_duration_milliseconds_bucket"
QUANTILE = "0.99"
_GROUP = "destination_workload, reporter"


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Who is measured."""

    namespace: str
    canary: str
    primary: str
    service: str
    """The Service that selects the canary's pods."""
    kind: str = "Deployment"
    """What both workloads are; pods are named by it."""

    @property
    def apex(self) -> str:
        """The Service that users call."""
        return self.service.removesuffix("-canary")


def requests(names: Names, look: Look) -> str:
    """Count requests by side and status code.

    One query for all codes: good and bad requests cannot come from different instants, and a
    canary that fails every request is 0 %, not a missing series.
    """
    mine = _series(REQUESTS, names)

    def over(wrap: Callable[[str], str]) -> str:
        return f"{wrap(mine)} or {_renamed(wrap(_lost(names)), names)}"

    counts = gained(over, look, selectors=[mine])
    return f"sum by ({_GROUP}, response_code) ({counts})"


def requests_seen(names: Names) -> str:
    """Ask for the time of the newest sample on each side, in seconds."""
    mine = f"timestamp({_series(REQUESTS, names)})"
    lost = _renamed(f"timestamp({_lost(names)})", names)
    return f"max by ({_GROUP}) ({mine} or {lost})"


def latency(names: Names, look: Look) -> str:
    """Ask for the 99th percentile by side, in milliseconds."""
    rate = look.increase(_series(LATENCY, names))
    return f"histogram_quantile({QUANTILE}, sum by ({_GROUP}, le) ({rate}))"


def latency_count(names: Names, look: Look) -> str:
    """Count the requests a percentile rests on."""
    return f"sum by ({_GROUP}) ({look.increase(_all_buckets(names))})"


def latency_seen(names: Names) -> str:
    """Ask for the time of the newest latency sample on each side, in seconds."""
    return f"max by ({_GROUP}) (timestamp({_all_buckets(names)}))"


def raw_requests(namespace: str, *workloads: str) -> str:
    """Select the request counters themselves."""
    where = exactly("destination_workload_namespace", namespace)
    return f"{REQUESTS}{{{where},{one_of('destination_workload', *workloads)}}}"


def _series(metric: str, names: Names, *more: str) -> str:
    where = (
        exactly("destination_workload_namespace", names.namespace),
        one_of("destination_workload", names.canary, names.primary),
        *more,
    )
    return f"{metric}{{{','.join(where)}}}"


def _all_buckets(names: Names) -> str:
    return _series(LATENCY, names, 'le="+Inf"')


def _lost(names: Names) -> str:
    where = (
        exactly("destination_service_namespace", names.namespace),
        exactly("destination_service_name", names.service),
        'destination_workload="unknown"',
    )
    return f"{REQUESTS}{{{','.join(where)}}}"


def _renamed(vector: str, names: Names) -> str:
    return f'label_replace({vector}, "destination_workload", "{names.canary}", "", "")'
