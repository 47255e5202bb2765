"""What becomes of a move's branch and request, and when a commit came to the branch."""

from dataclasses import replace

import pytest
from records import record
from situations import POLICY, move, situation

from gitops_canary.core.delivery import (
    Do,
    Hand,
    Proposal,
    astray,
    branch_of,
    canary_of,
    course,
    draft,
    newest,
    queued,
    refused,
    same,
    taken,
    unheard,
    waits,
)
from gitops_canary.core.landing import landed
from gitops_canary.core.message import compose, parse
from gitops_canary.core.recorded import dated
from gitops_canary.git.address import check_branch
from gitops_canary.model.commits import Commit
from gitops_canary.model.decision import Hold, Wait
from gitops_canary.model.names import CanaryId, Revision
from gitops_canary.model.request import Request, Stage
from gitops_canary.model.rollout import Action, Outcome

TIP = Revision("a" * 40)


def there(hand: Hand, *, is_landed: bool = False) -> Proposal:
    return Proposal(branch="b", tip=TIP, hand=hand, record=None, landed=is_landed)


def asked(stage: Stage, title: str = "canary(a/b): 5% -> 10%", number: int = 7) -> Request:
    return Request(number=number, stage=stage, head=TIP, title=title)


OURS, STALE, FOREIGN = (there(hand) for hand in (Hand.OURS, Hand.STALE, Hand.FOREIGN))
OPEN, CLOSED, MERGED = (asked(stage) for stage in (Stage.OPEN, Stage.CLOSED, Stage.MERGED))
TAKEN_BACK = asked(Stage.CLOSED, "withdrawn: canary(a/b): 5% -> 10%")


@pytest.mark.parametrize(
    ("proposal", "request_", "do"),
    [
        (None, None, Do.PROPOSE),
        (None, TAKEN_BACK, Do.PROPOSE),
        (None, OPEN, Do.LEAVE),
        (None, CLOSED, Do.REFUSED),
        (None, MERGED, Do.ASTRAY),
        (OURS, None, Do.OPEN),
        (OURS, TAKEN_BACK, Do.OPEN),
        (OURS, OPEN, Do.ASK),
        (OURS, CLOSED, Do.REFUSED),
        (OURS, MERGED, Do.ASTRAY),
        (STALE, None, Do.RENEW),
        (STALE, OPEN, Do.WITHDRAW),
        (STALE, CLOSED, Do.REFUSED),
        (FOREIGN, None, Do.TAKEN),
        (FOREIGN, OPEN, Do.TAKEN),
        (FOREIGN, CLOSED, Do.REFUSED),
        (there(Hand.OURS, is_landed=True), MERGED, Do.CLEAR),
    ],
)
def test_a_move_that_is_due(proposal: Proposal | None, request_: Request | None, do: Do) -> None:
    assert course(wanted=True, kept=False, there=proposal, request=request_) is do


@pytest.mark.parametrize(
    ("proposal", "request_", "do"),
    [
        (OURS, OPEN, Do.WITHDRAW),
        (FOREIGN, OPEN, Do.WITHDRAW),
        (OURS, CLOSED, Do.CLEAR),
        (OURS, MERGED, Do.CLEAR),
        (STALE, None, Do.CLEAR),
        (FOREIGN, CLOSED, Do.LEAVE),
        (None, MERGED, Do.LEAVE),
    ],
)
def test_a_move_that_is_not_due(
    proposal: Proposal | None, request_: Request | None, do: Do
) -> None:
    assert course(wanted=False, kept=False, there=proposal, request=request_) is do
    assert course(wanted=False, kept=True, there=proposal, request=request_) is Do.LEAVE


def test_silence_takes_no_request_back() -> None:
    def hold(wait: Wait, code: int = 0) -> Hold:
        return Hold(canary=CanaryId("a/b"), wait=wait, reason="", exit_code=code)

    assert unheard(hold(Wait.DATA))
    assert unheard(hold(Wait.LIVE, 6))
    assert not unheard(hold(Wait.WINDOW))
    assert not unheard(hold(Wait.PAUSED))
    assert not unheard(None)


def test_the_open_request_counts_else_the_newest() -> None:
    old = asked(Stage.CLOSED, number=3)
    assert newest((replace(old, number=9), replace(OPEN, number=5), old)) == replace(OPEN, number=5)
    assert newest((replace(old, number=9), old)) == replace(old, number=9)
    assert newest(()) is None


def test_a_person_hears_of_a_move_that_only_they_can_bring_on() -> None:
    s = situation(POLICY, move(Action.ADVANCE, "10", 1))
    for act in (s.act(one, at_ms=1, reason="") for one in (Action.ABORT, Action.ADVANCE)):
        assert [one.alert for one in (taken(act, "b"), astray(act, 7), queued(act, 7))] == [
            True
        ] * 3
        rollback = act.action is Action.ABORT
        assert [one.alert for one in (refused(act, 7), waits(act, OPEN, "", merges=True))] == [
            rollback
        ] * 2


def test_each_move_has_a_branch_git_takes() -> None:
    one = record()
    names = {
        branch_of("main", move)
        for move in (
            one,
            replace(one, step=one.step + 1),
            replace(one, previous=Revision("f" * 40)),
            replace(one, previous=None),
        )
    }
    assert len(names) == 4
    assert all(check_branch(name).startswith("gitops-canary/main/") for name in names)
    assert {canary_of("main", name) for name in names} == {one.canary}
    assert canary_of("main", "topic") == ""


def test_a_rollback_is_labelled_as_one() -> None:
    assert draft("b", "t", urgent=False).labels == ("gitops-canary",)
    assert draft("b", "t", urgent=True).labels == ("gitops-canary", "gitops-canary-rollback")


def test_more_measurements_do_not_make_it_another_move() -> None:
    one = record()
    assert same(one, replace(one, verdict=Outcome.INCONCLUSIVE, failed=1, window=None))
    assert not same(one, replace(one, stable=Revision("f" * 40)))


def test_a_squashed_request_reads_as_the_commit_does() -> None:
    one = record()
    message = compose("canary(a/b): 5% -> 10%", paragraphs=["Why."], verdict=None, record=one)
    made = draft("b", message, urgent=True)
    assert f"{made.title}\n\n{made.body}\n" == message
    added = "---------\n\nCo-authored-by: a <a@b>\nSigned-off-by: c <c@d>\n"
    assert parse(f"{made.title} (#7)\n\n{made.body}\n\n{added}", TIP) == one
    assert parse(f"{message}\nCo-authored-by: a <a@b>\n\nMore.\n", TIP) is None
    long = draft("b", f"{message}{'x' * 70_000}", urgent=False)
    assert len(long.body) < 65_536


def test_what_was_merged_and_forced_away_is_asked_for_again() -> None:
    gone = MERGED
    assert course(wanted=True, kept=False, there=None, request=gone) is Do.ASTRAY
    assert course(wanted=True, kept=False, there=None, request=gone, undone=True) is Do.PROPOSE


def commit(name: str, parents: str, date_s: int, message: str = "") -> Commit:
    return Commit(
        revision=Revision(name),
        parents=tuple(map(Revision, parents.split())),
        author="",
        committer="",
        date_ms=date_s * 1000,
        message=message,
        ours=True,
    )


def test_a_commit_comes_with_the_merge_that_brings_it() -> None:
    history = [
        commit("tip", "m2 other", 100),
        commit("other", "o1", 95),
        commit("o1", "m1", 2),
        commit("m2", "m1 update", 90),
        commit("update", "move m1", 60),
        commit("move", "base", 20, "Canary-Format: 1"),
        commit("m1", "base early", 50),
        commit("early", "base", 55),
        commit("base", "", 10),
    ]
    dates = {one.revision: one.date_ms // 1000 for one in landed(history, Revision("tip"))}
    assert dates == {
        "tip": 100, "other": 100, "o1": 100, "m2": 90, "update": 90, "move": 90, "m1": 50,
        "early": 55, "base": 10,
    }  # fmt: skip


def test_merging_the_branch_the_wrong_way_round_changes_no_date() -> None:
    history = [
        commit("tip", "foxtrot", 100),
        commit("foxtrot", "side m2", 90),
        commit("m2", "note move2", 80),
        commit("move2", "m1", 70),
        commit("note", "m1", 75),
        commit("m1", "base move1", 60),
        commit("move1", "base", 20),
        commit("side", "base", 85),
        commit("base", "", 10),
    ]
    dates = [one.date_ms // 1000 for one in landed(history, Revision("tip"))]
    moves = [one.revision in {"move1", "move2"} for one in history]
    assert [date for date, ours in zip(dates, moves, strict=True) if ours] == [80, 60]


def test_a_move_below_commits_of_people_comes_with_the_merge_of_its_branch() -> None:
    history = [
        commit("tip", "m2 late", 300),
        commit("late", "move2", 290),
        commit("m2", "m1 theirs", 200),
        commit("theirs", "more", 120),
        commit("more", "move2", 110),
        commit("move2", "m1", 70, "Canary-Format: 1"),
        commit("m1", "base move1", 60),
        commit("move1", "base", 20, "Canary-Format: 1"),
        commit("base", "", 10),
    ]
    dates = {one.revision: one.date_ms // 1000 for one in landed(history, Revision("tip"))}
    assert (dates[Revision("move2")], dates[Revision("move1")]) == (200, 60)


def test_what_a_forge_wrote_is_as_old_as_it_says_whoever_merges_later() -> None:
    history = [
        commit("foxtrot", "side squashed", 90),
        replace(commit("squashed", "squashed1", 60, "Canary-Format: 1"), ours=False),
        replace(commit("squashed1", "base", 40, "Canary-Format: 1"), ours=False),
        commit("side", "base", 85),
        commit("base", "", 10),
    ]
    dates = [one.date_ms // 1000 for one in landed(history, Revision("foxtrot"))]
    assert dates == [90, 60, 40, 85, 10]
    assert [one.date_ms // 1000 for one in landed(history[1:3], Revision("squashed"))] == [60, 40]


def test_a_record_says_whether_a_forge_s_commit_kept_its_date() -> None:
    ours = replace(move(Action.ADVANCE, "10", 1), date_ms=1, landed_ms=9)
    theirs = replace(ours, sealed=True)
    timings: list[dict[str, bool]] = [{}, {"landed": True}, {"landed": True, "sealed": True}]
    dates = [[one.date_ms for one in dated({"timing": t}, [ours, theirs])] for t in timings]
    assert dates == [[1, 1], [9, 9], [9, 1]]
