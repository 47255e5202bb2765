"""After a promotion: the version is judged a while longer, and may still be condemned.

Nobody is left to compare with, so its limits alone decide. What condemns takes the whole rollout
back: every owned value to the stable revision before it. The watch ends by itself, by another
candidate, and by whatever a person changes.
"""

from collections.abc import Sequence
from decimal import Decimal

from gitops_canary.core.course import Course
from gitops_canary.core.going import condemned
from gitops_canary.core.situation import Situation
from gitops_canary.core.stays import Stay
from gitops_canary.core.text import duration, iso
from gitops_canary.core.unheard import failing, silence, silences, silent
from gitops_canary.model.decision import Act, Decision, Hold, Wait
from gitops_canary.model.observation import Verdict
from gitops_canary.model.rollout import Outcome
from gitops_canary.model.spec import CanarySpec, Policy


def watching(s: Situation) -> Decision | None:
    """Condemn a version that a rollout just finished, or say how it does; None once it is over."""
    live_ms = s.live_ms()
    if live_ms is None:
        return _not_live(s)
    until_ms = live_ms + s.policy.watch_ms
    seen = tuple(one for one in s.verdicts if one.window.end_ms <= until_ms)
    found = condemned(s, seen)
    if isinstance(found, Act) and (s.policy.watch_action == "alert" or s.circular):
        return _alert(s, found)
    if found or s.complete_ms >= until_ms:
        return found
    return _measuring(s, live_ms, seen)


def _measuring(s: Situation, live_ms: int, seen: Sequence[Verdict]) -> Hold:
    until = f"until {iso(live_ms + s.policy.watch_ms)}"
    if silence(seen, silences(s, live_ms, seen), waits=True) is not None:
        return s.hold(
            Wait.WATCH,
            f"Watches the promoted version {until}, but nothing could be measured for "
            f"{duration(s.policy.progress_deadline_ms)}: {silent(seen[-1])}.",
            remedy="mend the measurement: a watch that sees nothing condemns nothing",
            alert=True,
        )
    newest = seen[-1] if seen else None
    if newest and newest.outcome is Outcome.FAIL:
        assert s.rollout is not None, "it finished"
        failed = s.rollout.last.record.failed + sum(v.outcome is Outcome.FAIL for v in seen)
        count = f"failed look {failed} of {s.policy.threshold}"
        return s.hold(
            Wait.WATCH,
            f"Watches the promoted version {until}; {count}: {failing(newest, s.policy)}.",
        )
    if newest and newest.outcome is Outcome.INCONCLUSIVE and newest.reason:
        return s.hold(Wait.WATCH, f"Watches the promoted version {until}: {newest.reason}.")
    return s.hold(Wait.WATCH, f"Watches the promoted version {until}.")


def _not_live(s: Situation) -> Hold:
    waiting = s.live.waiting if s.live and s.live.waiting else "no sync source has answered"
    if s.now_ms <= s.deadline_ms():
        return s.hold(Wait.LIVE, f"Weight 0 is not live yet: {waiting}.")
    return s.hold(
        Wait.PERSON,
        f"Weight 0 is not live after {duration(s.policy.progress_deadline_ms)}, so the watch has "
        f"not begun: {waiting}.",
        remedy="look at the sync engine; it goes on by itself once the commit is live",
        alert=True,
    )


def _alert(s: Situation, found: Act) -> Hold:
    return s.hold(
        Wait.PERSON,
        f"The watch would condemn the promoted version: {found.reason}",
        remedy="commit the version to go back to, as candidate and primary"
        if s.circular
        else f"`gitops-canary abort {s.canary}` takes it back",
        alert=True,
    )


def ended_ms(s: Situation) -> int | None:
    """Say since when the newest move is live and, where it is watched, the watch over."""
    live_ms = s.live_ms()
    return live_ms + s.policy.watch_ms if live_ms is not None and s.watched else live_ms


def course(
    spec: CanarySpec,
    policy: Policy,
    earlier: Sequence[Stay],
    *,
    live_ms: int,
    now_ms: int,
    scrape_ms: int,
    delay_ms: int,
    asked_ms: int | None,
) -> Course:
    """Say what is asked and judged of the primary, from the finish to the end of the watch."""
    return Course(
        policy=policy,
        spec=spec,
        live_ms=live_ms,
        now_ms=min(now_ms, live_ms + policy.watch_ms + delay_ms),
        scrape_ms=scrape_ms,
        delay_ms=delay_ms,
        weight=Decimal(0),
        last=False,
        earlier=tuple(earlier),
        alone=True,
        asked_ms=asked_ms,
    )
