"""Where measurements come from: one file per provider, one line here."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gitops_canary.http import Opening
from gitops_canary.metrics import (
    cloudwatch,
    datadog,
    dynatrace,
    external_metrics,
    graphite,
    http_json,
    influxdb,
    keptn,
    newrelic,
    splunk,
    stackdriver,
)
from gitops_canary.metrics.http import Dialect, Source
from gitops_canary.metrics.prometheus import Prometheus
from gitops_canary.metrics.sources import Client, Sources

Choice = tuple[frozenset[str], ...]
"""Sets of secrets of which one must be there as a whole; no set at all asks for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of metric source: how its client is made, and what it has to be told."""

    open: Callable[[Opening], Client]
    secrets: Choice = ()
    """Names in `secretFiles`; `token` is `tokenFile`, `password` is `passwordFile`."""
    may: frozenset[str] = frozenset()
    """Further secrets it can use."""
    options: frozenset[str] = frozenset()
    """Options it needs."""
    extras: frozenset[str] = frozenset()
    """Options it can use."""
    headers: bool = False
    """Whether it may be told further headers; the others have all they need by their names."""
    live: bool = False
    """Whether it tells only how things are now, so that nobody can ask it again."""

    def __call__(self, opening: Opening) -> Client:
        """Make the client; ConfigError where the opening cannot be used."""
        return self.open(opening)


def _kind(dialect: Dialect, *needs: str, headers: bool = False, **rest: frozenset[str]) -> Kind:
    """Make a kind that is asked instant by instant, with `needs` as its secrets."""
    return Kind(
        open=lambda opening: Source(dialect, opening, time.time),
        secrets=(frozenset(needs),) if needs else (),
        headers=headers,
        live=dialect.live,
        **rest,
    )


METRICS: Mapping[str, Kind] = {
    "prometheus": Kind(open=Prometheus, headers=True),
    "http-json": _kind(http_json.DIALECT, headers=True),
    "cloudwatch": _kind(
        cloudwatch.DIALECT, cloudwatch.ACCESS_KEY, cloudwatch.SECRET_KEY,
        may=frozenset({cloudwatch.SESSION_TOKEN}), extras=frozenset({"region"}),
    ),
    "datadog": _kind(datadog.DIALECT, datadog.API_KEY, datadog.APPLICATION_KEY),
    "dynatrace": _kind(dynatrace.DIALECT, "token"),
    "externalmetrics": _kind(external_metrics.DIALECT),
    "graphite": _kind(graphite.DIALECT, headers=True),
    "influxdb": _kind(influxdb.DIALECT, extras=frozenset({"org", "database", "language"})),
    "keptn": _kind(keptn.DIALECT),
    "newrelic": _kind(newrelic.DIALECT, "token", options=frozenset({"account"})),
    "splunk": _kind(splunk.DIALECT, "token"),
    "stackdriver": Kind(
        open=lambda opening: Source(stackdriver.DIALECT, opening, time.time),
        secrets=(frozenset({stackdriver.KEY}), frozenset({"token"})),
        options=frozenset({"project"}), extras=frozenset({"language"}),
    ),
}  # fmt: skip
"""`type` of a metric source in controller.yaml to what it is; Flagger's names where it has one."""

__all__ = ["METRICS", "Client", "Kind", "Opening", "Prometheus", "Sources"]
