"""Pushes whose answer was lost: what arrived all the same is told like any other push."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from gitops_canary.app.looking import Seen
from gitops_canary.core.plan import Plan
from gitops_canary.core.replay import History
from gitops_canary.errors import Unavailable
from gitops_canary.model.names import CanaryId
from gitops_canary.model.rollout import Move


@dataclass(slots=True)
class Lost:
    """Plans that were being pushed when the server was lost, until a look says what became of it.

    A process that ends meanwhile forgets them: then nobody is told.
    """

    _sent: dict[str, Plan] = field(default_factory=dict)
    _found: list[Plan] = field(default_factory=list)
    _tried: dict[CanaryId, Seen] = field(default_factory=dict)
    """Canaries as they were when a move was sent: they may be gone by the look that finds it."""

    def tried(self, plans: Sequence[Plan], seen: Mapping[CanaryId, Seen]) -> None:
        """Remember who is told of moves that are about to be sent."""
        movers = (plan.act.canary for plan in plans)
        self._tried |= {one: seen[one] for one in movers if one in seen}

    def moved(self, plans: Iterable[Plan], awaited: Iterable[CanaryId]) -> Mapping[CanaryId, Seen]:
        """Give the canaries of moves that arrived, as they were then.

        The others are let go, but for those that are awaited, or of a push without an answer.
        """
        movers, tried = {plan.act.canary for plan in plans}, self._tried
        stay = {*awaited, *(plan.act.canary for plan in self._sent.values())}
        self._tried = {canary: one for canary, one in tried.items() if canary in stay}
        return {canary: one for canary, one in tried.items() if canary in movers}

    @contextmanager
    def kept(self, plans: Sequence[Plan]) -> Iterator[None]:
        """Push inside; where no answer comes the plans are remembered, and the error goes on."""
        try:
            yield
        except Unavailable:
            self._sent |= {plan.commit.message: plan for plan in plans}
            raise

    def see(self, history: History) -> None:
        """Find those that the history holds; the others were never pushed.

        At the first look there is: a later one may hold no more of a rollout that was superseded.
        """
        sent, self._sent = tuple(self._sent.values()), {}
        self._found += [p for p in sent if any(m.record == p.record for m in _moves(history, p))]

    def arrived(self) -> Sequence[Plan]:
        """Give those that were found, once."""
        found, self._found = tuple(self._found), []
        return found


def _moves(history: History, plan: Plan) -> Sequence[Move]:
    return history.moves.get(plan.act.canary, ())
