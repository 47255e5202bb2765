"""Signatures of what is sent, by the Standard Webhooks specification 1.0.

Source: github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md.
"""

import base64
import binascii
import hmac

from gitops_canary.http import Failed

PREFIX = "whsec_"


def headers(key: str, at_s: int, content: bytes, secret: str | None) -> dict[str, str]:
    """Give the headers that name a message and, with a secret, prove who sent it.

    `Idempotency-Key` says the same to receivers that know that name.

    Raises:
        Failed: the secret cannot be used.
    """
    named = {"webhook-id": key, "webhook-timestamp": str(at_s), "Idempotency-Key": key}
    if secret is None:
        return named
    told = b"%s.%d.%s" % (key.encode(), at_s, content)
    digest = hmac.digest(_key(secret), told, "sha256")
    return {**named, "webhook-signature": f"v1,{base64.b64encode(digest).decode()}"}


def _key(secret: str) -> bytes:
    if not secret.startswith(PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise Failed("has a signing secret that is not whsec_ and base64: correct it") from None
