"""The proof that a canary keeps its limit: what it expects of a good one, and what that saves."""

import math

import pytest

from gitops_canary.core.judges import eprocess
from gitops_canary.core.judges.proof import prior, proof
from gitops_canary.core.judges.sequential_types import GUESS, Config, Metric

EVEN = [1 / 8] * 8


def expected(history: float | None, rule: int = GUESS) -> list[float]:
    metric = Metric(name="errors", budget=0.01, history=history)
    return [math.exp(log) for log in prior(Config(metrics=(metric,), rule=rule), metric)]


@pytest.mark.parametrize("history", [None, 0.0, 1e-9, 0.0002, 0.0015, 0.003, 0.006, 0.5, 1.0])
def test_the_prior_is_one_in_all_and_nowhere_nothing(history: float | None) -> None:
    found = expected(history)

    assert math.fsum(found) == pytest.approx(1)
    assert min(found) > 0.0624


@pytest.mark.parametrize(("history", "rule"), [(None, GUESS), (0.003, GUESS - 1)])
def test_it_is_even_where_nothing_is_known_and_in_older_records(
    history: float | None, rule: int
) -> None:
    assert expected(history, rule) == pytest.approx(EVEN)


@pytest.mark.parametrize(("history", "at"), [(0.0, 0), (0.0001, 0), (0.0002, 0), (0.003, 4)])
def test_half_of_it_lies_on_what_was_usual(history: float, at: int) -> None:
    assert expected(history) == pytest.approx([9 / 16 if i == at else 1 / 16 for i in range(8)])


@pytest.mark.parametrize("history", [0.006, 0.0061, 0.02, 1.0])
def test_what_was_beyond_the_grid_counts_as_its_end(history: float) -> None:
    assert expected(history) == pytest.approx([*[1 / 16] * 7, 9 / 16])


def test_a_share_between_two_of_the_grid_is_shared_by_them() -> None:
    found = expected(0.01 * math.sqrt(0.1 * 0.2))

    assert found == pytest.approx([1 / 16, 1 / 16, 5 / 16, 5 / 16, *[1 / 16] * 4])


def test_the_proof_comes_sooner_of_what_is_as_good_as_before_and_little_later_else() -> None:
    def requests(share: float, history: float | None) -> int:
        """How many requests prove 1 % where of each 10,000 `share` are bad."""
        metric = Metric(name="errors", budget=0.01, history=history)
        config, total = Config(metrics=(metric,)), 0
        while True:
            total += 10
            odds = [math.log(part) for part in eprocess.GOOD]
            rest = [math.log((1 - 0.01 * part) / 0.99) for part in eprocess.GOOD]
            each = zip(odds, rest, strict=True)
            good = tuple(total * (share * bad + (1 - share) * fine) for bad, fine in each)
            if proof(config, metric, good) >= math.log(config.proven):
                return total

    assert (requests(0.003, None), requests(0.003, 0.003)) == (1090, 960)
    assert (requests(0.003, 0.0), requests(0.0, 0.006)) == (1320, 440)
