"""Racing replicas part, each in its own way, and never for long."""

from gitops_canary.app.backoff import FIRST_S, MOST_S, span_s


def test_nobody_waits_after_one_lost_race() -> None:
    assert [span_s("a", lost) for lost in (0, 1)] == [0.0, 0.0]


def test_waits_grow_to_a_bound_and_are_a_replicas_own() -> None:
    for lost in (2, 3, 4, 5, 9, 50, 5000):
        spans = {span_s(f"replica-{number}", lost) for number in range(20)}
        assert len(spans) == 20
        assert all(0 <= span <= min(FIRST_S * 2 ** min(lost - 1, 99), MOST_S) for span in spans)
        assert span_s("replica-3", lost) == span_s("replica-3", lost)
    assert max(span_s(f"replica-{number}", 9) for number in range(20)) > MOST_S / 2
