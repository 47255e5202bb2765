"""Sending one message to one notifier: its address is a secret, and so is what it answers."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, parse_qsl, urlsplit, urlunsplit

from gitops_canary.errors import CanaryError, ConfigError
from gitops_canary.http import Failed, Opening, Request, Secrets, Session, secrets_of
from gitops_canary.http.session import TROUBLE
from gitops_canary.model.announcement import Announcement

ADDRESS: Final = "address"
UNKNOWN: Final = "https://unknown.invalid"
"""Stands where the URL is a secret that is read for each message."""
_OK = range(200, 300)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One notifier as the operator describes it."""

    shape: "Shape"
    opening: Opening
    """Its secret `address` is the URL messages are posted to; its url is not known."""
    channel: str = ""
    username: str = "gitops-canary"
    providers: frozenset[str] = frozenset()
    """`namespace/name` of AlertProviders that mean this notifier."""


Shape = Callable[[Announcement, Place, Secrets], Request]
"""Writes a message; `path` is what follows the address."""


class Notifiers:
    """All notifiers of controller.yaml."""

    def __init__(self, places: Mapping[str, Place]) -> None:
        self._places = dict(places)

    def knows(self, notifier: str) -> bool:
        """Tell whether a document may name this one: a name, or an AlertProvider."""
        return self._found(notifier) is not None

    async def notify(self, notifier: str, told: Announcement) -> str:
        """Send a message; empty where it arrived, else why it did not, without any secret."""
        place = self._found(notifier)
        if place is None:
            return f"there is no notifier {notifier[:80]!r} in controller.yaml"
        try:
            async with asyncio.timeout(place.opening.timeout_ms / 1000):
                return await _send(place, told)
        except TimeoutError:
            return f"no answer within {place.opening.timeout_ms} ms"
        except Failed as error:
            return f"it {error}"
        except TROUBLE as error:
            # Its words could hold the address.
            return f"it cannot be reached ({type(error).__name__})"
        except CanaryError as error:
            return f"its address cannot be used: {error.remedy}"

    def _found(self, notifier: str) -> Place | None:
        namespaced = (p for p in self._places.values() if notifier in p.providers)
        by_name = self._places.get(notifier.rpartition("/")[2])
        return next(namespaced, by_name)


async def _send(place: Place, told: Announcement) -> str:
    secrets = secrets_of(place.opening)
    parts = _parts(secrets[ADDRESS])
    request = place.shape(told, place, secrets)
    base = urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))
    session = Session(place.opening)
    try:
        sent = Request(
            method=request.method,
            path=request.path,
            params={**dict(parse_qsl(parts.query)), **request.params},
            headers={"Content-Type": "application/json", **request.headers},
            content=request.content,
        )
        reply = await session.call(sent, base=base)
    finally:
        await session.aclose()
    return "" if reply.status in _OK else f"HTTP {reply.status}"


def _parts(address: str) -> SplitResult:
    try:
        return urlsplit(address)
    except ValueError:
        # Its words would hold the address.
        raise ConfigError(
            "The address of a notifier is no URL.", remedy="write https://host/path into its file"
        ) from None
