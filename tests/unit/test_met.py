"""What met a canary while nobody counted, bounded from decisions on record."""

from decimal import Decimal
from typing import Any

from gitops_canary.core.met import most, stages


def decision(row: dict[str, Any] | None, at: str, since: str, to: str) -> dict[str, Any]:
    return {
        "decidedAt": f"2026-01-01T00:{at}Z",
        "weight": {"from": since, "to": to},
        "exposure": row,
        "live": None,
        "policy": {"effective": {"checks": [], "judge": {"type": "sequential"}}},
        "verdicts": [],
    }


def span(since: str, until: str) -> str:
    return f"2026-01-01T00:{since}Z/2026-01-01T00:{until}Z"


def row(weight: str, since: str, minutes: str, **changes: Any) -> dict[str, Any]:
    begin = f"2026-01-01T00:{since}Z"
    none = {"requests": None, "failedRequests": None, "counted": None, "arriving": None}
    return {"weight": weight, "from": begin, "minutes": minutes, **none, **changes}


def part(requests: str, counted: str) -> dict[str, str]:
    return {"requests": requests, "failedRequests": "0", "counted": counted}


def test_minutes_that_nobody_saw_are_bounded_by_those_that_were() -> None:
    """24 requests in the 12 s that were scraped of a minute: 2 a second, 96 more at the most."""
    first = row("10", "01:00", "1", **part("24", span("01:00", "02:00")), unseen="0.8")
    [stage] = stages([(1, decision(first, "02:00", "10", "100"))])
    assert (stage.missed, most([stage])) == (Decimal("0.80"), (Decimal("0.8"), Decimal(96)))


def test_what_was_counted_before_a_late_push_is_of_the_weight_before() -> None:
    """40 s of the 55 in which the second weight was on its way were before its commit."""
    first = row("10", "01:00", "0.5", **part("60", span("01:00", "01:30")))
    way = part("227", span("01:30", "02:25"))
    second = row("100", "02:10", "1", arriving=way)
    every = stages(
        [(1, decision(first, "01:30", "10", "100")), (2, decision(second, "03:10", "100", "0"))]
    )

    found = most(every)
    assert found is not None
    missed, requests = found
    assert [one.missed for one in every] == [Decimal("0.67"), Decimal("0.75")]
    assert missed == Decimal("1.4")
    assert requests == 981  # 12 a minute and percent: 0.67 minutes at 10 %, 0.75 at 100 %


def windowed(*ends: str, counted: str) -> Decimal:
    """Say for how many minutes nobody counted at a weight of 10 minutes, by windows of a minute."""
    one = decision(row("10", "00:00", "10", **part("60", counted)), "10:00", "10", "50")
    check = {"builtin": "request-success-rate", "intervalMs": 60_000}
    one["policy"] = {"effective": {"checks": [check]}}
    one["verdicts"] = [{"at": f"2026-01-01T00:{end}Z"} for end in ends]
    (found,) = stages([(1, one)])
    return found.missed


def test_windows_count_their_own_minutes_alone_and_none_twice() -> None:
    assert windowed("02:00", "03:00", "04:00", counted=span("01:00", "04:00")) == 7
    assert windowed("02:00", "04:00", counted=span("01:00", "04:00")) == 8, "a gap was not counted"
    assert windowed("03:00", "03:30", "04:00", counted=span("02:00", "04:00")) == 8, "they overlap"
    assert windowed("01:00", "02:00", counted=span("01:00", "02:00")) == 9, "one is of before"
    assert windowed("01:30", counted=span("01:00", "01:30")) == Decimal("9.5")
