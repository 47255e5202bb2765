"""Planted bugs are found: those that fall fast at every run, all of them by command."""

import pytest

from .hunting import hunt
from .mutants import MUTANTS

FAST = (
    "no compare-and-swap", "a step is skipped", "evidence is left out", "a foreign byte changes",
    "another weight is written", "the window reaches back before live", "a failure passes",
    "an unready canary takes traffic", "a person's trailers are obeyed",
    "the window begins at the push", "nothing is judged at weight 100",
    "one that was cut off pushes what it decided then",
)  # fmt: skip
NAMES = [mutant.name for mutant in MUTANTS]


@pytest.mark.parametrize("name", FAST)
def test_a_planted_bug_is_found_within_thirty_seeds(name: str) -> None:
    _, seeds, why = hunt(NAMES.index(name), 30)
    assert seeds is not None, "it lives"
    assert why


def test_there_are_at_least_twenty_five_planted_bugs() -> None:
    assert len(set(NAMES)) == len(NAMES) >= 25
