from dataclasses import replace

import pytest

from gitops_canary.errors import SpecError
from gitops_canary.lab.desired import read
from gitops_canary.lab.envoy import Live
from gitops_canary.lab.snapshot import manifests
from gitops_canary.lab.story import CLUSTER, Fault, State, catalogue, cut, over, problems, state
from gitops_canary.lab.world import example

GOOD, BAD = catalogue(Fault.ERRORS)["A"], catalogue(Fault.ERRORS)["B"]
BEFORE = State(candidate="1.0.0", primary="1.0.0", weight=0, quarantined=frozenset())
RELEASED = replace(BEFORE, candidate="1.1.0")
ROLLED_OUT = [
    RELEASED,
    *(replace(RELEASED, weight=w) for w in (5, 10, 25, 50, 100)),
    replace(RELEASED, weight=100, primary="1.1.0"),
    replace(RELEASED, weight=0, primary="1.1.0"),
]
ON_TRIAL = replace(BEFORE, candidate="1.2.0")
ROLLED_BACK = [
    ON_TRIAL,
    replace(ON_TRIAL, weight=5),
    replace(ON_TRIAL, weight=10),
    replace(BEFORE, quarantined=frozenset({"1.2.0"})),
]
EXAMPLE = {
    str(p.relative_to(example())): p.read_text(encoding="utf-8")
    for p in example().rglob("*")
    if p.is_file()
}


def test_a_whole_rollout_is_as_told() -> None:
    assert problems(GOOD, BEFORE, ROLLED_OUT) == ()


def test_a_rollback_with_its_quarantine_is_as_told() -> None:
    assert problems(BAD, BEFORE, ROLLED_BACK) == ()


def test_a_story_may_end_with_the_commit_after_the_crash() -> None:
    crashed = catalogue(Fault.ERRORS)["C"]

    assert cut(crashed) == 50
    assert cut(GOOD) is None
    assert problems(crashed, BEFORE, ROLLED_OUT[:5], until=50) == ()
    twice = [*ROLLED_OUT[:4], BEFORE, *ROLLED_OUT[3:5]]
    assert "not 5 10 25 50" in " / ".join(problems(crashed, BEFORE, twice, until=50))


@pytest.mark.parametrize(
    ("seen", "problem"),
    [
        (ROLLED_OUT[:2] + ROLLED_OUT[3:], "not each step once"),
        (ROLLED_OUT[:3] + ROLLED_OUT[1:], "not each step once"),
        (ROLLED_OUT[:-1], "not each step once"),
        ([*ROLLED_OUT[:5], *ROLLED_OUT[6:]], "before the last step"),
        ([*ROLLED_OUT, replace(BEFORE)], "not the version of both"),
    ],
)
def test_a_rollout_that_went_otherwise_is_a_problem(seen: list[State], problem: str) -> None:
    assert problem in " / ".join(problems(GOOD, BEFORE, seen))


@pytest.mark.parametrize(
    ("seen", "problem"),
    [
        (ROLLED_OUT, "is not in .gitops-canary/quarantine"),
        (ROLLED_OUT, "the primary was changed"),
        ([ON_TRIAL, replace(ROLLED_BACK[-1])], "not some steps and then 0"),
        ([*ROLLED_BACK[:2], replace(ON_TRIAL)], "still asks for 1.2.0"),
        ([*ROLLED_BACK, replace(BEFORE, weight=5)], "not some steps and then 0"),
    ],
)
def test_a_rollback_that_went_otherwise_is_a_problem(seen: list[State], problem: str) -> None:
    assert problem in " / ".join(problems(BAD, BEFORE, seen))


@pytest.mark.parametrize(
    ("now", "live", "done"),
    [
        (ROLLED_OUT[-1], Live(revision="tip", weights={CLUSTER: 0}), True),
        (ROLLED_OUT[-1], Live(revision="tip", weights={CLUSTER: 100}), False),
        (ROLLED_OUT[-1], Live(revision="older", weights={CLUSTER: 0}), False),
        (ROLLED_OUT[-1], Live(revision="tip", weights={}), False),
        (ROLLED_OUT[-2], Live(revision="tip", weights={CLUSTER: 0}), False),
        (BEFORE, Live(revision="tip", weights={CLUSTER: 0}), False),
    ],
)
def test_a_story_is_over_once_git_and_envoy_agree(now: State, live: Live, done: bool) -> None:
    assert over(GOOD, BEFORE, now, live, "tip") is done


def test_the_example_is_where_every_story_begins() -> None:
    assert state(EXAMPLE) == BEFORE


def test_the_quarantine_is_read_by_version() -> None:
    entry = '{"version": "app=ghcr.io/acme/checkout:1.2.0"}\n'

    found = state({**EXAMPLE, ".gitops-canary/quarantine": entry})

    assert found.quarantined == {"1.2.0"}


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("kind: VirtualService", "kind: Gateway", "does not know the kind 'Gateway'"),
        ("weight: 100", "weight: 90", "add up to 100"),
        ("host: checkout-primary", "host: checkout-canary", "different hosts"),
        ("    - route:", "    - match: []\n      route:", "nothing but `route`"),
        ("  namespace: prod", "  label: prod", "missing or odd: KeyError"),
    ],
)
def test_the_cluster_refuses_what_it_cannot_play(old: str, new: str, problem: str) -> None:
    path = "apps/checkout/virtualservice.yaml"
    text = EXAMPLE[path].replace(old, new)
    assert text != EXAMPLE[path]

    with pytest.raises(SpecError, match=problem):
        read({**manifests(EXAMPLE), path: text})
