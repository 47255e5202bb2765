"""A canary that still warms up: its share of bad requests falls from one scrape to the next.

While it does, and no longer than some minutes after the warm-up, evidence that would condemn is not
acted on; it begins anew with the next block. What condemns later has to exceed the limit by what
came since *and* by all of it, so the chance to condemn a good version only gets less.
"""

import math
from collections.abc import Sequence

from gitops_canary.core.judges.words import WARMS_MS

BLOCKS = 5
"""How many of the newest blocks show whether the share falls: one that only began badly is flat."""
_FALLS = 1.5
"""Standard errors: a share that stays as it is falls by as much in one of 15 looks."""
Shares = tuple[tuple[int, int], ...]


def warms(warmup_ms: int, first_ms: int, end_ms: int) -> bool:
    """Whether a canary may still be warming up."""
    return bool(warmup_ms) and end_ms <= first_ms + warmup_ms + WARMS_MS


def falls(blocks: Sequence[tuple[int, int]], eta: float) -> bool:
    """Whether the share of bad requests falls (Cochran 1954 and Armitage 1955, one-sided).

    `blocks` are (requests, bad), oldest first; bad requests that come in bursts prove less.

    >>> falls([(150, 42), (150, 38), (150, 36), (150, 33), (150, 30)], 1.0)
    True
    >>> falls([(150, 42), (150, 15), (150, 16), (150, 14), (150, 15)][1:], 1.0)
    False
    >>> falls([(15, 4), (15, 4), (15, 3), (15, 2), (15, 2)], 1.0), falls([], 1.0)
    (False, False)
    >>> falls([(8, 7), (8, 1)], 0.25), falls([(8, 7), (8, 1)], 0.24)
    (True, False)

    Two blocks are enough where they differ that much; where none or all are bad nothing falls.

    >>> falls([(2, 2), (2, 0)], 1.0), falls([(2, 0)] * 3, 1.0), falls([(2, 2)] * 3, 1.0)
    (True, False, False)
    """
    requests, bad = sum(n for n, _ in blocks), sum(k for _, k in blocks)
    if not requests:
        return False
    part = bad / requests
    slope = sum(at * (k - n * part) for at, (n, k) in enumerate(blocks))
    middle = sum(at * n for at, (n, _) in enumerate(blocks))
    spread = sum(at * at * n for at, (n, _) in enumerate(blocks)) - middle * middle / requests
    spread *= part * (1 - part)
    return spread > 0 and -slope * math.sqrt(eta / spread) >= _FALLS


def told(blocks: Sequence[tuple[int, int]]) -> str:
    """Say how the share fell.

    >>> told([(2, 2), (150, 20), (0, 0)])
    '100, 13 %'
    """
    return f"{', '.join(f'{100 * k / n:.0f}' for n, k in blocks if n)} %"
