"""Calling webhooks: only where the operator allows, under deadlines, with retries and one key.

Success is a status of at most 202, as in Flagger. Any other answer is a refusal or a failure; no
answer at all, and a gateway's word that there is none, is neither.
"""

import asyncio
import hashlib
import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gitops_canary.core.hook_body import key
from gitops_canary.http import Failed, Opening, Reply, Request, Session, secrets_of
from gitops_canary.http.session import CONCURRENT_MAX, TROUBLE, unreachable
from gitops_canary.model import webhooks
from gitops_canary.model.addresses import check_address
from gitops_canary.webhooks.signing import headers

PASSING: Final = range(200, 203)
NO_ANSWER: Final = frozenset({429, 502, 503, 504})
"""What a server or its gateway says instead of an answer."""
_SERVER_ERROR = 500
_PLAIN = re.compile(r"(?:/[A-Za-z0-9._~:+,=-]*)*")
PAUSES_S: Final = (1.0, 2.0, 4.0, 8.0)
"""Between attempts, and up to half as long again; the last one for all that follow."""
SIGNS: Final = "signing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One webhook as the operator describes it."""

    opening: Opening
    """Its `timeout_ms` bounds one attempt, whatever a document says."""
    addresses: frozenset[str] = frozenset()
    """URLs that documents may carry for it, besides its own."""

    def path(self, url: str) -> str | None:
        """Give what follows the allowed URL in a document's; None where it is not below one."""
        try:
            plain = check_address(url)
        except ValueError:
            return None
        for base in (self.opening.url.rstrip("/"), *self.addresses):
            rest = plain.removeprefix(base)
            if plain.startswith(base) and _below(rest):
                return rest
        return None


class Caller:
    """Calls the webhooks of controller.yaml, by name or by an allowed URL."""

    def __init__(
        self,
        targets: Mapping[str, Target],
        clock: Callable[[], float] = time.time,
        pauses_s: Sequence[float] = PAUSES_S,
    ) -> None:
        self._targets = dict(targets)
        self._clock = clock
        self._pauses_s = pauses_s
        self._sessions = {name: Session(one.opening) for name, one in targets.items()}
        # An attempt's deadline begins when its turn has come.
        self._gates = {name: asyncio.Semaphore(CONCURRENT_MAX) for name in targets}

    def allows(self, target: str) -> bool:
        """Tell whether a document may have this called."""
        return self._found(target) is not None

    async def ask(self, call: webhooks.Call, body: Mapping[str, object]) -> webhooks.Reply:
        """Call one webhook, with its retries; what goes wrong is told in the reply."""
        return await self.send(call.hook, key(call), body)

    async def send(
        self, hook: webhooks.Webhook, name: str, body: Mapping[str, object]
    ) -> webhooks.Reply:
        """Send a message under a name that stays the same for every attempt."""
        found = self._found(hook.target)
        if found is None:
            return _none("the operator does not allow it: add it under webhooks in controller.yaml")
        content = json.dumps(body, separators=(",", ":")).encode()
        short = hashlib.sha256(name.encode()).hexdigest()[:32]
        reply = _none("it was not asked")
        for attempt in range(1 + hook.retries):
            if attempt:
                pause_s = self._pauses_s[min(attempt, len(self._pauses_s)) - 1]
                await asyncio.sleep(pause_s * spread(short, attempt))
            reply = await self._attempt(*found, hook, short, content)
            if reply.passed is not None and (reply.status or 0) < _SERVER_ERROR:
                break
        return reply

    async def aclose(self) -> None:
        """Close the connections."""
        await asyncio.gather(*(session.aclose() for session in self._sessions.values()))

    async def _attempt(
        self, name: str, path: str, hook: webhooks.Webhook, key: str, content: bytes
    ) -> webhooks.Reply:
        session = self._sessions[name]
        timeout_ms = min(hook.timeout_ms, session.opening.timeout_ms)
        try:
            secrets = secrets_of(session.opening)
        except Failed as error:
            return _none(str(error))
        try:
            signed = headers(key, int(self._clock()), content, secrets.get(SIGNS))
            sent = {**secrets.standard, **signed, "Content-Type": "application/json"}
            request = Request(method="POST", path=path, headers=sent, content=content)
            async with self._gates[name], asyncio.timeout(timeout_ms / 1000):
                return _read(await session.call(request))
        except TimeoutError:
            return _none(f"no answer within {timeout_ms} ms")
        except Failed as error:
            return _none(secrets.hidden(str(error)))
        except TROUBLE as error:
            return _none(unreachable(error, secrets))

    def _found(self, target: str) -> tuple[str, str] | None:
        name, slash, rest = target.partition("/")
        if name in self._targets:
            return (name, slash + rest) if _below(slash + rest) else None
        for name, one in self._targets.items():
            if "://" in target and (path := one.path(target)) is not None:
                return name, path
        return None


def spread(key: str, attempt: int) -> float:
    """Give by how much a message's pause is longer, so that not all come back together.

    >>> [round(spread(key, attempt), 2) for key, attempt in (("a", 1), ("b", 1), ("a", 2))]
    [1.23, 1.38, 1.0]
    """
    digest = hashlib.sha256(f"{key}/{attempt}".encode()).digest()
    return 1 + int.from_bytes(digest[:4]) / 2**33


def _below(path: str) -> bool:
    """Whether what follows a base URL stays below it, however a server reads paths."""
    odd = "//" in path or "/." in path or not _PLAIN.fullmatch(path)
    return not odd


def _read(reply: Reply) -> webhooks.Reply:
    """Take the status alone: what a service writes in a body is not repeated anywhere."""
    why = f"HTTP {reply.status}"
    if reply.status in NO_ANSWER:
        return webhooks.Reply(passed=None, status=reply.status, why=why)
    return webhooks.Reply(passed=reply.status in PASSING, status=reply.status, why=why)


def _none(why: str) -> webhooks.Reply:
    return webhooks.Reply(passed=None, status=None, why=why)
