"""One broken pod: left out of the primary it shields with, waited for on the canary."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import pytest
from test_judge_sequential import FAIL, METRIC, PASS, WAIT, block, run

from gitops_canary.core.judges.sequential import Config
from gitops_canary.model.judging import Block, Counts, Pod
from gitops_canary.model.observation import Verdict

CONFIG = Config(metrics=(METRIC,))
Had = Sequence[tuple[int, int]]
CLEAN, WELL = [(38, 0)] * 4, [(337, 0)] * 4
DEAD, SICK = [(337, 337), *WELL[1:]], [(38, 38), *CLEAN[1:]]
POORLY = [(38, 2), (38, 2), (38, 2), (38, 1)]


def seen(index: int, canary: Had, primary: Had, *, weight: str = "10") -> Block:
    """One block with both sides' pods; each pod's (requests, bad)."""
    sides = [tuple(sum(one[i] for one in pods) for i in (0, 1)) for pods in (canary, primary)]
    one = block(index, (*sides[0], *sides[1]), weight=weight)  # type: ignore[arg-type]  # pairs
    [reading] = one.readings
    named = (
        tuple(Pod(name=f"{side}-{i}", requests=n, bad=bad) for i, (n, bad) in enumerate(pods))
        for side, pods in (("new", canary), ("old", primary))
    )
    mine, other = named
    return replace(one, readings=(replace(reading, pods=mine, primary_pods=other),))


def said(config: Config, blocks: Iterable[Block]) -> list[Verdict]:
    return run(config, list(blocks))[1]


def outcomes(config: Config, blocks: Iterable[Block]) -> list[object]:
    return [one.outcome for one in said(config, blocks)]


def test_a_broken_pod_of_the_primary_shields_nobody() -> None:
    blocks = [seen(i, POORLY, DEAD) for i in range(5)]
    verdicts = said(CONFIG, blocks)
    last = next(one for one in verdicts if one.outcome is FAIL)
    [check] = last.measurements

    assert verdicts[0].outcome is WAIT, "nothing is known before the first block"
    assert "of 1,011 on the other pods of the primary, worse than 1.5x them" in last.reason
    assert "its pod old-0 is left out, as it was broken in the minute before" in last.reason
    assert "337 of 337 requests of pod old-0, none of 1,011 of the other 3" in last.reason
    assert check.numbers["leftOut"] == "old-0"
    seen_since = verdicts.index(last)
    rest = [int(check.numbers[f"rest{one}"]) for one in ("Primary", "PrimaryBad", "CanaryBad")]
    assert rest == [1011 * seen_since, 0, 7 * seen_since]
    old = said(replace(CONFIG, rule=31), blocks)
    assert all(one.outcome is not FAIL for one in old), "as judged before this decision"
    assert "leftOut" not in old[-1].measurements[0].numbers


@pytest.mark.parametrize(
    "primary",
    [
        [(337, 150), *WELL[1:]],
        [(337, 337), (337, 40), *WELL[2:]],
        [(337, 337)] * 4,
        [(337, 337)],
        [(2, 2), (2, 0), (2, 0), (2, 0)],
    ],
    ids=["less than half fails", "others fail too", "outage", "one pod", "too few requests"],
)
def test_nothing_is_left_out_where_it_is_not_one_pod(primary: Had) -> None:
    states, _ = run(CONFIG, [seen(i, CLEAN, primary) for i in range(3)])
    assert states[-1].weighed["success"].faults.base is None


def test_a_pod_is_left_out_only_of_blocks_that_follow() -> None:
    """What is chosen by a block would be chosen for how that block looks."""
    states, _ = run(CONFIG, [seen(0, CLEAN, WELL), seen(1, CLEAN, DEAD), seen(2, CLEAN, DEAD)])
    before, here, after = (one.weighed["success"].faults for one in states)

    assert before.base is here.base is None
    assert after.base is not None
    assert after.base.total == Counts(canary=152, primary=1011)


def gone(one: Block) -> Block:
    """Give a block in which each side's first pod is not there any more."""
    [reading] = one.readings
    fewer = replace(reading, pods=reading.pods[1:], primary_pods=reading.primary_pods[1:])
    return replace(one, readings=(fewer,))


def test_of_a_pod_that_is_gone_nothing_is_taken_off() -> None:
    blocks = [seen(0, SICK, DEAD), gone(seen(1, CLEAN, WELL))]
    found = run(CONFIG, blocks)[0][-1].weighed["success"].faults

    assert found.base is not None
    assert found.base.total == Counts(canary=152, primary=1348)
    assert found.without["new-0"].total == Counts(
        canary=114 + 152, primary=2 * 1348, primary_bad=337
    )


def test_so_many_pods_are_followed_and_one_place_is_kept_for_one_that_fails_alone() -> None:
    """Else what is kept of a rollout would grow with its pods."""
    ten = [[(38, 38) if i == j else (38, 0) for i in range(10)] for j in range(10)]
    one_by_one = [seen(j, ten[j], [(337, 0)] * 10) for j in range(10)]
    assert len(run(CONFIG, one_by_one)[0][-1].weighed["success"].faults.without) == 8

    def followed(*canary: Had) -> list[list[str]]:
        blocks = [seen(0, CLEAN, DEAD), *(seen(i, one, DEAD) for i, one in enumerate(canary, 1))]
        states = run(CONFIG, blocks)[0][1:]
        return [list(one.weighed["success"].faults.without) for one in states]

    # Who failed half of its requests is followed, those with most failures first.
    assert followed([(4, 2), (5, 2), (4, 3), (2, 0)]) == [["new-2", "new-0"]]
    half = [(4, 2)] * 10
    last = [*[(4, 2)] * 7, (4, 0), (4, 0), (90, 90)]
    [first, second, third] = followed(half, [*[(4, 0)] * 9, (90, 90)], last)
    assert (len(first), len(second), third) == (7, 8, second)
    # Nor do two blocks of some each take that place, or one more once all are taken.
    some = [[(4, 2) if a <= i < b else (4, 0) for i in range(12)] for a, b in ((0, 5), (5, 9))]
    assert [len(one) for one in followed(*some)] == [5, 7]
    late = [*[(4, 0)] * 10, (4, 2)]
    assert len(followed(half, [*[(4, 0)] * 9, (90, 90)], late)[-1]) == 8


def test_a_pod_broken_by_what_breaks_the_canary_s_too_condemns_nobody() -> None:
    """A node of both: the rests are compared."""
    assert FAIL not in outcomes(CONFIG, [seen(i, SICK, DEAD) for i in range(12)])


def test_a_pod_not_proven_broken_yet_condemns_nobody_where_the_primary_has_one_too() -> None:
    few = [(0, 0)] * 4
    blocks = [seen(i, few, DEAD) for i in range(2)]
    blocks += [seen(i, [(4, 4), (2, 0), (1, 0), (1, 0)], DEAD) for i in range(2, 4)]

    assert FAIL not in outcomes(CONFIG, blocks)
    assert outcomes(replace(CONFIG, rule=41), blocks)[2] is FAIL
    # Nor does it shield its version: what the other pods fail is weighed without it.
    worse = [(38, 19), *POORLY[1:]]
    assert FAIL in outcomes(CONFIG, [seen(i, worse, DEAD) for i in range(8)])


def test_a_broken_pod_of_the_canary_is_waited_for_and_may_recover() -> None:
    ill = [seen(i, SICK, WELL) for i in range(4)]
    well = [seen(i, CLEAN, WELL) for i in range(4, 12)]
    verdicts = said(CONFIG, [*ill, *well])

    assert [one.outcome for one in verdicts[:4]] == [WAIT] * 4
    assert "pod new-0 alone fails: 38 of 38 requests of pod new-0" in verdicts[0].reason
    assert "none of 114 of the other 3; 15s of 90s that it has to recover" in verdicts[0].reason
    assert verdicts[-1].outcome is PASS
    assert outcomes(replace(CONFIG, rule=31), ill)[0] is FAIL
    assert outcomes(replace(CONFIG, pod_grace_ms=0), ill)[0] is FAIL


def test_a_pod_that_stays_broken_condemns_after_its_time() -> None:
    verdicts = said(CONFIG, [seen(i, SICK, WELL) for i in range(8)])
    assert [one.outcome for one in verdicts] == [WAIT] * 6 + [FAIL] * 2
    assert "none of 798 of the other 3; for 105s" in verdicts[6].reason


def test_a_pod_that_fails_again_and_again_has_its_time_once() -> None:
    blocks = [seen(i, CLEAN if i % 2 else SICK, WELL) for i in range(14)]
    found = outcomes(CONFIG, blocks)
    assert found.index(FAIL) == 12


def test_a_second_pod_that_fails_is_not_alone() -> None:
    second = [CLEAN[0], (38, 38), *CLEAN[2:]]
    assert outcomes(CONFIG, [seen(0, SICK, WELL), seen(1, second, WELL)]) == [WAIT, FAIL]


def test_nobody_waits_while_too_much_of_the_whole_fails() -> None:
    half = [(337, 337), *WELL[1:]]
    # An eighth of all, or a sixth of which a quarter is the primary's.
    for bad in (0, 30):
        [one] = said(CONFIG, [seen(0, half, [(337, bad)] * 4, weight="50")])
        assert one.outcome is FAIL
        assert "too much of the whole to wait for it" in one.reason


def test_a_pod_of_the_primary_that_fails_too_ends_no_wait() -> None:
    """What the primary fails is not the canary's doing, however much of the whole it is."""
    blocks = [seen(i, SICK, DEAD if i > 2 else WELL) for i in range(5)]
    assert FAIL not in outcomes(CONFIG, blocks)
    old = said(replace(CONFIG, rule=47), blocks)
    assert old[3].outcome is FAIL
    assert "too much of the whole to wait for it" in old[3].reason


def test_a_version_that_fails_everywhere_is_not_waited_for() -> None:
    assert outcomes(CONFIG, [seen(0, [(38, 8)] * 4, WELL)]) == [FAIL]


def test_after_a_promotion_a_broken_pod_of_many_is_waited_for() -> None:
    alone = Config(metrics=(METRIC,), alone=True, mismatch=None)
    many = [(38, 38), *[(38, 0)] * 19]
    assert outcomes(alone, [seen(i, many, [(1, 0)]) for i in range(2)]) == [WAIT, WAIT]


def test_callers_may_have_seen_less_of_a_pod_than_it_did() -> None:
    """Both are scraped at times of their own; what is left is never less than nothing."""
    one, two = seen(0, CLEAN, DEAD), seen(1, CLEAN, DEAD)
    [reading] = two.readings
    fewer = Counts(canary=152, canary_bad=0, primary=300, primary_bad=300)
    states, _ = run(CONFIG, [one, replace(two, readings=(replace(reading, counts=fewer),))])
    base = states[-1].weighed["success"].faults.base

    assert base is not None
    assert base.total == Counts(canary=152)


def test_blocks_without_pods_are_judged_as_they_were() -> None:
    plain = [block(i, (152, 7, 1348, 1)) for i in range(3)]
    assert said(CONFIG, plain) == said(replace(CONFIG, rule=31), plain)


def test_a_broken_pod_is_proven_by_several_blocks_of_a_minute_together() -> None:
    """By one alone it is not; what is older than a minute before a block counts no more."""
    few = [(3, 3), (3, 0), (3, 0), (3, 0)]

    def base(*at: int) -> bool:
        states, _ = run(CONFIG, [seen(i, CLEAN, few) for i in at])
        return states[-1].weighed["success"].faults.base is not None

    found = [base(*range(n)) for n in range(1, 7)]
    assert found == sorted(found), "and it stays so"
    assert not found[1], "the one block before proves nothing"
    assert found[-1]
    assert not base(0, 5, 10, 15, 20, 25), "apart from each other they are forgotten"


@pytest.mark.parametrize(
    ("then", "sick"),
    [
        ((4, 2), True),
        ((4, 1), False),
        ((5, 2), False),
        ((1, 1), True),
        ((4, 0), False),
        ((0, 0), False),
    ],
    ids=["half", "less than half", "two fifths", "one", "none failed", "no request"],
)
def test_a_pod_that_was_sick_is_still_so_by_few_requests(
    then: tuple[int, int], *, sick: bool
) -> None:
    states, _ = run(CONFIG, [seen(0, SICK, WELL), seen(1, [then, *CLEAN[1:]], WELL)])
    assert states[-1].weighed["success"].faults.sick == ("new-0" if sick else "")


def test_a_pod_broken_a_minute_before_a_block_is_not_left_out_of_it() -> None:
    def base(at: int) -> bool:
        states, _ = run(CONFIG, [seen(0, CLEAN, DEAD), seen(at, CLEAN, DEAD)])
        return states[-1].weighed["success"].faults.base is not None

    assert [base(at) for at in (1, 4, 5)] == [True, True, False]


def test_the_evidence_without_a_pod_begins_with_that_against_the_rest_of_the_primary() -> None:
    """Or a pod that fails would hide what the version did before."""
    blocks = [seen(i, POORLY, DEAD) for i in range(3)]
    half = [(38, 19), *CLEAN[1:]]
    states, _ = run(CONFIG, [*blocks, seen(3, half, DEAD)])
    before, after = (one.weighed["success"].faults for one in states[2:])

    assert before.base is not None
    assert list(after.without) == ["new-0"]
    assert before.base.worse.log > 1
    assert after.without["new-0"].worse.log == pytest.approx(before.base.worse.log, rel=0.1)
