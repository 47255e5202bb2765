"""Initialising an application never sends a user to what is not there, whoever dies meanwhile."""

from functools import cache

import pytest

from gitops_canary.core import initialising
from gitops_canary.core.initialising import Beginning
from gitops_canary.model.decision import Decision
from gitops_canary.model.observation import Liveness

from .manifests import with_tag
from .newborn import STEPS, WORKLOAD, Newborn, troubled
from .planting import Mutant, planted
from .remote import CONFIG
from .test_found import actions
from .watching import Broken

SHARES = 4
SEEDS = 25
"""In each share."""


@cache
def boundaries() -> int:
    world = Newborn(1)
    world.run_until(lambda: world.begun)
    assert world.steps == [1, 2, 3]
    return len(world.passed)


@pytest.mark.parametrize("part", range(SHARES))
def test_a_kill_at_any_boundary_of_initialising_makes_no_step_twice(part: int) -> None:
    assert boundaries() > 20
    for at in range(1 + part, boundaries() + 1, SHARES):
        world = Newborn(1, kill_at=[at])
        world.run_until(lambda: world.begun)  # noqa: B023 - called within the loop
        assert world.steps == [1, 2, 3], f"killed at boundary {at}, {world.passed[at - 1]!r}"


@pytest.mark.parametrize("part", range(SHARES))
def test_users_meet_pods_whatever_goes_wrong_while_an_application_is_initialised(part: int) -> None:
    for seed in range(part * SEEDS, (part + 1) * SEEDS):
        world = troubled(seed)
        world.run_until(lambda: world.begun)  # noqa: B023 - called within the loop
        assert world.steps == list(range(1, STEPS + 1)), f"seed {seed}"


def test_what_was_initialised_rolls_out() -> None:
    world = Newborn(2)
    world.run_until(lambda: world.begun)
    assert actions(world) == []
    text = world.files(world.remote.refs[CONFIG])[WORKLOAD]
    bumped = with_tag(text, "web", "v1")
    assert bumped != text
    world.commit({WORKLOAD: bumped}, "Bump to v1\n")
    tip = world.remote.refs[CONFIG]
    world.run_until(lambda: world.remote.refs[CONFIG] != tip)
    assert "start v1 at 0%" in world.message(world.remote.refs[CONFIG])


def test_users_who_are_sent_over_too_early_are_missed() -> None:
    """The proof is proven: a step that waits for nothing is found."""
    real = initialising.decide

    def eager(one: Beginning, _: Liveness | None, now_ms: int) -> Decision:
        return real(one, Liveness(live_ms=now_ms, proof=("",), waiting=""), now_ms)

    world = troubled(0)
    with (
        planted(Mutant("no step is waited for", lambda: [(initialising, "decide", eager)])),
        pytest.raises(Broken, match="sends users to pods that are not ready"),
    ):
        world.run_until(lambda: world.begun)
