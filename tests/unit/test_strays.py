"""A word of `control` that names no rollout there is does nothing, and is told."""

from dataclasses import replace

import pytest
from situations import POLICY, move, situation

from gitops_canary.core.strays import stray, strayed
from gitops_canary.model.decision import Hold, Wait
from gitops_canary.model.rollout import Action, Rollout
from gitops_canary.model.spec import Control

NOW, OLD, ELSE = "0123456789ab", "ba9876543210", "feedfeedfeed"


@pytest.mark.parametrize(
    ("now", "before", "told"),
    [
        (Control(abort=NOW, retry=NOW, promote=NOW, resume=f"{NOW}/20"), Control(), []),
        (Control(approve=(f"{NOW}/1",)), Control(), []),
        (Control(approve=(f"{NOW}/1", f"{ELSE}/2")), Control(), [f"control.approve says {ELSE}/2"]),
        (Control(resume=f"{ELSE}/20"), Control(), [f"control.resume says {ELSE}/20"]),
        # Only what was quarantined can be tried again, and by no other word.
        (Control(retry=OLD), Control(), []),
        (Control(retry=ELSE), Control(), [f"control.retry says {ELSE}"]),
        (Control(abort=OLD), Control(), [f"control.abort says {OLD}"]),
        (Control(promote=ELSE), Control(), [f"control.promote says {ELSE}"]),
        # What stood there at our newest move was obeyed, or told, then.
        (Control(abort=ELSE), Control(abort=ELSE), []),
        (Control(abort=ELSE), Control(promote=ELSE), [f"control.abort says {ELSE}"]),
    ],
)
def test_a_word_is_astray_that_is_new_and_names_nothing(
    now: Control, before: Control, told: list[str]
) -> None:
    assert stray(now, before, {NOW}, {OLD}) == told


LAST = move(Action.ADVANCE, "10", 1)


@pytest.mark.parametrize(
    ("rollout", "which"),
    [
        (Rollout(moves=(LAST,)), f"the rollout under way is {LAST.record.rollout}"),
        (Rollout(moves=(LAST, move(Action.ABORT, "0", 2))), "nothing is under way"),
        (None, "nothing is under way"),
    ],
)
def test_what_is_astray_is_told_beside_the_rollout_that_could_be_meant(
    rollout: Rollout | None, which: str
) -> None:
    one = situation(POLICY, LAST, rollout=rollout, stray=("control.abort says a", "b"))
    hold = Hold(canary=one.canary, wait=Wait.IDLE, reason="It waits.")
    found = strayed(one, hold)

    assert isinstance(found, Hold)
    assert found.reason == f"It waits. control.abort says a and b, but {which}: it does nothing."
    assert found.alert
    assert found.remedy.startswith("correct it, or take it out")
    assert strayed(one, replace(hold, remedy="look")).remedy == f"look; {found.remedy}"  # type: ignore[union-attr]
    assert strayed(replace(one, stray=()), hold) == hold
