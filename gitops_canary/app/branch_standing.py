"""Where everything stands on a branch, as a person's own clone knows it from its remote."""

from functools import cached_property

from gitops_canary.app.reading import Reader, Rules
from gitops_canary.app.tracing import owned_at
from gitops_canary.app.trail import Trail, Value, unknown
from gitops_canary.core import message
from gitops_canary.core.edits import Ground
from gitops_canary.core.message import rollout_id
from gitops_canary.core.plan import QUARANTINE
from gitops_canary.errors import HistoryError, SpecError
from gitops_canary.git.checkout import Checkout
from gitops_canary.manifest import document, quarantine
from gitops_canary.manifest.problems import nearest_canary
from gitops_canary.model.names import CanaryId, Path, Revision, RolloutId
from gitops_canary.model.rollout import Action, Move
from gitops_canary.model.spec import CanarySpec, Policy
from gitops_canary.routing import ROUTERS


class Standing:
    """One branch as the remote has it now, and when that is: `now_ms`, since the epoch."""

    def __init__(self, checkout: Checkout, tip: Revision, rules: Rules, *, now_ms: int) -> None:
        self.tip = tip
        self.now_ms = now_ms
        self.checkout = checkout
        self._reader = Reader(checkout, rules, ROUTERS)

    def spec(self, canary: CanaryId) -> CanarySpec:
        """Find a Canary.

        Raises:
            SpecError: there is none of that id.
            CanaryError: it cannot be read.
        """
        view = self._reader.view(self.tip)
        if canary in view.errors:
            raise view.errors[canary]
        if canary not in view.canaries:
            known = {*view.canaries, *view.errors}
            raise SpecError(f"There is no canary {canary}.", remedy=nearest_canary(canary, known))
        return view.canaries[canary]

    def ground(self, canary: CanaryId, revision: Revision | None = None) -> Ground:
        """Read a canary's owned values; CanaryError where that cannot be done."""
        return self._reader.ground(revision or self.tip, canary)

    def entries(self) -> tuple[quarantine.Entry, ...]:
        """Read the quarantine."""
        return quarantine.parse(self.text(QUARANTINE))

    def text(self, path: Path) -> str:
        """Read a file; empty where there is none."""
        return self._reader.text(self.tip, path)

    def last(self, canary: CanaryId) -> Move | None:
        """Find the newest move of a canary."""
        return next((move for move in self._moves if move.record.canary == canary), None)

    def retry_waits(self, canary: CanaryId, move: Move | None) -> bool:
        """Whether a retry was asked for since the newest move, after which nothing is under way."""
        asked = self.spec(canary).control.retry
        if asked is None or move is None or not move.record.over:
            return False
        then = self._reader.view(move.revision).canaries.get(canary)
        return then is None or then.control.retry != asked

    def policy(self, move: Move) -> Policy:
        """Give the policy that a move's rollout is pinned to."""
        canary, rollout = move.record.canary, move.record.rollout
        starts = (
            m.revision
            for m in self._moves
            if m.record.rollout == rollout and m.record.action is Action.START
        )
        found = (self._reader.view(revision).canaries.get(canary) for revision in starts)
        return next((spec.policy for spec in found if spec), self.spec(canary).policy)

    def index(self, canary: CanaryId) -> int:
        """Say which document of its file a Canary is, counted from 0."""
        place = self.spec(canary).place
        roots = document.parse(self.text(Path(place.file)), file=place.file)
        return next(
            number
            for number, root in enumerate(roots)
            if root is not None and (root.line, root.column) == (place.line, place.column)
        )

    def unanswered(self, canary: CanaryId, move: Move | None) -> RolloutId | None:
        """Name the rollout at whose weight, route or primary a person's hand has to be answered.

        None where the controller waits for no such answer. With nothing under way that is the
        newest rollout's hand-moved rest, or a weight above 0 that no move of ours set.
        """
        owned = self.ground(canary).owned
        if move and not move.record.over:
            return move.record.rollout if self.overridden(move) else None
        if owned.settled:
            return None
        if move is None:
            return self._unbegun(canary) if owned.exposed else None
        then = self.ground(canary, move.revision).owned
        waits = owned.exposed or owned.candidate.digest == then.candidate.digest
        return move.record.rollout if waits and self.overridden(move) else None

    def overridden(self, move: Move) -> bool:
        """Whether a person moved weight, route or primary since a move."""
        canary = move.record.canary
        now = self.ground(canary).owned
        then = self.ground(canary, move.revision).owned
        return (now.weight, now.shape, now.primary.digest) != (
            then.weight, then.shape, then.primary.digest,
        )  # fmt: skip

    def _unbegun(self, canary: CanaryId) -> RolloutId:
        """Name the rollout that the candidate would have, as the controller names it."""

        def digest(revision: Revision) -> str | None:
            owned = owned_at(self._reader, revision, canary)
            return owned.candidate.digest if owned else None

        trail = Trail(self.checkout.behind(self.tip), unknown)
        source = trail.origin(Value(digest, lambda _: None))
        return rollout_id(canary, source, self.ground(canary).owned.candidate.digest)

    @cached_property
    def _moves(self) -> tuple[Move, ...]:
        found: list[Move] = []
        for told in self.checkout.told(self.tip):
            try:
                record = message.parse(told.message, told.revision)
            except HistoryError:
                # Whose commit this is can only the controller tell: a quoted or broken record is
                # passed over here, as it passes over a person's.
                continue
            if record:
                found.append(Move(record=record, revision=told.revision, date_ms=told.date_ms))
        return tuple(found)
