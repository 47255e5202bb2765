"""The controller process dies by `kill -9` again and again, and the record stays whole."""

import pathlib

import pytest

from .kills import kill_again_and_again
from .stage import stage

RUNS = 20


@pytest.mark.timeout(400)
def test_twenty_kills_leave_every_rollout_whole(tmp_path: pathlib.Path) -> None:
    with stage(tmp_path) as place:
        figures = kill_again_and_again(place, RUNS, seed=7)
    print(dict(figures))
    assert figures["kills"] == RUNS
    assert figures["rollouts"] >= 1
