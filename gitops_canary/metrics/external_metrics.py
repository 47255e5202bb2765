"""The Kubernetes external metrics API, which only tells how things are now.

A query is `<namespace>/<metric>?labelSelector=<selector>`, as in Flagger.
Source of the shapes: k8s.io/metrics, external.metrics.k8s.io/v1beta1, ExternalMetricValueList.
"""

import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import parse_qsl, quote

from gitops_canary.http import Failed, Reply, Request
from gitops_canary.metrics.http import Access, Dialect, Instant, Track
from gitops_canary.metrics.shapes import (
    Point,
    complete,
    instant_ms,
    labelled,
    listed,
    mapping,
    parse,
)

_QUERY = re.compile(r"([a-z0-9][a-z0-9-]{0,62})/([A-Za-z0-9_.:|-]{1,253})(?:\?([^#\s]{1,1000}))?")
_SCALES = {
    "n": Decimal("1e-9"), "u": Decimal("1e-6"), "m": Decimal("1e-3"), "": Decimal(1),
    "k": Decimal(10) ** 3, "M": Decimal(10) ** 6, "G": Decimal(10) ** 9, "T": Decimal(10) ** 12,
    "P": Decimal(10) ** 15, "E": Decimal(10) ** 18,
    **{f"{unit}i": Decimal(1024) ** power for power, unit in enumerate("KMGTPE", 1)},
}  # fmt: skip
_QUANTITY = re.compile(r"([+-]?[0-9.]{1,40}(?:[eE][+-]?[0-9]{1,3})?)([numkMGTPE]|[KMGTPE]i)?")


def ask(instant: Instant, access: Access) -> Request:
    """Ask for the metric's value of now."""
    found = _QUERY.fullmatch(instant.expression.strip())
    given = dict(parse_qsl(found[3] or "", keep_blank_values=True)) if found else {}
    if not found or not given.keys() <= {"labelSelector"}:
        raise Failed("needs a query like prod/queue_length?labelSelector=app%3Dweb: correct it")
    where = f"/apis/external.metrics.k8s.io/v1beta1/namespaces/{found[1]}"
    return Request(
        path=f"{where}/{quote(found[2], safe=':|')}",
        params=given,
        headers={**access.secrets.standard, "Accept": "application/json"},
    )


def read(reply: Reply, instant: Instant) -> Sequence[Track]:
    """Read `items[]`, each a quantity with its own time."""
    del instant
    document = mapping(parse(reply.body), "the answer")
    complete(mapping(document.get("metadata") or {}, "metadata"), "continue")
    tracks = []
    for one in listed(document.get("items"), "items"):
        item = mapping(one, "an item")
        point = Point(at_ms=instant_ms(item.get("timestamp")), value=quantity(item.get("value")))
        tracks.append(Track(labels=labelled(item.get("metricLabels")), points=(point,)))
    return tracks


def quantity(value: Any) -> str:
    """Read a Kubernetes quantity as a plain number.

    >>> quantity("1500m"), quantity("2Ki"), quantity("3e2"), quantity("99.5")
    ('1.5', '2048', '300', '99.5')

    Raises:
        Failed: it is none.
    """
    found = _QUANTITY.fullmatch(str(value))
    try:
        if found:
            number = Decimal(found[1]) * _SCALES[found[2] or ""]
            whole = number.to_integral_value()
            return str(whole.quantize(Decimal(1))) if number == whole else str(number.normalize())
    except InvalidOperation:
        pass  # told below like any other text that is no quantity
    raise Failed("answers with something else where a quantity belongs: look at its adapter")


DIALECT = Dialect(ask=ask, read=read, live=True)
"""Asked with a service account's token."""
