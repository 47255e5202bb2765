"""AWS Signature Version 4 for one request; tested against the vectors AWS publishes.

Source: docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html. botocore
would bring the descriptions of every AWS API for these sixty lines.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Keys:
    """Who signs, and for what."""

    access_key: str
    secret_key: str
    token: str | None = None
    region: str
    service: str


def signed(
    keys: Keys,
    *,
    method: str,
    path: str,
    query: Mapping[str, str],
    headers: Mapping[str, str],
    body: bytes,
    at: str,
) -> dict[str, str]:
    """Give the headers to send: those given, with `host` among them, and the signature's.

    `at` is the time in UTC as `YYYYMMDDTHHMMSSZ`; a signature is good for five minutes.
    """
    sent = {name.lower(): " ".join(value.split()) for name, value in headers.items()}
    sent["x-amz-date"] = at
    if keys.token:
        sent["x-amz-security-token"] = keys.token
    names = ";".join(sorted(sent))
    canonical = "\n".join(
        (
            method,
            quote(path or "/", safe="/-_.~"),
            "&".join(f"{_plain(key)}={_plain(query[key])}" for key in sorted(query)),
            *(f"{name}:{sent[name]}" for name in sorted(sent)),
            "",
            names,
            hashlib.sha256(body).hexdigest(),
        )
    )
    scope = f"{at[:8]}/{keys.region}/{keys.service}/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    key = f"AWS4{keys.secret_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    text = f"{_ALGORITHM}\n{at}\n{scope}\n{digest}"
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    who = f"Credential={keys.access_key}/{scope}"
    sent["authorization"] = f"{_ALGORITHM} {who}, SignedHeaders={names}, Signature={signature}"
    return sent


def _plain(text: str) -> str:
    return quote(text, safe="-_.~")
