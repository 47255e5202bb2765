"""Google Cloud Monitoring: MQL by `timeSeries:query`, or PromQL (option `language`).

Both take explicit times: MQL by `within`, PromQL by its own parameters.
Source of the shapes: cloud.google.com/monitoring, "projects.timeSeries.query", "MQL reference" and
"projects.location.prometheus.api.v1.query"; RFC 7523 and "Using OAuth 2.0 for Server to Server
Applications" for the service account.
"""

import asyncio
import base64
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from gitops_canary.http import Failed, Reply, Request, Secrets, Session
from gitops_canary.metrics.http import OK, Access, Dialect, Instant, Track
from gitops_canary.metrics.prometheus_answer import read as read_prometheus
from gitops_canary.metrics.shapes import (
    Point,
    complete,
    instant_ms,
    labelled,
    listed,
    mapping,
    number,
    parse,
    spoken,
)

KEY = "serviceAccountKey"
SCOPE = "https://www.googleapis.com/auth/monitoring.read"
TOKEN_URI = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LIFE_S, SPARE_S = 3600, 60
_TOKEN = re.compile("[!-~]+")
"""What fits into a header as it is: a library that refuses one shows it."""
_SPAN = re.compile(r"\bwithin\s+([0-9]{1,9})(ms|s|m|h|d|w)\b")
_WITHIN = re.compile(r"\bwithin\s+([0-9a-z]+)(\s*,)?")


@dataclass(slots=True)
class Tokens:
    """Turns a service account's key into access tokens, each used until a minute before its end."""

    _token: str = field(default="", repr=False)
    _key: str = field(default="", repr=False)
    _until_s: float = 0.0
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)
    """Held while a token is fetched: whoever comes meanwhile uses the same."""

    async def __call__(self, session: Session, access: Access) -> Access:
        """Give the access a token; nothing is done where the operator gave one."""
        key = access.secrets.get(KEY)
        if key is None:
            return access
        async with self._turn:
            if not self._token or key != self._key or access.now_s > self._until_s - SPARE_S:
                await self._renew(session, key, access)
        return replace(access, secrets=_with(access.secrets, self._token))

    async def _renew(self, session: Session, key: str, access: Access) -> None:
        account = _account(key)
        assertion = jwt(account, int(access.now_s))
        base = str(account.get("token_uri") or TOKEN_URI)
        request = Request(
            method="POST", path="", form={"grant_type": GRANT, "assertion": assertion}
        )
        reply = await session.call(request, base=base)
        if reply.status not in OK:
            raise Failed(
                f"gives no token for its service account (HTTP status {reply.status}): "
                "look whether the key is still valid"
            )
        found = mapping(parse(reply.body), "the token")
        token, life = found.get("access_token"), found.get("expires_in")
        if not isinstance(token, str) or not _TOKEN.fullmatch(token) or not isinstance(life, int):
            raise Failed("answers with something else where a token belongs")
        self._token, self._key, self._until_s = token, key, access.now_s + life


def _with(secrets: Secrets, token: str) -> Secrets:
    return replace(secrets, values={**secrets.values, "token": token})


def jwt(account: Mapping[str, Any], now_s: int) -> str:
    """Write the signed assertion of RFC 7523 for a service account.

    Raises:
        Failed: its key cannot sign.
    """
    claims = {
        "iss": account.get("client_email"),
        "scope": SCOPE,
        "aud": account.get("token_uri") or TOKEN_URI,
        "iat": now_s,
        "exp": now_s + LIFE_S,
    }
    header = {"alg": "RS256", "typ": "JWT", "kid": account.get("private_key_id")}
    text = f"{_coded(json.dumps(header).encode())}.{_coded(json.dumps(claims).encode())}"
    try:
        key = serialization.load_pem_private_key(str(account.get("private_key")).encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise Failed(f"has no usable private_key in {KEY}: download the account's key again")
    signature = key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{text}.{_coded(signature)}"


def _coded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _account(key: str) -> dict[str, Any]:
    try:
        found = json.loads(key)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Failed(f"has no service account in {KEY}: download the account's key as JSON")
    return found


def ask(instant: Instant, access: Access) -> Request:
    """Ask in MQL with the window's end written into it, or in PromQL."""
    where = f"/v1/projects/{access.options['project']}/location/global/prometheus/api/v1/query"
    headers = access.secrets.standard
    if access.options.get("language", "mql") == "promql":
        form = {"query": instant.expression, "time": f"{instant.at_ms / 1000:.3f}"}
        return Request(method="POST", path=where, headers=headers, form=form)
    return Request(
        method="POST",
        path=f"/v3/projects/{access.options['project']}/timeSeries:query",
        headers={**headers, "Content-Type": "application/json"},
        content=json.dumps({"query": _timed(instant)}).encode(),
    )


def _timed(instant: Instant) -> str:
    """Write the end of the window into a MQL query, and the window where it has none."""
    end = f"d'{datetime.fromtimestamp(instant.at_ms / 1000, UTC):%Y/%m/%d-%H:%M:%S}'"
    instant.reaches(instant.expression, _SPAN)
    found = list(_WITHIN.finditer(instant.expression))
    if not found:
        # On a line of its own, where no comment takes it away.
        return f"{instant.expression}\n| within {max(instant.window_ms // 1000, 1)}s, {end}"
    line = instant.expression[: found[0].start()].rpartition("\n")[2]
    if len(found) > 1 or found[0][2] or "#" in line or "//" in line:
        raise Failed("needs a query whose `within` names a duration alone: its end is the instant")
    at = found[0].end()
    return f"{instant.expression[:at]}, {end}{instant.expression[at:]}"


def read(reply: Reply, instant: Instant) -> Sequence[Track]:
    """Read `timeSeriesData[]`, or what Prometheus would answer."""
    document = mapping(parse(reply.body), "the answer")
    if "status" in document:
        found = read_prometheus(reply.body, str)
        if found.error:
            raise Failed(found.error)
        return [
            Track(labels=s.labels, points=[Point(at_ms=instant.at_ms, value=p.value)])
            for s in found.series
            for p in s.samples[-1:]
        ]
    if document.get("partialErrors"):
        said = spoken(document["partialErrors"])
        raise Failed(f"answers with a part only ({said}): a part is never taken for health")
    complete(document, "nextPageToken")
    every = listed(document.get("timeSeriesData", []), "timeSeriesData")
    if not every and "timeSeriesDescriptor" not in document and document:
        raise Failed(
            "answers with something else than time series: check that the url is the API's"
        )
    return [_track(mapping(one, "a series")) for one in every]


def _track(row: Mapping[str, Any]) -> Track:
    labels = listed(row.get("labelValues", []), "labelValues")
    points = []
    for one in listed(row.get("pointData", []), "pointData"):
        point = mapping(one, "a point")
        values = listed(point.get("values"), "values")
        if len(values) != 1:
            raise Failed(f"answers with {len(values)} values a point: select one of them")
        value = mapping(values[0], "a value")
        text = number(value.get("doubleValue", value.get("int64Value")))
        if text is not None:
            interval = mapping(point.get("timeInterval"), "timeInterval")
            points.append(Point(at_ms=instant_ms(interval.get("endTime")), value=text))
    named = {
        f"label{i}": next(iter(mapping(v, "a label").values()), "") for i, v in enumerate(labels)
    }
    return Track(labels=labelled(named), points=points)


DIALECT = Dialect(ask=ask, read=read, exchange=Tokens)
"""Asked with a service account's key, or a token that something else renews."""
