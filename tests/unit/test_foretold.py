"""What a hold says beforehand, and what it says besides what it waits for."""

from dataclasses import replace
from decimal import Decimal

import pytest
from situations import LIVE_MS, NEW, OLD, POLICY
from test_decide import ID, NOT_LIVE, after, held, owned

from gitops_canary.core.adopting import unadopted
from gitops_canary.core.text import iso
from gitops_canary.model.decision import Wait
from gitops_canary.model.names import RolloutId
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
    assert hold.reason.endswith("the engine sleeps. Paused by control.paused: it will not rise.")
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
