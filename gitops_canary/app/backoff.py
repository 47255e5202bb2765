"""How long a replica waits before it decides again after another one was faster; bounded."""

import asyncio
import hashlib
from dataclasses import dataclass

FIRST_S = 0.1
MOST_S = 2.0
"""Seconds; several rounds of it fit into any poll."""


def span_s(replica: str, lost: int) -> float:
    """Say how long to wait after so many lost races in a row; the same for the same replica.

    After the first one nobody waits: most often a person pushed. Then up to 0.2, 0.4 ... 2 s, at a
    place in that span that is each replica's own, so that two of them part.
    """
    if lost <= 1:
        return 0.0
    place = int.from_bytes(hashlib.sha256(f"{replica}\0{lost}".encode()).digest()[:4]) / 2**32
    longest = MOST_S if lost > MOST_S / FIRST_S else min(FIRST_S * 2 ** (lost - 1), MOST_S)
    return longest * place


async def at_once(lost: int) -> None:
    """Wait for nobody."""
    del lost


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits for one replica."""

    replica: str

    async def wait(self, lost: int) -> None:
        """Wait after so many lost races in a row."""
        span = span_s(self.replica, lost)
        if span:
            await asyncio.sleep(span)
