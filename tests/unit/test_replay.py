"""Replay: what is a legal chain of moves is ours, and nothing else is."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from records import record, revision

from gitops_canary.core.message import compose
from gitops_canary.core.replay import NEXT, History, by_canary, fault, moves
from gitops_canary.model.commits import Commit
from gitops_canary.model.names import CanaryId, Revision, RolloutId
from gitops_canary.model.rollout import Action, Move, Record

WEB = CanaryId("prod/web")
FIRST = RolloutId("000000000001")
SECOND = RolloutId("000000000002")


def chain(*actions: Action, rollout: RolloutId = FIRST, base: int = 100) -> list[Move]:
    """Moves of one rollout, oldest first, that follow each other rightly."""
    made: list[Move] = []
    weight = Decimal(0)
    for number, action in enumerate(actions):
        after = Decimal(10 * (number + 1)) if action is Action.ADVANCE else Decimal(0)
        after = weight if action is Action.PROMOTE else after
        made.append(
            move(
                base + number,
                rollout=rollout,
                action=action,
                weight_from=weight,
                weight_to=after,
                previous=made[-1].revision if made else None,
            )
        )
        weight = after
    return made


def move(number: int, **changes: Any) -> Move:
    return Move(
        record=record(**changes), revision=revision(number), date_ms=1_770_000_000_000 + number
    )


def replayed(*oldest_first: Move) -> History:
    return by_canary(reversed(oldest_first))


GOOD = (Action.START, Action.ADVANCE, Action.ADVANCE, Action.PROMOTE, Action.FINISH, Action.IDLE)


def test_a_rollout_is_its_moves_oldest_first() -> None:
    made = chain(*GOOD)
    history = replayed(*made)
    rollout = history.rollout(WEB)

    assert rollout is not None
    assert rollout.moves == tuple(made)
    assert (rollout.id, rollout.attempts, rollout.started) == (FIRST, 1, made[0])
    assert history.misfits == ()
    assert history.rollout(CanaryId("prod/other")) is None


@pytest.mark.parametrize("left", [Decimal(0), Decimal(20)])
@pytest.mark.parametrize("before", NEXT)
@pytest.mark.parametrize("after", [a for a in Action if a is not Action.INITIALISE])
def test_each_pair_of_moves_is_as_the_table_says(
    before: Action | None, after: Action, left: Decimal
) -> None:
    lead = [chain(*GOOD)[0]] if before is not None else []
    if before not in {None, Action.START}:
        assert before is not None
        lead.append(move(101, rollout=FIRST, action=before, weight_from=Decimal(0),
                         weight_to=left, previous=lead[0].revision))  # fmt: skip
    previous = lead[-1].revision if lead else None
    last = move(102, rollout=FIRST, action=after, weight_from=left if len(lead) > 1 else Decimal(0),
                weight_to=Decimal(0), previous=previous)  # fmt: skip
    fits = last in replayed(*lead, last).moves.get(WEB, ())
    # A lead that is itself illegal takes the last move with it.
    legal_lead = before is None or before is Action.START or before in NEXT[Action.START]

    # A finish that left no traffic is followed by the scaling down alone.
    done = before is Action.FINISH and left == 0 and after is not Action.IDLE

    assert fits == (legal_lead and after in NEXT[before] and not done)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"previous": None}, "names none as its previous move"),
        ({"previous": revision(100)}, f"names {revision(100)} as its previous move"),
        ({"action": Action.FINISH}, "may not follow advance"),
        ({"weight_from": Decimal(25)}, "starts from weight 25"),
    ],
)
def test_a_move_that_does_not_fit_is_a_persons_and_told(changes: dict[str, Any], why: str) -> None:
    made = chain(Action.START, Action.ADVANCE, Action.ADVANCE, Action.PROMOTE)
    wrong = replace(made[2], record=replace(made[2].record, **changes))
    history = replayed(*made[:2], wrong, made[3])
    rollout = history.rollout(WEB)

    assert rollout is not None
    assert rollout.moves == tuple(made[:2])
    # The promotion hangs on what does not fit, so it does not fit either.
    assert [m.revision for m in history.misfits] == [made[3].revision, wrong.revision]
    assert why in history.misfits[1].why
    assert all(m.canary == WEB for m in history.misfits)


@pytest.mark.parametrize("action", [Action.RETREAT, Action.ABORT, Action.IDLE])
def test_what_answers_a_person_may_start_from_any_weight(action: Action) -> None:
    made = chain(Action.START, Action.ADVANCE)
    answer = move(300, rollout=FIRST, action=action, weight_from=Decimal(33),
                  weight_to=Decimal(0), previous=made[-1].revision)  # fmt: skip

    assert replayed(*made, answer).misfits == ()


def test_a_move_seen_twice_counts_once() -> None:
    made = chain(Action.START, Action.ADVANCE)
    twin = replace(made[1], revision=revision(900))
    history = replayed(*made, twin)
    rollout = history.rollout(WEB)

    assert rollout is not None
    assert rollout.moves == tuple(made)
    assert [m.revision for m in history.misfits] == [twin.revision]


def test_an_old_branch_merged_late_brings_no_old_rollout_back() -> None:
    old = chain(Action.START, Action.ADVANCE)
    new = chain(Action.START, rollout=SECOND, base=500)
    rollout = by_canary([*reversed(old), *reversed(new)]).rollout(WEB)

    assert rollout is not None
    assert rollout.id == SECOND


@given(st.permutations(range(4)), st.lists(st.booleans(), min_size=4, max_size=4))
def test_other_canaries_between_change_nothing(order: list[int], theirs: list[bool]) -> None:
    made = chain(Action.START, Action.ADVANCE, Action.ADVANCE, Action.PROMOTE)
    other = [replace(m, record=replace(m.record, canary=CanaryId("prod/cart"))) for m in made]
    mixed: list[Move] = []
    for number, mine in enumerate(made):
        mixed += [mine] + ([other[order[number]]] if theirs[number] else [])
    rollout = replayed(*mixed).rollout(WEB)

    assert rollout is not None
    assert rollout.moves == tuple(made)


def commits(*records: Record | str, ours: bool = True) -> Iterator[Commit]:
    for number, one in enumerate(records):
        text = one if isinstance(one, str) else compose(
            "subject", paragraphs=("Words.",), verdict=None, record=one
        )  # fmt: skip
        yield Commit(
            revision=revision(number), parents=(), author="", committer="",
            date_ms=1000, message=text, ours=ours,
        )  # fmt: skip


def test_only_commits_under_our_key_are_read() -> None:
    assert list(moves(commits(record(), ours=False))) == []
    assert [m.revision for m in moves(commits("Fix a typo\n", record()))] == [revision(1)]


def test_an_illegible_commit_under_our_key_stops_nothing() -> None:
    newer = next(commits(record())).message.replace("Canary-Format: 1", "Canary-Format: 2")
    start = record(action=Action.START, previous=None, weight_to=Decimal(0), weight_from=Decimal(0))
    history = by_canary(moves(commits(newer, start)))

    assert [m.revision for m in history.moves[WEB]] == [revision(1)]
    (misfit,) = history.misfits
    assert (misfit.canary, misfit.revision) == (WEB, revision(0))
    assert "is signed as ours, in format 2; this version reads format 1" in misfit.why
    assert history.illegible == {WEB: misfit}


def test_a_legible_move_is_newer_than_an_illegible_one_before_it() -> None:
    odd = next(commits(record())).message.replace("Canary-Action: ", "Canary-Action: re")
    start = record(action=Action.START, previous=None, weight_to=Decimal(0), weight_from=Decimal(0))
    history = by_canary(moves(commits(start, odd)))

    assert [m.revision for m in history.moves[WEB]] == [revision(0)]
    assert [misfit.canary for misfit in history.misfits] == [WEB]
    assert history.illegible == {}


@pytest.mark.parametrize(
    ("weight_from", "weight_to", "fits"), [(7, 10, False), (10, 10, True), (0, 10, True)]
)
def test_only_a_weight_that_stays_is_adopted_by_an_advance(
    weight_from: int, weight_to: int, fits: bool
) -> None:
    (first,) = chain(Action.START)
    second = move(
        500, rollout=FIRST, action=Action.ADVANCE, previous=first.revision,
        weight_from=Decimal(weight_from), weight_to=Decimal(weight_to),
    )  # fmt: skip
    assert (fault(first, second) is None) is fits


def test_initialising_is_no_rollout_and_the_newest_one_counts() -> None:
    older = chain(Action.INITIALISE, Action.INITIALISE, rollout=FIRST)
    newer = chain(*[Action.INITIALISE] * 3, rollout=SECOND, base=200)
    history = replayed(*older, *newer)
    assert history.misfits == ()
    assert history.moves == {}
    assert history.beginning(WEB) == tuple(newer)
    assert history.rollout(WEB) is None
    assert replayed(*chain(Action.START)).beginnings == {}


def begun(number: int, rollout: RolloutId, previous: Move | None = None) -> Move:
    return move(
        number, rollout=rollout, action=Action.INITIALISE, weight_from=Decimal(0),
        weight_to=Decimal(0), previous=previous.revision if previous else None,
    )  # fmt: skip


def test_a_canary_s_beginning_is_its_newest_one_alone() -> None:
    first, other = begun(100, FIRST), begun(101, SECOND)
    second = begun(102, SECOND, other)
    history = replayed(first, other, second)
    assert history.misfits == ()
    assert history.beginning(WEB) == (other, second)
    assert replayed(first, other).beginning(WEB) == (other,)
    assert history.beginning(CanaryId("prod/other")) == ()


def test_a_start_over_a_start_may_find_the_weight_that_the_first_took_away() -> None:
    def start(number: int, rollout: RolloutId, weight: int) -> Move:
        return move(
            number, rollout=rollout, action=Action.START, previous=None,
            weight_from=Decimal(weight), weight_to=Decimal(0),
        )  # fmt: skip

    advanced = chain(Action.START, Action.ADVANCE)
    takes, after = start(200, SECOND, 30), start(201, RolloutId("000000000003"), 0)
    assert replayed(*advanced, takes, after).left(WEB, after) == 30
    assert replayed(*advanced, after).left(WEB, after) == 0
    assert replayed(*advanced).left(WEB, advanced[-1]) == 0, "what it came from"


def test_what_does_not_fit_is_named_by_twelve_digits_of_its_commit() -> None:
    odd = replace(move(1, rollout=FIRST, action=Action.PROMOTE), revision=Revision("ab" * 20))
    [misfit] = replayed(odd).misfits
    assert misfit.why.startswith("Move abababababab (promote) ")
