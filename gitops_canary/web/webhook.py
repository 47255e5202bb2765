"""Push webhooks of GitHub, and of forges that sign the same way; pure.

A webhook is a hint to look, never more: nothing in it is believed but which repository and branch
it names. Signature: `X-Hub-Signature-256`, HMAC-SHA256 over the raw body, as GitHub documents it.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Iterable
from typing import Any, Final

from gitops_canary.errors import Refused, SpecError

BODY_MAX: Final = 5 * 1024 * 1024
"""Bytes of one webhook; a push of a thousand commits is far below it."""
DELIVERIES_MAX: Final = 10_000
"""Deliveries remembered against replays."""
_SCP = re.compile(r"(?:[^@/]+@)?([^:/]+):(?!//)(.+)")
_URL_KEYS = ("clone_url", "ssh_url", "git_url", "html_url", "url")


def check_signature(body: bytes, signature: str, secret: bytes) -> None:
    """Hold the signature against the raw body.

    Raises:
        Refused: it is missing or wrong.
    """
    made = "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(made.encode(), signature.encode("utf-8", "replace")):
        raise Refused(
            "The webhook's signature is not ours.",
            remedy="give the forge the secret of server.webhookSecretFile, content type JSON",
        )


def pushed(body: bytes) -> tuple[frozenset[str], str]:
    """Read which repository (its addresses, in one form) and which branch a push names.

    Raises:
        SpecError: the body is no push.
    """
    try:
        event = json.loads(body)
        ref, repository = event["ref"], event["repository"]
        found = [repository.get(key) for key in _URL_KEYS]
    except (ValueError, RecursionError, TypeError, KeyError, AttributeError):
        raise SpecError(
            "The webhook is no push event.", remedy="send push events as application/json"
        ) from None
    branch = str(ref).removeprefix("refs/heads/")
    return frozenset(address(one) for one in _texts(found)), branch


def address(url: str) -> str:
    """Reduce a repository's URL to host and path, the same for https and ssh.

    >>> address("https://git.example/acme/config.git"), address("git@git.example:acme/config")
    ('git.example/acme/config', 'git.example/acme/config')
    """
    scp = _SCP.fullmatch(url)
    plain = f"{scp.group(1)}/{scp.group(2)}" if scp else url.partition("://")[2]
    host, _, path = plain.rpartition("@")[2].partition("/")
    return f"{host.partition(':')[0].lower()}/{path.strip('/').removesuffix('.git')}"


def _texts(found: Iterable[Any]) -> list[str]:
    return [one for one in found if isinstance(one, str) and one]


class Deliveries:
    """Which deliveries were taken already; the oldest are forgotten first."""

    def __init__(self) -> None:
        self._known: dict[str, None] = {}

    def take(self, name: str) -> bool:
        """Tell whether this delivery is new, and remember it."""
        if name in self._known:
            return False
        self._known[name] = None
        if len(self._known) > DELIVERIES_MAX:
            del self._known[next(iter(self._known))]
        return True
