"""What is asked for at every turn stays; the rest goes."""

from gitops_canary.model.recent import Recent


def test_what_nobody_asks_for_for_two_turns_is_made_again() -> None:
    made: list[int] = []
    recent = Recent(lambda n: made.append(n) or n, 100)  # type: ignore[func-returns-value]
    for _ in range(4):
        assert (recent(1), recent(1)) == (1, 1)
        recent.turn()
    assert made == [1]
    recent.turn()
    assert recent(1) == 1
    assert made == [1, 1]


def test_a_turn_comes_by_itself_before_too_much_is_kept() -> None:
    made: list[int] = []
    recent = Recent(lambda n: made.append(n) or n, 3)  # type: ignore[func-returns-value]
    for n in (*range(4), 0, *range(4, 10), 0):
        recent(n)
    assert made == [*range(10), 0]
