from decimal import Decimal

from gitops_canary.core.judges import threshold
from gitops_canary.core.judges.threshold import Config
from gitops_canary.model.judging import Block, Counts, Reading, Trouble
from gitops_canary.model.observation import Verdict
from gitops_canary.model.rollout import Outcome
from gitops_canary.model.spec import Limits

CONFIG = Config(limits={"rate": Limits(minimum=Decimal(99))}, threshold=3)


def run(readings: list[Reading]) -> list[Verdict]:
    state, verdicts = threshold.begin(CONFIG), []
    for index, reading in enumerate(readings):
        block = Block(start_ms=index, end_ms=index + 1, weight=Decimal(10), readings=(reading,))
        state, verdict = threshold.step(CONFIG, state, block)
        verdicts.append(verdict)
    return verdicts


def value(text: str) -> Reading:
    return Reading(metric="rate", value=text)


def test_failures_add_up_and_passes_do_not_forgive() -> None:
    found = run([value(v) for v in ("98", "100", "98.9", "99", "0")])
    assert [v.outcome.value for v in found] == ["fail", "pass", "fail", "pass", "fail"]
    assert [v.final for v in found] == [False, False, False, False, True]


def test_silence_is_no_failed_check() -> None:
    silent = Reading(metric="rate", trouble=Trouble.STALE, why="stale")
    found = run([silent, value("NaN"), value("+Inf"), Reading(metric="other")])
    assert {v.outcome for v in found} == {Outcome.INCONCLUSIVE}
    assert found[0].measurements[0].why == "stale"


def test_counts_become_a_percentage_that_is_never_rounded_up() -> None:
    counts = Counts(canary=30_000_000, canary_bad=300_001)
    found = run([Reading(metric="rate", counts=counts)])[0]
    assert (found.outcome, found.measurements[0].value) == (Outcome.FAIL, "98.9999")


def test_what_says_nothing_says_why() -> None:
    def why(reading: Reading, doubt: str = "") -> str:
        block = Block(start_ms=0, end_ms=1, weight=Decimal(10), readings=(reading,), doubt=doubt)
        (found,) = threshold.step(CONFIG, threshold.begin(CONFIG), block)[1].measurements
        assert (found.outcome, found.value) == (Outcome.INCONCLUSIVE, None)
        return found.why

    assert why(value("100"), "half of it is missing") == "half of it is missing"
    assert why(Reading(metric="rate", trouble=Trouble.STALE, why="stale")) == "stale"
    assert why(Reading(metric="rate", why="no pods")) == "no pods"
    assert why(Reading(metric="rate", counts=Counts(primary=9))) == "no data: there is no value"


def test_limits_are_told_in_words() -> None:
    both = Limits(minimum=Decimal("1.50"), maximum=Decimal(2))
    assert threshold.limit_words(both) == ">= 1.5 and <= 2"
    assert threshold.limit_words(Limits(minimum=Decimal(9))) == ">= 9"
    assert threshold.limit_words(Limits()) == "none"


def test_unless_said_otherwise_one_failed_look_condemns() -> None:
    config = Config(limits=CONFIG.limits)
    block = Block(start_ms=0, end_ms=1, weight=Decimal(10), readings=(value("98"),))
    found = threshold.step(config, threshold.begin(config), block)[1]
    assert (found.outcome, found.final) == (Outcome.FAIL, True)
