import math
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from checks import check, spec
from vectors import vectors

from gitops_canary.core import configs
from gitops_canary.core.judges import mannwhitney, ranks
from gitops_canary.core.judges.classify import Class, Found, Rule, classify
from gitops_canary.model.judging import Block, Counts, Reading, Trouble
from gitops_canary.model.observation import Verdict
from gitops_canary.model.rollout import Outcome

Case = dict[str, Any]


def numbers(values: list[Any]) -> list[float]:
    return [math.nan if value == "NaN" else float(value) for value in values]


def near(found: float, expected: Any, tolerance: float) -> None:
    if expected == "NaN":
        assert math.isnan(found)
    else:
        assert found == pytest.approx(float(expected), abs=tolerance)


def rule_of(config: Case) -> Rule:
    return Rule(
        direction=config["direction"],
        tolerance=config["tolerance"],
        confidence=config["confLevel"],
        effect=config["effectSizeMeasure"],
        allowed=tuple(config["effectSizeThresholds"]),
        critical=config["critical"],
        critical_at=tuple(config["criticalThresholds"]),
        must_have_data=config["mustHaveData"],
        replace_nan=config["nanStrategy"] == "replace",
    )


def check_classify(given: Case, expected: Case) -> None:
    control, experiment = numbers(given["control"]), numbers(given["experiment"])
    found = classify(rule_of(given["config"]), control, experiment)
    if "classification" in expected:
        assert found.kind.value == expected["classification"]
    if "critical" in expected:
        assert found.critical == expected["critical"]
    if "deviation" in expected:
        near(found.ratio, expected["deviation"], 1e-9)
    assert found.why


def check_interval(given: Case, expected: Case) -> None:
    low, high, estimate = ranks.shift_interval(
        given["experiment"], given["control"], given["confLevel"]
    )
    near(low, expected["ci_low"], expected["abs_tol_ci"])
    near(high, expected["ci_high"], expected["abs_tol_ci"])
    near(estimate, expected["estimate"], expected["abs_tol_estimate"])


def check_steps(given: Case, expected: Case) -> None:
    x, y = given["x"], given["y"]
    z = ranks.quantile(1 - (1 - given["confLevel"]) / 2)
    low, high = min(x) - max(y), max(x) - min(y)
    near(low, expected["mu_min"], 1e-9)
    near(high, expected["mu_max"], 1e-9)
    for shift, names in ((z, ("f_lower_zhi", "f_upper_zhi")), (-z, ("f_lower_zlo", "f_upper_zlo"))):
        for mu, name in zip((low, high), names, strict=True):
            near(ranks.rank_z(x, y, mu, shift=shift), expected[name], expected["abs_tol"])
    found = ranks.shift_interval(x, y, given["confLevel"])
    for value, name in zip(found, ("ci_low", "ci_high", "estimate"), strict=True):
        near(value, expected[name], expected["abs_tol"])


def check_score(given: Case, expected: Case) -> None:
    found = [
        (Found(Class(one["classification"]), "", one["critical"]), one["groups"])
        for one in given["results"]
    ]
    assert mannwhitney.score(found, given["groupWeights"]) == expected["summaryScore"]


def check_outliers(given: Case, expected: Case) -> None:
    how = given["detector"]
    mask = ranks.iqr_outliers(given["data"], how["factor"], reduce=how["reduceSensitivity"])
    assert mask == expected["mask"]


def check_nan(given: Case, expected: Case, *, replaced: bool) -> None:
    values = numbers(given["data"])
    rule = Rule(replace_nan=replaced)
    # Against a constant primary of as many points; what is left of the canary is what is counted.
    kept = (
        [0.0 if math.isnan(v) else v for v in values]
        if replaced
        else [v for v in values if not math.isnan(v)]
    )
    assert kept == expected["data"]
    kind = classify(rule, [1.0], values).kind
    assert (kind is Class.NO_DATA) == (not kept)


CHECKS: dict[str, Callable[[Case, Case], None]] = {
    "mann_whitney_classify": check_classify,
    "mann_whitney_ci": check_interval,
    "mann_whitney_intermediate": check_steps,
    "score": check_score,
    "outliers": check_outliers,
    "remove_nan": lambda g, e: check_nan(g, e, replaced=False),
    "replace_nan": lambda g, e: check_nan(g, e, replaced=True),
    "percentile_r7": lambda g, e: near(
        ranks.percentile(g["data"], g["p"]), e["value"], e["abs_tol"]
    ),
    "mean_ratio": lambda g, e: near(
        ranks.mean_ratio(g["control"], g["experiment"]), e["value"], e["abs_tol"]
    ),
    "cles": lambda g, e: near(
        ranks.superiority(g["control"], g["experiment"]), e["value"], e["abs_tol"]
    ),
    "wilcoxon_diff": lambda g, e: near(
        ranks.rank_z(g["x"], g["y"], g["mu"], shift=g["quantile"]), e["value"], e["abs_tol"]
    ),
}
OTHER = {"mean_inequality", "ksigma"}
"""A classifier and a detector that the judge does not use."""


def test_all_cases_of_kayenta_hold() -> None:
    wrong, count = [], 0
    for case in vectors("kayenta.json")["vectors"]:
        if {case["kind"], case["input"].get("detector", {}).get("type")} & OTHER:
            continue
        count += 1
        try:
            CHECKS[case["kind"]](case["input"], case["expected"])
        except AssertionError as error:
            wrong.append(f"{case['id']} {case['test']}: {error}")
    assert not wrong, "\n".join(wrong)
    print(f"{count} cases hold")


SEVEN_OF_TEN = ([1.0] * 10, [100.0] * 7 + [1.0] * 3)


def test_a_fault_of_most_points_is_bad_where_kayenta_lets_it_pass() -> None:
    control, experiment = SEVEN_OF_TEN
    rule = Rule(allowed=(1.0, 1.05), critical=True, critical_at=(1.0, 1.1))
    found = classify(rule, control, experiment)
    assert (found.kind, found.critical) == (Class.HIGH, True)
    assert classify(replace(rule, partial=0.0), control, experiment).kind is Class.PASS
    assert classify(rule, control, [1.0, 1.1] * 5).kind is Class.PASS


def run(config: mannwhitney.Config, readings: list[Reading]) -> list[Verdict]:
    state, verdicts = mannwhitney.begin(config), []
    for index, reading in enumerate(readings):
        block = Block(
            start_ms=index * 15_000,
            end_ms=(index + 1) * 15_000,
            weight=Decimal(10),
            readings=(reading,),
        )
        state, verdict = mannwhitney.step(config, state, block)
        verdicts.append(verdict)
    return verdicts


CONFIG = mannwhitney.Config(metrics=(mannwhitney.Metric(name="errors", rule=Rule(critical=True)),))


def counted(canary_bad: int, primary_bad: int = 1) -> Reading:
    counts = Counts(canary=100, canary_bad=canary_bad, primary=1000, primary_bad=primary_bad)
    return Reading(metric="errors", counts=counts)


def test_judge_condemns_a_worse_canary_and_passes_an_equal_one() -> None:
    bad = run(CONFIG, [counted(20 + i % 3, 9 + i % 4) for i in range(8)])
    assert [v.outcome for v in bad[:4]] == [Outcome.INCONCLUSIVE] * 4, "too few points hold"
    assert (bad[-1].outcome, bad[-1].final) == (Outcome.FAIL, True)
    good = run(CONFIG, [counted(1 + i % 2, 10 + 10 * (i % 2)) for i in range(8)])
    assert good[-1].outcome is Outcome.PASS
    assert good == run(CONFIG, [counted(1 + i % 2, 10 + 10 * (i % 2)) for i in range(8)])


def test_error_and_silence_hold() -> None:
    silent = Reading(metric="errors", trouble=Trouble.NO_DATA, why="no series")
    assert {v.outcome for v in run(CONFIG, [silent] * 9)} == {Outcome.INCONCLUSIVE}
    odd = Reading(metric="errors", canary=("NaN", "x"), primary=("1", "2"))
    verdicts = run(CONFIG, [odd] * 9)
    assert {v.outcome for v in verdicts} == {Outcome.INCONCLUSIVE}
    assert not verdicts[-1].heard


def test_points_of_both_sides_are_compared() -> None:
    reading = Reading(
        metric="errors", canary=("200", "210", "190"), primary=("100", "105", "95", "98")
    )
    verdicts = run(CONFIG, [reading] * 3)
    assert verdicts[-1].outcome is Outcome.FAIL
    assert verdicts[-1].measurements[0].numbers["class"] == "High"


def test_a_shift_that_may_be_none_is_no_shift() -> None:
    """Of 99.99 % the interval ends where the two sides meet, and a band of 0 is not left."""
    low, high = [1.0, 2.0, 3.0, 4.0, 5.0], [5.0, 6.0, 7.0, 8.0, 9.0]
    wide = Rule(tolerance=0, confidence=0.9999, partial=0)
    assert ranks.shift_interval(low, high, 0.9999)[1] == 0
    assert ranks.shift_interval(high, low, 0.9999)[0] == 0
    assert classify(wide, high, low).kind is classify(wide, low, high).kind is Class.PASS
    sure = replace(wide, confidence=0.95)
    assert classify(sure, high, low).kind is Class.LOW
    assert classify(sure, low, high).kind is Class.HIGH


@pytest.mark.parametrize(
    ("points", "bad", "kind"),
    [(10, 7, Class.HIGH), (10, 5, Class.HIGH), (10, 4, Class.PASS), (6, 5, Class.HIGH),
     (6, 4, Class.PASS)],
)  # fmt: skip
def test_what_the_primary_has_none_of_is_seen_in_a_part_of_the_points(
    points: int, bad: int, kind: Class
) -> None:
    none, some = [0.0] * points, [100.0 + at for at in range(bad)] + [0.0] * (points - bad)
    found = classify(Rule(), none, some)
    assert found.kind is kind
    assert ("not 0, and all of the primary's are (rank test z" in found.why) is (kind is Class.HIGH)
    fewer = classify(Rule(), some, none)
    assert fewer.kind is (Class.LOW if kind is Class.HIGH else kind)
    assert ("not 0, and all of the canary's are" in fewer.why) is (kind is Class.HIGH)
    for rule in (Rule(from_none=False), Rule(partial=0), Rule(direction="decrease")):
        assert classify(rule, none, some).kind is Class.PASS
    below = [-1.0, *none[1:]]
    assert classify(Rule(), below, some).kind is not Class.LOW


def test_before_decision_61_nothing_was_a_multiple_of_nothing() -> None:
    policy = spec(check()).policy
    rules = [configs.ranked(policy, rule).metrics[0].rule.from_none for rule in (60, 61)]
    assert rules == [False, True]
