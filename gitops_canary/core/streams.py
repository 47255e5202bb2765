"""Request series of one canary and its primary, under the names of Istio's.

Each provider counts requests in series of its own. A `Stream` selects one workload's (or one
Service's) of them; `normalised` gives the workload, the side that saw the request and the status
code Istio's label names, so that everything after the query reads one form.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gitops_canary.core.istio import Names
from gitops_canary.errors import SpecError

Wrap = Callable[[str], str]
"""Puts a selector into an expression, e.g. `increase(...[1m])`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """One workload's requests as one side counts them."""

    workload: str
    metric: str
    where: tuple[str, ...]
    """Matchers."""
    side: str = ""
    code: str = ""
    """Label with the status code; empty where failures are told by `failure`."""
    failure: tuple[str, str] | None = None
    """(label, value) of a failed request, where there is no status code."""
    always: str = ""
    """The status code of all of them, where the series counts nothing else."""

    def selector(self, *more: str) -> str:
        """Write the selector."""
        return f"{self.metric}{{{','.join((*self.where, *more))}}}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Telemetry:
    """What a provider counts of one canary and its primary."""

    requests: tuple[Stream, ...]
    latency: tuple[Stream, ...] = ()
    """Histogram buckets, cumulative by `le`."""
    unit_ms: int = 1
    """Milliseconds in one unit of `le`."""
    usual_ms: int = 500
    """A bound of the buckets there are where nobody chose others."""
    untimed: str = ""
    """Why there are no buckets, and what to do instead; empty where there are."""

    def compared(self, primary: str) -> bool:
        """Tell whether the primary is counted by itself."""
        return any(stream.workload == primary for stream in self.requests)

    def heard(self) -> tuple[str, ...]:
        """Select what tells whether anything was scraped: the first series, if there are others.

        VictoriaMetrics refuses a query over 16 KiB, `-search.maxQueryLen`.
        """
        metric = self.requests[0].metric
        return tuple(one.selector() for one in self.requests if one.metric == metric)

    def counted(self, builtin: str) -> tuple[Stream, ...]:
        """Give the streams that a builtin metric reads.

        Raises:
            SpecError: latency is not counted.
        """
        if builtin != "request-duration":
            return self.requests
        if not self.latency:
            problem, _, remedy = self.untimed.partition("; ")
            raise SpecError(f"There is no builtin latency here: {problem}.", remedy=remedy)
        return self.latency


def normalised(stream: Stream, wrap: Wrap, *more: str) -> str:
    """Write a stream's expression with Istio's labels."""
    text = wrap(stream.selector(*more))
    if stream.code and stream.code != "response_code":
        text = f'label_replace({text}, "response_code", "$1", "{stream.code}", "(.*)")'
    if stream.always:
        text = f'label_replace({text}, "response_code", "{stream.always}", "", "")'
    if stream.failure:
        label, value = stream.failure
        text = f'label_replace({text}, "response_code", "500", "{label}", "{value}")'
    text = f'label_replace({text}, "reporter", "{stream.side}", "", "")'
    return f'label_replace({text}, "destination_workload", "{stream.workload}", "", "")'


def joined(streams: Sequence[Stream], wrap: Wrap, *more: str) -> str:
    """Join streams; their workloads or sides differ, so none hides another."""
    return " or ".join(normalised(stream, wrap, *more) for stream in streams)


def both(
    names: Names, metric: str, where: Callable[[str], tuple[str, ...]], *, side: str, code: str = ""
) -> tuple[Stream, ...]:
    """Make a stream of each workload; `where` gets `canary` or `primary`."""
    return tuple(
        Stream(workload=workload, metric=metric, where=where(arm), side=side, code=code)
        for arm, workload in (("canary", names.canary), ("primary", names.primary))
    )
