"""How much more bad requests scatter than single ones would, measured on pods over an hour."""

from random import Random

import pytest

from gitops_canary.core.judges import eprocess


@pytest.mark.parametrize(("before", "factor"), [(1.0, 1), (5.0, 5)])
def test_overdispersion_is_found_in_bursts(before: float, factor: int) -> None:
    pods = [[(1000, factor * (1 + (p * 7 + b * 3) % 3)) for p in range(4)] for b in range(50)]
    phi, free = eprocess.overdispersion(pods)
    assert free == 147
    assert phi == pytest.approx(
        before
        * eprocess.overdispersion(
            [[(1000, 1 + (p * 7 + b * 3) % 3) for p in range(4)] for b in range(50)]
        )[0]
    )


def test_a_pod_that_is_always_worse_is_no_burst() -> None:
    draws = Random(3)  # noqa: S311 - a test
    hour = [
        [(1000, sum(draws.random() < share for _ in range(1000))) for share in (0.02, *[0.002] * 3)]
        for _ in range(20)
    ]
    assert eprocess.overdispersion(hour)[0] == pytest.approx(1, abs=0.4)
    assert eprocess.overdispersion(hour, alike=True)[0] > 10, "what records of old have"
    # Whose share it is takes twenty of them a pod to tell.
    for bad, known in ((1, False), (79, False), (80, True)):
        few = [[(1000, bad * (p == 0 and b == 0)) for p in range(4)] for b in range(50)]
        assert (eprocess.overdispersion(few) != eprocess.overdispersion(few, alike=True)) == known


def test_each_share_that_was_estimated_leaves_less_to_tell_from() -> None:
    two = [[(1000, 20 + b % 3), (1000, 3)] for b in range(20)]
    assert eprocess.overdispersion(two)[1] == 19
    assert eprocess.overdispersion(two, alike=True)[1] == 20
    # A pod that never failed tells nothing, and takes nothing.
    assert eprocess.overdispersion([[*pods, (1000, 0)] for pods in two])[1] == 19
