"""What a pull request says, and whose work lies on its branch."""

from dataclasses import replace

import pytest
from records import record
from situations import POLICY, move, situation
from test_delivery_course import OPEN, there

from gitops_canary.core.delivery import BODY_MAX, Hand, draft, waits
from gitops_canary.model.request import Ready
from gitops_canary.model.rollout import Action


@pytest.mark.parametrize("hand", Hand)
def test_what_holds_nobody_s_work_may_be_deleted(hand: Hand) -> None:
    theirs = hand is Hand.FOREIGN
    assert there(hand).disposable is not theirs
    assert there(hand, is_landed=True).disposable
    assert there(hand).strange is theirs
    assert not replace(there(hand), record=record()).strange


def test_the_table_of_checks_is_fenced_and_nothing_else() -> None:
    table = "check   canary  primary  limit  verdict  samples\nerrors  1       2        3      pass"
    made = draft("b", f"title\n\nWhy it is\nso.\n\n{table}\n\nCanary: a/b\n", urgent=False)
    assert made.text == f"Why it is\nso.\n\n```\n{table}\n```\n\nCanary: a/b"


def test_a_text_that_a_forge_takes_is_not_cut() -> None:
    whole = "x" * BODY_MAX
    assert draft("b", f"title\n\n{whole}", urgent=False).body == whole
    assert draft("b", f"title\n\n{whole}y", urgent=False).body == (
        f"{whole}\n\n(cut; the commit has it all)"
    )


def test_an_open_request_is_told_by_what_keeps_it_open() -> None:
    s = situation(POLICY, move(Action.ADVANCE, "10", 1))
    rollback, rise = (s.act(one, at_ms=1, reason="") for one in (Action.ABORT, Action.ADVANCE))
    assert waits(rollback, replace(OPEN, ready=Ready.BLOCKED), "", merges=True).reason == (
        "The rollback waits in pull request #7: the branch's rules ask for more: a review, or a "
        "check."
    )
    assert waits(rise, OPEN, "a check failed", merges=True).reason == (
        "The move (advance) waits in pull request #7: a check failed."
    )


def test_nobody_is_asked_to_merge_what_the_controller_merges() -> None:
    rise = situation(POLICY, move(Action.ADVANCE, "10", 1)).act(Action.ADVANCE, at_ms=1, reason="")
    told = {merges: waits(rise, OPEN, "", merges=merges).remedy for merges in (True, False)}
    assert told == {
        True: "the controller merges it as soon as the branch's rules let it, which may ask for "
        "an approval; closing it refuses the move",
        False: "approve and merge it; closing it refuses the move",
    }
