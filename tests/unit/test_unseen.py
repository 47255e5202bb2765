"""What of the time in which requests were counted no sample tells of."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from test_course import SCRAPE, answered, course, steady
from test_exposure import INSTANTS, row, windows
from test_report import decision, failed, story

from gitops_canary.core.exposure import counted
from gitops_canary.core.judges.sequential_types import CLEAR, RULE
from gitops_canary.core.unseen import untold


@pytest.mark.parametrize(
    ("late", "unseen_s"),
    [
        ({}, 0),
        ({8: 2}, 0),
        ({8: 3 * SCRAPE // 2000}, 0),
        ({8: 3 * SCRAPE // 2000 + 1}, 3 * SCRAPE // 2000 + 1),
        ({8: 200}, 60),
        # Where it was silent when a window began nobody knows when samples came again.
        ({4: 40}, 40 + 60),
        ({7: 200}, 0),
    ],
)
def test_what_no_sample_tells_of_is_not_taken_for_seen(late: dict[int, int], unseen_s: int) -> None:
    found = windows(row("10"), late_s=lambda at: late.get(INSTANTS.index(at), 0))
    assert found is not None
    assert found.unseen_ms == unseen_s * 1000
    assert ("unseen" in found.unseen) is (unseen_s > 0)


@pytest.mark.parametrize(("rule", "requests"), [(51, 1000), (52, 30)])
def test_a_side_that_was_silent_when_a_window_began_counts_nothing_in_it(
    rule: int, requests: int
) -> None:
    """Pods that are scraped again have all that they ever counted; callers were never silent."""
    pods = row("1000", side="destination")
    again = replace(pods, samples=pods.samples[-1:])
    found = windows(row("10"), again, unheard=("destination",), rule=rule)
    assert found is not None
    assert found.requests == requests


def test_a_window_without_a_number_was_not_seen() -> None:
    some = row("10")
    found = windows(replace(some, samples=some.samples[-1:]))
    assert found is not None
    assert (found.requests, found.unseen) == (Decimal(10), {"unseen": "2"})


@pytest.mark.parametrize(("lost", "unseen_s"), [(0, 0), (1, 45), (2, 60), (4, 60)])
def test_blocks_after_the_last_sample_were_not_seen(lost: int, unseen_s: int) -> None:
    one = course(blocks=4)
    ends = one.times[1:]
    kept = one.times[-1 - lost]
    answers = {
        question: replace(
            answer,
            series=tuple(
                replace(s, samples=tuple(p for p in s.samples if p.at_ms <= kept))
                for s in answer.series
            ),
        )
        for question, answer in answered(one.questions(), lambda who, _: steady(who, 0)).items()
    }
    found = counted(one.policy, one.spec, answers, ends, scrape_ms=SCRAPE)
    if lost == 4:
        assert found is None
    else:
        assert found is not None
        assert found.unseen_ms == unseen_s * 1000


@pytest.mark.parametrize(
    ("lost", "rule", "unseen_s"), [(0, RULE, 0), (1, RULE, 15), (3, RULE, 45), (3, CLEAR - 1, 0)]
)
def test_blocks_before_the_first_sample_were_not_seen(lost: int, rule: int, unseen_s: int) -> None:
    """Since decision 57: what counters caught up with there may be older than the weight."""
    one = replace(course(blocks=4), rule=rule)
    kept = one.times[lost]
    answers = {
        question: replace(
            answer,
            series=tuple(
                replace(s, samples=tuple(p for p in s.samples if p.at_ms >= kept))
                for s in answer.series
            ),
        )
        for question, answer in answered(one.questions()).items()
    }
    found = counted(one.policy, one.spec, answers, one.times[1:], scrape_ms=SCRAPE, rule=rule)
    assert found is not None
    assert found.unseen_ms == unseen_s * 1000


def test_old_records_are_held_to_what_they_tell() -> None:
    def found() -> dict[str, Any]:
        return {"requests": "1", "unseen": "2", "arriving": {"requests": "3", "unseen": "4"}}

    whole, without, older = found(), found(), found()
    untold(whole, found())
    untold(without, {"requests": "1", "arriving": {"requests": "3"}})
    untold(older, {"requests": "1"})
    untold(None, None)
    assert whole == found()
    assert without == {"requests": "1", "arriving": {"requests": "3"}}
    assert older == {"requests": "1"}


@pytest.mark.parametrize(("seen", "says"), [("4", "nothing says how many"), ("3", "up to 24 more")])
def test_a_record_says_what_bounds_the_time_that_no_sample_tells_of(seen: str, says: str) -> None:
    end = failed(6)
    end["exposure"] |= {
        "arriving": None,
        "counted": "2026-03-02T10:02:00Z/2026-03-02T10:06:00Z",
        "requests": "8",
        "unseen": seen,
    }
    end["policy"]["effective"]["judge"] = {"type": "sequential"}
    end["policy"]["effective"]["checks"][0]["builtin"] = "request-success-rate"
    assert says in "\n".join(story(decision(1, "start"), end).unknown())
