"""InfluxDB: Flux by `POST /api/v2/query`, or InfluxQL by `POST /query` (option `language`).

Flux is told what `now()` is, so that `range(start: -5m)` means the same when asked later. InfluxQL
has no such parameter: its query names the window by `${from_ms}` and `${to_ms}`.
Source of the shapes: docs.influxdata.com, "Annotated CSV", "POST /api/v2/query" and "/query".
"""

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from gitops_canary.http import Failed, Reply, Request
from gitops_canary.metrics.http import Access, Dialect, Instant, Track
from gitops_canary.metrics.shapes import (
    Point,
    instant_ms,
    labelled,
    listed,
    mapping,
    number,
    parse,
    spoken,
)

_RANGE = re.compile(r"\bstart\s*:\s*-\s*([0-9]{1,9})(ms|s|m|h|d|w)\b")
_WRITES = re.compile(r"\binto\b|;", re.IGNORECASE)
_FLUX_WRITES = re.compile(
    r"(?<!\w-)\bto\b|\bto\b(?!-\w)|\bexperimental\b|\bhost\s*(?://[^\n]*\n\s*)*:"
)
"""`to`, though not in time-to-live, and `from(host: ...)`, which has the server call another."""
_IMPORT = re.compile(r"\bimport\s+(?:\w+\s+)?\"([^\"]*)\"")
_IMPORTS = re.compile(r"\bimport\b")
IMPORTS = frozenset({"array", "date", "join", "math", "regexp", "strings", "timezone", "types"})
"""Packages of Flux that only compute; others write, or have the server call other servers."""
_NOT_LABELS = frozenset({"", "result", "table", "_start", "_stop", "_time", "_value"})


def ask(instant: Instant, access: Access) -> Request:
    """Ask as of the instant."""
    token = access.secrets.get("token")
    headers = {"Authorization": f"Token {token}"} if token else access.secrets.standard
    if access.options.get("language", "flux") == "influxql":
        return _influxql(instant, access, headers)
    instant.reaches(instant.expression, _RANGE)
    # Comments, regular expressions and texts hide each other's ends: the words may stand nowhere.
    imported = _IMPORT.findall(instant.expression)
    every = len(imported) == len(_IMPORTS.findall(instant.expression))
    if _FLUX_WRITES.search(instant.expression) or not every or not IMPORTS.issuperset(imported):
        raise Failed(
            f"needs a query that only reads, with no imports but {', '.join(sorted(IMPORTS))}; "
            "`to` and `host:` may not even stand in its comments and texts"
        )
    body = {
        "query": instant.timed(instant.expression),
        "type": "flux",
        "now": datetime.fromtimestamp(instant.at_ms / 1000, UTC).isoformat(),
        "dialect": {"header": True, "annotations": []},
    }
    return Request(
        method="POST",
        path="/api/v2/query",
        params={"org": access.options["org"]} if "org" in access.options else {},
        headers={**headers, "Accept": "application/csv", "Content-Type": "application/json"},
        content=json.dumps(body).encode(),
    )


def _influxql(instant: Instant, access: Access, headers: dict[str, str]) -> Request:
    query = instant.timed(instant.expression)
    if query == instant.expression:
        raise Failed("needs a query with its window: WHERE time > ${from_ms}ms AND time <= ...")
    if not query.lstrip().lower().startswith("select") or _WRITES.search(query):
        raise Failed(
            "needs one SELECT without INTO or `;`, in texts and comments too: correct the query"
        )
    return Request(
        method="POST",
        path="/query",
        params={"db": access.options.get("database", "")},
        headers={**headers, "Accept": "application/json"},
        form={"q": query, "epoch": "ms"},
    )


def read(reply: Reply, instant: Instant) -> Sequence[Track]:
    """Read CSV of Flux, or JSON of InfluxQL: the answer's first sign tells which."""
    if reply.body.lstrip().startswith((b"{", b"[", b'"')):
        return _read_json(reply.body)
    try:
        text = reply.body.decode()
        rows = list(_tables(text))
    except (UnicodeDecodeError, csv.Error):
        raise Failed("answers with broken CSV: check that the url is the API's") from None
    found: dict[tuple[tuple[str, str], ...], list[Point]] = {}
    for row in rows:
        if "error" in row and "_value" not in row:
            raise Failed("answers with an error in its table: correct the query of the check")
        labels = tuple((k, v) for k, v in row.items() if k not in _NOT_LABELS)
        series = (("table", f"{row.get('result', '')}/{row.get('table', '')}"), *labels)
        points = found.setdefault(series, [])
        if row["_value"]:
            at = row.get("_time") or row.get("_stop")
            at_ms = instant_ms(at) if at else instant.at_ms
            points.append(Point(at_ms=at_ms, value=number(row["_value"]) or ""))
    return [Track(labels=labelled(dict(series)), points=pts) for series, pts in found.items()]


def _tables(text: str) -> Iterator[dict[str, str]]:
    """Give the rows of every table; tables are parted by an empty line, each with a header."""
    header: list[str] = []
    for row in csv.reader(io.StringIO(text)):
        if not row:
            header = []
        elif not header:
            header = row
            if "_value" not in header and "error" not in header:
                raise Failed("answers with a table without _value: check the url and the query")
        elif len(row) != len(header):
            raise Failed("answers with broken CSV: check that the url is the API's")
        else:
            yield dict(zip(header, row, strict=True))


def _pair(row: object) -> list[Any]:
    found = listed(row, "a row")
    if len(found) != 2:  # noqa: PLR2004 - the time and one value
        raise Failed("answers with rows unlike their columns: check that the url is the API's")
    return found


def _read_json(body: bytes) -> Sequence[Track]:
    document = mapping(parse(body), "the answer")
    tracks = []
    for one in listed(document.get("results"), "results"):
        result = mapping(one, "a result")
        if result.get("error") or result.get("partial"):
            raise Failed(f"answers with an error ({spoken(result)}): correct the query")
        for part in listed(result.get("series", []), "series"):
            series = mapping(part, "a series")
            columns = listed(series.get("columns"), "columns")
            if len(columns) != 2 or columns[0] != "time":  # noqa: PLR2004 - the time and one value
                raise Failed("answers with several columns: select one value")
            points = [
                Point(at_ms=instant_ms(row[0]), value=text)
                for row in listed(series.get("values"), "values")
                if (text := number(_pair(row)[1])) is not None
            ]
            tracks.append(Track(labels=labelled(series.get("tags")), points=points))
    return tracks


DIALECT = Dialect(ask=ask, read=read)
"""Asked with a token, or basic authentication."""
