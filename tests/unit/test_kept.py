"""What is kept is bounded by size and by turns, and what a function remembers by both."""

from gitops_canary.model.kept import Kept, clear, remembered, turn


def test_what_nobody_asks_for_between_two_turns_is_gone() -> None:
    kept = Kept[str, int](100)
    kept.keep("a", 1, 10)
    kept.keep("b", 2, 10)
    for _ in range(3):
        kept.turn()
        assert kept.get("a") == 1
    assert kept.get("b") is None
    kept.turn()
    kept.turn()
    assert kept.get("a") is None


def test_the_size_is_that_of_what_is_there_and_of_what_each_takes_besides() -> None:
    kept = Kept[int, int](100, beside=10)
    for n in range(4):
        kept.keep(n, n, 15)
    assert [kept.get(n) for n in range(4)] == [0, 1, 2, 3]
    kept.turn()
    kept.turn()
    kept.turn()
    for n in range(10, 15):
        kept.keep(n, n, 15)
    assert [kept.get(n) for n in range(10, 15)] == [None, 11, 12, 13, 14]
    kept.keep(20, 20, 1000)
    assert kept.get(20) == 20
    assert kept.get(14) is None


def test_a_function_remembers_by_value_and_type_and_forgets_by_turns() -> None:
    made: list[object] = []

    @remembered(2)
    def told(one: object, *, more: str) -> str:
        made.append(one)
        return f"{one} {more}"

    assert [told(1, more="a"), told(1.0, more="a"), told(1, more="a")] == ["1 a", "1.0 a", "1 a"]
    assert made == [1, 1.0]
    assert told("x", more="a") == "x a"
    assert told(1.0, more="a") == "1.0 a"
    assert made == [1, 1.0, "x", 1.0]
    for _ in range(3):
        turn()
        told(1.0, more="a")
    assert len(made) == 4
    told("x", more="a")
    clear()
    told("x", more="a")
    assert made[4:] == ["x", "x"]
