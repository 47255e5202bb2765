"""Everything a decision rests on, as one value."""

from dataclasses import dataclass, field
from decimal import Decimal

from gitops_canary.core.text import iso
from gitops_canary.manifest.judge_fields import WATCH_MAX_MS
from gitops_canary.model.decision import WAY_OUT, Act, Hold, Wait
from gitops_canary.model.names import CanaryId, Revision, RolloutId
from gitops_canary.model.observation import Liveness, Verdict
from gitops_canary.model.owned import Owned
from gitops_canary.model.rollout import Action, Outcome, Rollout, Window
from gitops_canary.model.spec import Control, Policy
from gitops_canary.model.webhooks import Replies

WATCH_REACH_MS = 2 * WATCH_MAX_MS
"""How long after a finish it is looked at, at the most, live or not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """One canary at one tip of its branch.

    `candidate_id` names the rollout that the candidate at the tip has or would have.
    """

    canary: CanaryId
    policy: Policy
    """The policy pinned by the running rollout; the tip's where none is running."""
    control: Control
    suspend: bool
    deleted: bool
    """The Canary document is gone from the tip."""
    tip: Owned
    written: Owned | None
    """The owned values as the newest move left them."""
    rollout: Rollout | None
    candidate_id: RolloutId
    source_ms: int
    """Committer date of the newest revision that changed the candidate."""
    stable: Revision | None
    stable_replicas: int | None
    """The candidate's replicas at the stable revision: 0 means that it idles at zero."""
    circular: bool = False
    """The stable revision has the candidate's own version: an abort would give it to everyone."""
    changed: bool = False
    """A person changed the candidate since our newest move, though it may be the same again."""
    renewed: bool = False
    """The candidate changed after the newest change of weight, route or primary by a person."""
    answered: bool = False
    """`control.resume` was written after the newest change of weight, route or primary."""
    proven: str | None = None
    """What finished this version within the rollback window; None where nothing did."""
    quarantined: str | None
    """Why the candidate at the tip may not roll out again, for a time; None where it may."""
    quarantined_until: str
    """When that time is over (RFC 3339, UTC)."""
    illegible: str = ""
    """Why an entry of the quarantine cannot be read; empty where all can."""
    timed: bool = True
    """Whether `now_ms` may end a quarantine; not while a metric source that tells it is silent."""
    tip_ms: int
    beyond: str = ""
    """Why the newest record under our key, on which the tip rests, cannot be read; else empty."""
    strange: str = ""
    """Why a commit under our key is not taken as ours; empty where there is none."""
    stray: tuple[str, ...] = ()
    """What `control` says since our newest move that names no rollout."""
    bypass: Revision | None = None
    """The commit that changed what the primary runs outside any rollout since our newest move."""
    live: Liveness | None = None
    """Of the newest move; None where there is none."""
    verdicts: tuple[Verdict, ...] = ()
    """At the current weight, oldest first."""
    now_ms: int
    due_ms: int | None = None
    """When there is more to judge; None where nothing is judged."""
    complete_ms: int = 0
    """Up to when the samples of the metric sources are complete."""
    told: Replies = field(default_factory=dict, hash=False)
    """What webhooks said since the newest move, as far as this process knows."""
    listening_ms: int = 0
    """From when on this process knows what webhooks said; 0 where it looks once and knows none."""
    pinned: bool = False
    """Whether `policy` is the one that the newest rollout was pinned to."""

    @property
    def last(self) -> Action | None:
        """The newest move's kind."""
        return self.rollout.last.record.action if self.rollout else None

    @property
    def let_in(self) -> bool:
        """Whether the candidate may roll out only because its quarantine is over by now."""
        over = self.quarantined is not None and self.quarantined_until <= iso(self.now_ms)
        return over and not self.tip.settled

    @property
    def barred(self) -> bool:
        """Whether a quarantine keeps the candidate out."""
        return self.quarantined is not None and not (self.timed and self.let_in)

    @property
    def running(self) -> bool:
        """Whether the newest move expects another one."""
        return self.rollout is not None and not self.rollout.last.record.over

    @property
    def returning(self) -> bool:
        """Whether the primary has the version, and traffic is on its way back to it."""
        last = self.last
        return (last is Action.PROMOTE or last is Action.FINISH) and self.running

    @property
    def fresh(self) -> bool:
        """Whether the candidate is not the one that our newest move left."""
        if self.written is None or self.changed:
            return True
        return self.tip.candidate.digest != self.written.candidate.digest

    @property
    def moved(self) -> bool:
        """Whether a person changed weight, route or primary since our newest move.

        A weight above 0 that no move of ours left there is a person's as well.
        """
        if self.written is None:
            return self.tip.exposed
        return (
            self.tip.weight != self.written.weight
            or self.tip.mirrored != self.written.mirrored
            or self.tip.kept != self.written.kept
            or self.tip.shape != self.written.shape
            or self.tip.primary.digest != self.written.primary.digest
        )

    @property
    def moved_what(self) -> str:
        """Name what a person changed: an object has more in it than one canary's weight."""
        tip, ours = self.tip, self.written
        found: list[str] = []
        if ours is not None:
            found += ["the weight"] * (tip.weight != ours.weight)
            there, before = ((one.shape, one.mirrored, one.kept) for one in (tip, ours))
            found += ["the route"] * (there != before)
            found += ["the primary"] * (tip.primary.digest != ours.primary.digest)
        return " and ".join(found) or "the weight, the route or the primary"

    @property
    def watched(self) -> bool:
        """Whether the newest move finished a rollout whose version is still looked at."""
        if self.rollout is None or not self.rollout.last.record.finished or not self.pinned:
            return False
        within = self.now_ms <= self.rollout.last.date_ms + WATCH_REACH_MS
        asked = bool(self.policy.watch_ms) and not self.deleted
        return asked and within and not (self.fresh or self.moved)

    @property
    def attempts_max(self) -> int:
        """How often the running rollout may be started; a person's retry is one more."""
        retried = self.rollout is not None and self.control.retry == self.rollout.id
        return self.policy.attempts_max + retried

    @property
    def idles_at_zero(self) -> bool:
        """Whether the canary has to be scaled down once it serves nobody."""
        return self.stable_replicas == 0 and self.tip.candidate.replicas != 0

    @property
    def since_ms(self) -> int:
        """When the newest move was made; 0 where there is none."""
        return self.rollout.last.date_ms if self.rollout else 0

    @property
    def unjudged(self) -> str:
        """Say that everyone has what a commit gave the primary, on nobody's verdict; else empty."""
        if self.bypass is None:
            return ""
        return (
            f" Commit {self.bypass[:12]} changed what the primary runs outside any rollout: "
            "everyone has it, and no rollout judged it."
        )

    def approved(self, step: int) -> bool:
        """Whether a person allows going on from a step, where the policy wants that."""
        token = f"{self.rollout.id if self.rollout else ''}/{step}"
        return step not in self.policy.approvals or token in self.control.approve

    def live_ms(self) -> int | None:
        """Since when the newest move is live; None while it is not."""
        return self.live.live_ms if self.live else None

    def deadline_ms(self) -> int:
        """When the newest move must be live at the latest."""
        assert self.rollout is not None
        return self.rollout.last.date_ms + self.policy.progress_deadline_ms

    def hold(self, wait: Wait, reason: str, *, remedy: str = "", alert: bool = False) -> Hold:
        """Do nothing, for this reason."""
        remedy = remedy or WAY_OUT.get(wait, "").format(self.canary)
        name = self.rollout.id if self.rollout else None
        return Hold(
            canary=self.canary, wait=wait, reason=reason, remedy=remedy, rollout=name, alert=alert
        )

    def act(
        self,
        action: Action,
        *,
        at_ms: int,
        reason: str,
        step: int | None = None,
        weight: Decimal = Decimal(0),
        verdict: Outcome = Outcome.NONE,
        failed: int | None = None,
        window: Window | None = None,
        verdicts: tuple[Verdict, ...] = (),
        quarantine: bool = False,
        restore: bool = False,
        override: bool = False,
    ) -> Act:
        """Move within the running rollout; step and failures stay unless said.

        What would be aborted only leaves the traffic where the stable revision has it as well.
        """
        assert self.rollout is not None
        if action is Action.ABORT and self.circular:
            action = Action.RETREAT
            reason += " The stable revision has this very version, so the primary stays as it is."
        record = self.rollout.last.record
        return Act(
            canary=self.canary,
            rollout=self.rollout.id,
            action=action,
            step=record.step if step is None else step,
            weight=weight,
            verdict=verdict,
            failed=record.failed if failed is None else failed,
            window=window,
            reason=reason,
            at_ms=at_ms,
            verdicts=verdicts,
            live=self.live,
            quarantine=quarantine,
            restore=restore,
            told=self.told,
            override=override,
        )
