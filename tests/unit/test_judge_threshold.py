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
