"""One canary, one look: hold or move.

The order of the questions is the policy: a person's word first, then whether a rollout is running,
then what it waits for (`core/going.py`) or whether one has to start or be cleared away.
"""

from dataclasses import replace
from decimal import Decimal

from gitops_canary.core import hooks
from gitops_canary.core.adopting import unadopted
from gitops_canary.core.barring import barred
from gitops_canary.core.beyond import beyond
from gitops_canary.core.going import going
from gitops_canary.core.situation import Situation
from gitops_canary.core.strays import strayed
from gitops_canary.core.text import iso, percent
from gitops_canary.core.unheard import failing
from gitops_canary.core.watch import ended_ms, watching
from gitops_canary.model.decision import Act, Decision, Hold, Wait
from gitops_canary.model.rollout import Action, Outcome, Record, Rollout
from gitops_canary.model.webhooks import HookType

SAME = "Candidate and primary are the same version."
"""Why nothing has to be done."""


def decide(s: Situation) -> Decision:
    """Decide about one canary; the same situation always gives the same decision."""
    return strayed(s, beyond(s) or _decided(s))


def _decided(s: Situation) -> Decision:
    if s.suspend:
        return s.hold(Wait.SUSPENDED, "The Canary is suspended: nothing is measured or moved.")
    running = s.running
    if s.deleted:
        return _deleted(s, running=running)
    if (running or s.watched) and s.rollout and s.control.abort == s.rollout.id and not s.fresh:
        return _aborted(s)
    if s.moved and (decision := _moved(s, running=running)):
        return decision
    if not running:
        return _resting(s)
    return _superseded(s) if s.fresh else _running(s)


def _running(s: Situation) -> Decision:
    """Go on, unless a webhook takes the version back before the primary has it."""
    back = None if s.returning else hooks.taken_back(s)
    return back or going(s)


def _deleted(s: Situation, *, running: bool) -> Decision:
    if running and s.tip.exposed and not s.moved:
        return s.act(
            Action.RETREAT,
            at_ms=s.tip_ms,
            reason="The Canary was deleted, so the traffic goes back to the primary.",
        )
    return s.hold(Wait.IDLE, "The Canary was deleted.")


def _aborted(s: Situation) -> Decision:
    """Do as a person says, whatever else is the case."""
    if s.circular and not s.running:
        return s.hold(
            Wait.PERSON,
            "A person asked to abort what was promoted, but the stable revision before it has this "
            "very version.",
            remedy="commit the version to go back to, as candidate and primary",
            alert=True,
        )
    return s.act(
        Action.ABORT,
        at_ms=s.tip_ms,
        reason="A person asked for the abort, by control.abort in the Canary.",
        quarantine=True,
    )


def _moved(s: Situation, *, running: bool) -> Decision | None:
    """Answer a person who moved weight, route or primary; None where that changes nothing."""
    if s.tip.settled and (not s.tip.exposed or not running):
        return _resting(s)
    if running or s.tip.exposed or not s.fresh:
        return _overridden(s, running=running)
    return None


def _overridden(s: Situation, *, running: bool) -> Decision:
    """Yield to a person until `resume`, or until a newer candidate."""
    if s.fresh and s.renewed:
        return _superseded(s) if running else _begin(s)
    weight = percent(s.tip.weight)
    token = f"{s.rollout.id if s.rollout else s.candidate_id}/{weight}"
    if s.control.resume == token and (running or s.answered):
        return _adopted(s) if running else _begin(s)
    who = "A person moved" if s.rollout else "No move of ours set"
    reason = f"{who} {s.moved_what} (weight is {weight} %); the controller holds.{s.unjudged}"
    if s.verdicts and s.verdicts[-1].outcome is Outcome.FAIL:
        reason += f" The checks fail: {failing(s.verdicts[-1], s.policy)}."
    if s.control.resume == token:
        return s.hold(
            Wait.OVERRIDE,
            f"{reason} control.resume: {token} was written before that. {s.strange}".rstrip(),
            remedy="take it out, and write it again in a later commit, or commit a new candidate",
            alert=True,
        )
    return s.hold(
        Wait.OVERRIDE,
        f"{reason} {s.strange}".rstrip(),
        remedy=_resuming(s, token, running=running),
        alert=True,
    )


def _resuming(s: Situation, token: str, *, running: bool) -> str:
    """Name the ways on, and beforehand what the one of them does that goes back."""
    verb = f"`gitops-canary resume {s.canary}` (writes control.resume: {token})"
    back = unadopted(s.policy, s.tip.weight, returning=s.returning) if running else ""
    if not back:
        return f"{verb}, or commit a new candidate"
    return f"{verb}, or commit a new candidate. {back[0].upper()}{back[1:]}"


def _adopted(s: Situation) -> Decision:
    """Take a person's weight over where it is on the ladder, else go back to 0.

    Straight after a start nobody has seen the candidate ready yet: what is measured could be the
    old version, which its pods still serve.
    """
    if s.tip.weight in s.policy.steps and not s.returning:
        if s.last is Action.START and s.live_ms() is None:
            return s.hold(
                Wait.OVERRIDE,
                f"A person moved the weight to {percent(s.tip.weight)} % and asked to resume, but "
                f"the canary is not ready: {_waiting(s)}.",
                remedy="it goes on by itself once the canary is ready; to take the traffic off it, "
                "commit weight 0",
                alert=True,
            )
        return s.act(
            Action.ADVANCE,
            step=s.policy.steps.index(s.tip.weight) + 1,
            weight=s.tip.weight,
            at_ms=s.tip_ms,
            reason=f"A person moved the weight to {percent(s.tip.weight)} % and asked to resume.",
        )
    return s.act(
        Action.RETREAT,
        at_ms=s.tip_ms,
        reason=f"A person asked to resume from {percent(s.tip.weight)} %, which is no step.",
    )


def _superseded(s: Situation) -> Decision:
    """Take traffic off a candidate that changed under way; the start comes after that."""
    if s.tip.exposed:
        what = "was taken back" if s.tip.settled else "was superseded by another"
        return s.act(
            Action.RETREAT, at_ms=s.source_ms, reason=f"The candidate {what}, so traffic leaves it."
        )
    return _resting(s)


def _resting(s: Situation) -> Decision:
    """Nothing rolls: clear up, wait, or begin."""
    if not s.tip.settled:
        return _begin(s)
    if s.tip.exposed:
        mirrored = ", with a mirror," if s.tip.mirrored else ""
        return s.hold(
            Wait.OVERRIDE,
            f"The weight is {percent(s.tip.weight)} %{mirrored} although nothing rolls out.",
            remedy="commit weight 0 without a mirror, or a new candidate",
            alert=True,
        )
    if s.watched and (decision := watching(s)):
        return decision
    if s.rollout and s.idles_at_zero and s.last is not Action.IDLE:
        return _idling(s, s.rollout.last.record)
    return s.hold(Wait.IDLE, f"{SAME}{_rolled_back(s)}{s.unjudged}")


def _idling(s: Situation, last: Record) -> Decision:
    """Scale the canary down once it serves nobody; a start at weight 0 gave it nobody to serve."""
    live_ms, unserved = ended_ms(s), last.action is Action.START and last.weight_from == 0
    if live_ms is None and not s.fresh and not unserved:
        late = s.now_ms > s.deadline_ms()
        return s.hold(
            Wait.PERSON if late else Wait.LIVE,
            f"Weight 0 is {'still not live' if late else 'not live yet'}: {_waiting(s)}.",
            remedy="look at the sync engine; the canary is scaled down once it is live"
            if late
            else "",
            alert=late,
        )
    other_ms = s.source_ms if s.fresh else s.tip_ms
    return s.act(
        Action.IDLE,
        at_ms=other_ms if live_ms is None else live_ms,
        reason="The canary serves nobody, so it is scaled to zero.",
    )


def _rolled_back(s: Situation) -> str:
    """Say how the newest rollout ended where that was an abort: `status` ends with 1 for it."""
    moves = s.rollout.moves if s.rollout else ()
    found = next((one for one in reversed(moves) if one.record.action is Action.ABORT), None)
    if found is None:
        return ""
    version = found.record.version
    return f" The last rollout, of {version}, was rolled back on {iso(found.date_ms)}."


def _begin(s: Situation) -> Decision:
    """Start the candidate's rollout unless something forbids it."""
    if held := barred(s):
        return held
    if s.stable is None:
        return s.hold(
            Wait.ERROR,
            "No reachable revision has candidate = primary and weight 0 to go back to.",
            remedy="commit the version that serves now as candidate and primary, with weight 0",
            alert=True,
        )
    again = s.rollout if s.rollout and s.rollout.id == s.candidate_id else None
    if again and (reason := _spent(s, again)):
        return reason
    if waits := _retreating(s, again):
        return waits
    if s.control.paused:
        return s.hold(Wait.PAUSED, "Paused by a person: a new candidate waits.")
    waits = hooks.gate(s, s.candidate_id, HookType.CONFIRM_ROLLOUT)
    return replace(waits, rollout=s.candidate_id) if waits else _start(s, again)


def _retreating(s: Situation, again: Rollout | None) -> Hold | None:
    """Let weight 0 be live before anything starts again.

    Another candidate waits no longer than the deadline: its start moves no traffic, and its first
    weight needs a proof of its own. The same candidate would only be given up for the same reason.
    """
    if s.last is not Action.RETREAT or s.live_ms() is not None:
        return None
    if s.now_ms <= s.deadline_ms():
        return s.hold(Wait.LIVE, f"The retreat is not live yet: {_waiting(s)}.")
    if again is None:
        return None
    return s.hold(
        Wait.PERSON,
        f"The retreat is still not live: {_waiting(s)}.",
        remedy="look at the sync engine; it goes on by itself once the commit is live",
        alert=True,
    )


def _spent(s: Situation, again: Rollout) -> Hold | None:
    """Hold a candidate that was started too often without a verdict for a person."""
    if again.attempts >= s.attempts_max:
        return s.hold(
            Wait.PERSON,
            f"{again.attempts} attempts ended without a verdict; the candidate stays at weight 0.",
            remedy=f"mend what the last retreat names, then `gitops-canary retry {s.canary}`",
            alert=True,
        )
    return None


def _start(s: Situation, again: Rollout | None) -> Act:
    at_ms = s.source_ms
    if s.last is Action.RETREAT:
        live_ms = s.live_ms()
        at_ms = max(at_ms, s.deadline_ms() if live_ms is None else live_ms)
    why = "A new candidate was committed"
    if again:
        why = f"The candidate is tried again (attempt {again.attempts + 1})"
    elif s.bypass and not (s.rollout and s.fresh):
        why = f"The primary was changed by commit {s.bypass[:12]}, and the candidate is another"
    return Act(
        canary=s.canary,
        rollout=s.candidate_id,
        action=Action.START,
        step=0,
        weight=Decimal(0),
        verdict=Outcome.NONE,
        failed=0,
        window=None,
        reason=f"{why}. It takes no traffic until it is ready.",
        at_ms=at_ms,
        live=s.live if s.last is Action.RETREAT else None,
        told=s.told,
    )


def _waiting(s: Situation) -> str:
    return s.live.waiting if s.live and s.live.waiting else "no sync source has answered"
