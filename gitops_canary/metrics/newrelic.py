"""New Relic's NerdGraph, which runs a NRQL query of an account over both ends of the window.

Source of the shapes: docs.newrelic.com, "Use NerdGraph to query data with NRQL" and "NRQL
reference", SINCE and UNTIL in milliseconds.
"""

import json
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from gitops_canary.http import Failed, Reply, Request
from gitops_canary.metrics.http import Access, Dialect, Instant, Track
from gitops_canary.metrics.shapes import Point, listed, mapping, number, parse, spoken

_DOCUMENT = (
    "query($account: Int!, $nrql: Nrql!) "
    "{ actor { account(id: $account) { nrql(query: $nrql) { results } } } }"
)
_TIMED = re.compile(r"\b(?:since|until|timeseries|compare\s+with)\b|--|//|/\*", re.IGNORECASE)
_TEXT = re.compile(r"'[^'\\]*'")
_NOT_VALUES = frozenset({"facet", "beginTimeSeconds", "endTimeSeconds", "inspectedCount"})


def ask(instant: Instant, access: Access) -> Request:
    """Ask with the window written behind the query."""
    if _TIMED.search(_TEXT.sub("''", instant.expression)):
        raise Failed(
            "needs a query without SINCE, UNTIL, TIMESERIES, COMPARE WITH or comments: remove it"
        )
    nrql = f"{instant.expression} SINCE {instant.from_ms} UNTIL {instant.at_ms}"
    account = access.options["account"]
    if not account.isascii() or not account.isdigit():
        raise Failed("has no numeric account: correct options.account in controller.yaml")
    body = {"query": _DOCUMENT, "variables": {"account": int(account), "nrql": nrql}}
    return Request(
        method="POST",
        path="/graphql",
        headers={"API-Key": access.secrets["token"], "Content-Type": "application/json"},
        content=json.dumps(body).encode(),
    )


def read(reply: Reply, instant: Instant) -> Sequence[Track]:
    """Read `results`: one row, or one a facet, each with one number."""
    document = mapping(parse(reply.body), "the answer")
    if document.get("errors"):
        said = spoken(document["errors"])
        raise Failed(f"answers with an error ({said}): correct the query of the check")
    found: Any = document
    for key in ("data", "actor", "account", "nrql"):
        found = mapping(found.get(key), key)
    tracks = []
    for one in listed(found.get("results"), "results"):
        row = mapping(one, "a result")
        numbers = [value for key, value in row.items() if key not in _NOT_VALUES]
        values = [value for value in _numbers(numbers) if value is not None]
        if len(values) > 1:
            raise Failed(f"answers with {len(values)} numbers in one row: select one of them")
        points = [Point(at_ms=instant.at_ms, value=value) for value in values]
        labels = {"facet": str(row["facet"])} if "facet" in row else {}
        tracks.append(Track(labels=labels, points=points))
    return tracks


def _numbers(values: list[Any]) -> Iterator[str | None]:
    """Find the numbers of a row; those of percentiles lie one level deeper."""
    for value in values:
        if isinstance(value, dict):
            yield from _numbers(list(value.values()))
        elif value is None or isinstance(value, (int, Decimal)):
            yield number(value)


DIALECT = Dialect(ask=ask, read=read)
"""Asked with a user key."""
