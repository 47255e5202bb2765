"""Bugs that are planted in delivery by pull request; found in worlds that deliver so."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any

from gitops_canary.app.delivering import Delivering
from gitops_canary.app.proposing import Proposing
from gitops_canary.core import crowding, delivery
from gitops_canary.core.crowding import NOBODY, Last
from gitops_canary.core.delivery import Do, Hand
from gitops_canary.core.plan import Plan
from gitops_canary.errors import Unavailable
from gitops_canary.model.request import Draft

from .pieces import CROWDED, mark
from .pieces import REQUESTS as SHARE
from .planting import Mutant, Swap


def _asked(change: Callable[[Do, bool], Do]) -> Sequence[Swap]:
    """Do something else about a request than was decided."""
    real = delivery.course

    def course(*, wanted: bool, **given: Any) -> Do:
        return change(real(wanted=wanted, **given), wanted)

    return [(delivery, "course", course)]


def _obliging() -> Sequence[Swap]:
    real = Proposing._hand

    def hand(self: Proposing, *given: Any) -> Hand:
        found = real(self, *given)
        return Hand.OURS if found is Hand.FOREIGN else found

    return [(Proposing, "_hand", hand)]


def _unbound() -> Sequence[Swap]:
    """What the branch changed since beside a move's own files counts for nothing."""
    real = Proposing._proven
    return [(
        Proposing,
        "_proven",
        lambda self, *given: real(replace(self, sealed=False), *given),
    )]  # fmt: skip


def _forgetful() -> Sequence[Swap]:
    """What another process opened is merged without a note of it."""
    real = Delivering._ask

    async def ask(
        self: Delivering, plan: Plan, request: Any, tip: Any, draft: Draft, look: Any
    ) -> None:
        known = draft.branch in self._sent
        try:
            await real(self, plan, request, tip, draft, look)
        except Unavailable:
            if not known:
                self._sent.pop(draft.branch, None)
            raise

    return [(Delivering, "_ask", ask)]


def _crowded() -> Sequence[Swap]:
    def choose(names: Collection[str], *given: Any) -> tuple[tuple[str, ...], Last]:
        return tuple(sorted(names)[: given[3]]), NOBODY

    return [(crowding, "choose", choose)]


def _unfair() -> Sequence[Swap]:
    """The first of a crowd are looked at each time."""
    return [(crowding, "in_turn", lambda names, _after, most: tuple(sorted(names)[:most]))]


FORGETFUL = Mutant("a merge whose answer was lost is not told", _forgetful)
"""Too rare for worlds from seeds, since who asks twice has noted it: `test_told.py` shows it."""
_BUGS: Sequence[Mutant] = (
    Mutant("a request is merged on an old look", lambda: [
        (Proposing, "moved_from", lambda _self, _main: False),
    ]),
    Mutant("what is not due any more stays open", lambda: _asked(
        lambda do, wanted: do if wanted or do is not Do.WITHDRAW else Do.LEAVE,
    )),
    Mutant("a closed request is opened again", lambda: _asked(
        lambda do, _wanted: Do.OPEN if do is Do.REFUSED else do,
    )),
    Mutant("somebody's commits are merged", _obliging),
    Mutant("what a seal would not bind is merged", _unbound),
)  # fmt: skip
_CROWDS: Sequence[Mutant] = (
    Mutant("strangers' branches hide ours", _crowded),
    Mutant("of a crowd the first are looked at each time", _unfair),
)


def _crowds(seed: int) -> bool:
    return mark(seed, "requests") < SHARE and mark(seed, "crowded") < CROWDED


REQUESTED = (
    *(replace(bug, where=lambda seed: mark(seed, "requests") < SHARE) for bug in _BUGS),
    *(replace(bug, where=_crowds) for bug in _CROWDS),
)
