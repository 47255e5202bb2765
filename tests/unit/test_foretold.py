"""What a hold says beforehand, and what it says besides what it waits for."""

from dataclasses import replace
from decimal import Decimal

import pytest
from situations import LIVE_MS, NEW, OLD, POLICY
from test_decide import ID, NOT_LIVE, acted, after, held, owned

from gitops_canary.core.adopting import unadopted
from gitops_canary.core.alternatives import alternatives
from gitops_canary.core.text import iso
from gitops_canary.model.decision import Wait
from gitops_canary.model.names import RolloutId
from gitops_canary.model.observation import UNSEEN, Liveness
from gitops_canary.model.rollout import Action
from gitops_canary.model.spec import Control


@pytest.mark.parametrize(
    ("weight", "last", "says"),
    [("50", Action.ADVANCE, "candidate"),
     ("33", Action.ADVANCE, ("candidate. 33 % is no step of the ladder: resume takes the traffic "
      "back to 0 %; to go on commit one of 10, 50 first")),
     ("0", Action.ADVANCE, ("candidate. 0 % is no step of the ladder: resume leaves the traffic "
      "at 0 %; to go on commit one of 10, 50 first")),
     ("50", Action.PROMOTE, ("candidate. The primary was promoted already: resume takes the "
      "traffic back to 0 %"))],
)  # fmt: skip
def test_a_hold_says_beforehand_what_resume_does(weight: str, last: Action, says: str) -> None:
    primary = NEW if last is Action.PROMOTE else OLD
    tip, written = (replace(owned(w), primary=primary) for w in (weight, "20"))
    hold = held(after(last, "20", 1, tip=tip, written=written))
    assert hold.remedy.partition("or commit a new ")[2] == says


def test_the_ends_of_a_long_ladder_are_named() -> None:
    policy = replace(POLICY, steps=tuple(Decimal(one) for one in range(1, 51)))
    assert "one of 1, 2, 3, 4, ..., 50 first" in unadopted(policy, Decimal(60), returning=False)


def test_a_pause_shows_while_the_last_commit_is_not_live() -> None:
    s = after(Action.ADVANCE, "10", 1, live=NOT_LIVE, control=Control(paused=True), now_ms=LIVE_MS)
    hold = held(s)
    assert (hold.wait, hold.exit_code) == (Wait.LIVE, 0), "what is unheard is still told apart"
    assert hold.reason.endswith("the engine sleeps. Paused by a person: it will not rise.")
    assert "resume" in hold.remedy
    asked = replace(s, control=Control(paused=True, promote=RolloutId(ID)))
    assert "aused" not in held(asked).reason, "an override goes past a pause"
    assert "will not return" in held(replace(s, rollout=after(Action.PROMOTE).rollout)).reason


def test_a_rest_after_an_abort_says_what_was_rolled_back() -> None:
    s = after(Action.ABORT, tip=owned(same=True), written=owned(same=True))
    assert s.rollout is not None
    when = iso(s.rollout.last.date_ms)
    version = s.rollout.last.record.version
    ends = f" The last rollout, of {version}, was rolled back on {when}."
    assert held(s).reason.endswith(ends)


SEEN = Liveness(live_ms=LIVE_MS, proof=("1 of 1 pods ready.",), waiting="")


@pytest.mark.parametrize("last", [Action.START, Action.PROMOTE])
@pytest.mark.parametrize(
    ("live", "claims"),
    [
        (SEEN, True),
        (replace(SEEN, assumed=True), False),
        (replace(SEEN, proof=(f"{UNSEEN}: a delay.",)), False),
        (replace(SEEN, proof=(f"{UNSEEN}: a delay.", *SEEN.proof)), True),
    ],
)
def test_pods_are_called_ready_only_where_they_were_seen(
    last: Action, live: Liveness, claims: bool
) -> None:
    s = after(last, "0" if last is Action.START else "50", 0, live=live, now_ms=LIVE_MS + 1)
    act = acted(s)
    who = "canary" if last is Action.START else "primary"
    assumed = f"Nothing tells whether the {who}'s pods are ready; a settle time has passed, so "
    assert act.reason.startswith(assumed) is not claims, act.reason
    assert s.rollout is not None
    (_, why), *_ = alternatives(act, s.rollout.last.record)
    assert ("ready" in why) is claims, why
