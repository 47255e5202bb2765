"""Which of too many branches are looked at: ours, and everybody's in turn."""

from collections.abc import Collection, Sequence
from itertools import pairwise

import pytest
from records import record

from gitops_canary.core.crowding import NOBODY, after_moves, choose, in_turn
from gitops_canary.core.delivery import branch_of
from gitops_canary.core.replay import History
from gitops_canary.model.names import Revision
from gitops_canary.model.rollout import Action, Move

STRANGERS = [f"b{number:03}" for number in range(50)]


def nobody(_name: str) -> bool:
    return False


def looks(
    names: Collection[str], times_ms: Sequence[int], *, kept: bool, ours: Collection[str] = ()
) -> list[tuple[str, ...]]:
    """Look at some names again and again, with room for eight; `kept`: by one process."""
    found, last = list[tuple[str, ...]](), NOBODY
    for now_ms in times_ms:
        turn, after = choose(names, {"due"}, lambda one: one in ours, last, 8, now_ms)
        last = after if kept else last
        found.append(turn)
    return found


def test_turns_go_round_about() -> None:
    names, asked, last = [f"b{number}" for number in range(5)], list[str](), ""
    for _ in range(3):
        turn = in_turn(names, last, 2)
        asked, last = [*asked, *turn], turn[-1]
    assert asked == ["b0", "b1", "b2", "b3", "b4", "b0"]
    assert in_turn([], last, 2) == ()


def test_few_are_all_looked_at() -> None:
    assert choose(["c", "a", "b"], {"b", "gone"}, nobody, NOBODY, 3, 0) == (("b", "a", "c"), NOBODY)


def test_what_is_ours_is_looked_at_each_time_and_everybody_within_one_round() -> None:
    found = looks([*STRANGERS, "due", "ours"], range(9), kept=True, ours={"ours"})
    assert all({"due", "ours"} <= {*turn} for turn in found)
    assert {len(turn) for turn in found} == {8}
    assert {name for turn in found for name in turn} >= {*STRANGERS}


def test_names_that_look_like_ours_leave_room_for_the_others() -> None:
    found = looks([*STRANGERS, "due"], range(60), kept=True, ours=STRANGERS[:40])
    for names in (STRANGERS[:40], STRANGERS[40:]):
        rounds = [index for index, turn in enumerate(found) if names[0] in turn]
        assert max(after - before for before, after in pairwise(rounds)) <= len(STRANGERS)


@pytest.mark.parametrize("every_s", [1, 10, 34, 60, 64, 300, 3600])
def test_a_process_that_ends_after_each_look_comes_to_everybody_too(every_s: int) -> None:
    """Were its turns to follow from a count of seconds, some spans would never meet some names."""
    times = range(1_770_000_000_000, 1_770_000_000_000 + 100 * every_s * 1000, every_s * 1000)
    found = looks([*STRANGERS, "due"], times, kept=False)
    assert {name for turn in found for name in turn} >= {*STRANGERS}


def test_however_many_are_due_some_others_have_their_turn() -> None:
    turn, _ = choose([*STRANGERS, *"abcdefghij"], {*"abcdefghij"}, nobody, NOBODY, 4, 0)
    assert [*turn[:10]] == [*"abcdefghij"]
    assert len(turn) == 12


def test_a_move_after_one_that_landed_is_known_by_its_name() -> None:
    landed = Move(record=record(action=Action.START), revision=Revision("ab" * 20), date_ms=0)
    canary = landed.record.canary
    likely = after_moves("main", History(moves={canary: (landed,)}))
    after = record(action=Action.ADVANCE, previous=landed.revision)
    assert likely(branch_of("main", after))
    assert not likely(f"gitops-canary/main/{canary}/000000000001-start-0-first")
    assert not likely(branch_of("main", after).replace(str(canary), "prod/other"))
    assert not likely("gitops-canary/main/x")
