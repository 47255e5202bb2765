"""A KeptnMetric of the cluster, whose status tells only how things are now.

A query is `keptnmetric/<namespace>/<name>`, as in Flagger. Flagger's `analysis/...` creates an
object in the cluster and waits for it; nothing here writes to a cluster, so it is refused.
Source of the shapes: keptn.sh, "KeptnMetric" reference, metrics.keptn.sh/v1.
"""

import re
from collections.abc import Sequence

from gitops_canary.http import Failed, Reply, Request
from gitops_canary.metrics.http import Access, Dialect, Instant, Track
from gitops_canary.metrics.shapes import Point, instant_ms, mapping, number, parse

_NAME = r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?"
# What may follow is for Flagger's analyses; a KeptnMetric has its own range.
_QUERY = re.compile(rf"keptnmetric/({_NAME})/({_NAME})(?:/[\w.,;:=-]+){{0,2}}")


def ask(instant: Instant, access: Access) -> Request:
    """Read the object."""
    text = instant.expression.strip()
    found = _QUERY.fullmatch(text)
    if text.startswith("analysis/"):
        raise Failed("would have to create an Analysis in the cluster: ask a keptnmetric/ instead")
    if not found:
        raise Failed("needs a query like keptnmetric/prod/error-rate: correct it")
    return Request(
        path=f"/apis/metrics.keptn.sh/v1/namespaces/{found[1]}/keptnmetrics/{found[2]}",
        headers={**access.secrets.standard, "Accept": "application/json"},
    )


def read(reply: Reply, instant: Instant) -> Sequence[Track]:
    """Read `status.value` as of `status.lastUpdated`."""
    del instant
    document = mapping(parse(reply.body), "the answer")
    status = mapping(document.get("status") or {}, "status")
    if status.get("errMsg"):
        raise Failed("could not fetch the metric: look at the status of the KeptnMetric")
    if status.get("value") in (None, ""):
        return ()
    at_ms = instant_ms(status.get("lastUpdated"))
    return (Track(points=(Point(at_ms=at_ms, value=number(status["value"]) or ""),)),)


DIALECT = Dialect(ask=ask, read=read, live=True)
"""Asked with a service account's token."""
