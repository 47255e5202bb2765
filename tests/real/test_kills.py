"""Controllers die by `kill -9` again and again, alone or beside another: the record stays whole."""

import pathlib

import pytest

from .kills import kill_again_and_again
from .stage import stage

RUNS = 10
"""Of each, which makes twenty."""


@pytest.mark.timeout(400)
@pytest.mark.parametrize("replicas", [1, 2])
def test_kills_leave_every_rollout_whole(tmp_path: pathlib.Path, replicas: int) -> None:
    with stage(tmp_path) as place:
        figures = kill_again_and_again(place, RUNS, seed=7, replicas=replicas)
    print(dict(figures))
    assert figures["kills"] == RUNS
    assert figures["rollouts"] >= 1
