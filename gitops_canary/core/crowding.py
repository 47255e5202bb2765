"""Which branches a look is at, and which the forge is asked about, where there are too many; pure.

Anybody can push any number of branches that are named as those of moves are, and a look is to cost
the same whoever does. What was decided is always looked at, then what is likely ours, and a part of
each look goes round about everything else, so that nothing is hidden for long.
"""

import zlib
from collections.abc import Callable, Collection

from gitops_canary.core.delivery import SHORT, canary_of
from gitops_canary.core.replay import History
from gitops_canary.model.names import CanaryId

BRANCHES_MAX = 10_000
"""Branches that a look is at: what costs is to fetch them."""
STRANGERS_MAX = 20
"""Branches with nothing of ours that the forge is asked about at a look: it counts questions."""
_SHARE = 4
"""One in so many that are chosen is taken round about, however many are likely ours."""
Likely = Callable[[str], bool]
Last = tuple[str | None, str | None]
"""The last ones that were chosen, of those likely ours and of the others; None before any was."""
NOBODY: Last = (None, None)


def choose(
    names: Collection[str],
    first: Collection[str],
    likely: Likely,
    last: Last,
    most: int,
    now_ms: int,
) -> tuple[tuple[str, ...], Last]:
    """Choose all of the `first`, and to a number of `most` others in their turn; who was last.

    Among more that are likely ours than there is room for turns are taken, too. Without a `last`
    turns begin anywhere, by the time of the look: a process that ends after each look would never
    come beyond the first ones.
    """
    always = tuple(sorted(name for name in names if name in first))
    rest = {*names} - {*always}
    room = max(most - len(always), 2)
    if len(rest) <= room:
        return (*always, *sorted(rest)), last
    ours, mine = _turn([one for one in rest if likely(one)], last[0], _most(room), now_ms)
    others, theirs = _turn(rest - {*ours}, last[1], room - len(ours), now_ms)
    return (*always, *ours, *others), (mine, theirs)


def after_moves(target: str, history: History) -> Likely:
    """Tell which names are those of moves that come after one that the target branch has.

    Nobody but who reads the branch knows such names; what competes with a due move has one.
    """
    known: dict[CanaryId, frozenset[str]] = {}

    def likely(branch: str) -> bool:
        canary = canary_of(target, branch)
        if canary not in known:
            moves = history.moves.get(canary, ())
            known[canary] = frozenset(move.revision[:SHORT] for move in moves)
        return branch.rpartition("-")[2] in known[canary]

    return likely


def in_turn(names: Collection[str], after: str, most: int) -> tuple[str, ...]:
    """Choose the next ones of some names, in order and round about, after the last one chosen.

    >>> in_turn(["a", "b", "c"], "b", 2)
    ('c', 'a')
    """
    order = sorted(names, key=lambda name: (name <= after, name))
    return tuple(order[:most])


def _most(room: int) -> int:
    return room - max(room // _SHARE, 1)


def _turn(
    names: Collection[str], last: str | None, most: int, now_ms: int
) -> tuple[tuple[str, ...], str | None]:
    if len(names) <= most:
        return tuple(sorted(names)), last
    if last is None:
        last = sorted(names)[zlib.crc32(str(now_ms).encode()) % len(names)]
    turn = in_turn(names, last, most)
    return turn, turn[-1]
