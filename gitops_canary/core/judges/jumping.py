"""What both sides meet at once is seen at different times: pods are scraped one after the other.

When a common incident begins, a canary's pod that is scraped after those of the primary shows it a
block earlier than they do, and where it ends a block later. So what a block tells against the
canary is believed once the primary was read again. Blocks between which the primary's own share of
bad requests jumps are weighed as one, against twice the tolerance: over two intervals and more one
side misses at most half of what the other saw. What condemns exceeds the limit by this and by all
evidence, so the chance to condemn a good version only gets less.

Where the canary was suspicious before its newest block, or this is its first, nobody waits: an
incident would have had to begin in just that block.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from gitops_canary.core.judges.pod_faults import Strand
from gitops_canary.model.judging import Counts

TIMES = 2
"""How many times the tolerance is held against blocks weighed as one."""
_JUMPS = 3.32
"""Half of the 1 % point of chi-squared with one degree of freedom."""
_MOST = 4
"""Blocks weighed as one at the most: a primary that fails now and then shields nobody for ever."""
Grow = Callable[[Strand, Counts, int], Strand]
"""Adds counts to a strand, against so many times the tolerance."""


@dataclass(frozen=True, slots=True)
class Edges:
    """The evidence without what the primary may not have shown yet."""

    calm: Strand
    """All blocks but the open ones."""
    open: tuple[Counts, ...]
    """The newest block, and those before it to which the primary's share jumps."""
    believed: Strand
    """What is held against the limit."""
    joined: bool = False
    """Whether blocks were weighed as one; else `calm` is all evidence before the newest block."""
    closed: Strand | None = None
    """`calm` with the one open block, where that is known: nobody weighs it anew."""


def followed(
    edges: Edges | None, whole: Strand, after: Strand, c: Counts, *, eta: float, suspicious: float,
    grow: Grow,
) -> Edges:  # fmt: skip
    """Take one block in; `whole` is all evidence before it, `after` with it."""
    before = edges.open if edges else ()
    if edges and before and jumps(before[-1], c, eta):
        every, kept = (*before, c), replace(edges, joined=True, closed=None)
        if len(every) <= _MOST:
            return replace(kept, open=every, believed=edges.calm)
        # The newest one goes on: its edge is not over yet.
        calm = grow(edges.calm, _sum(before), TIMES)
        return Edges(calm, (c,), calm, joined=True)
    joined = edges is not None and edges.joined
    calm = _closed(edges, grow) if edges and joined else whole
    early = calm.total.canary and calm.worse.log < math.log(suspicious)
    newest = grow(calm, c, 1) if joined else after
    return Edges(calm, (c,), calm if early else newest, joined, newest)


def _closed(edges: Edges, grow: Grow) -> Strand:
    if edges.closed is not None:
        return edges.closed
    times = 1 if len(edges.open) == 1 else TIMES
    return grow(edges.calm, _sum(edges.open), times)


def _sum(blocks: tuple[Counts, ...]) -> Counts:
    return sum(blocks, Counts())


def jumps(before: Counts, after: Counts, eta: float) -> bool:
    """Whether the primary's share of bad requests differs between two blocks (Wilks 1938).

    >>> jumps(Counts(primary=135), Counts(primary=135, primary_bad=4), 1.0)
    False
    >>> jumps(Counts(primary=135), Counts(primary=135, primary_bad=5), 1.0)
    True
    >>> jumps(Counts(primary=135, primary_bad=40), Counts(primary=135, primary_bad=36), 1.0)
    False
    >>> jumps(Counts(primary=135, primary_bad=5), Counts(), 1.0)
    False
    """
    n, bad = before.primary + after.primary, before.primary_bad + after.primary_bad
    if not bad or not before.primary or not after.primary:
        return False
    good = n - bad
    found = -_entropy(bad, n) - _entropy(good, n)
    for one in (before, after):
        found += _entropy(one.primary_bad, one.primary)
        found += _entropy(one.primary - one.primary_bad, one.primary)
    return eta * found >= _JUMPS


def _entropy(part: int, whole: int) -> float:
    return part * math.log(part / whole) if part else 0.0
