"""A decision holds what its judge computed, and `verify` computes it again: so it stays the same.

Where a change is meant, run this with JUDGED=rewrite, read the differences below tests/data/judged,
and say in CHANGELOG.md that older decisions of that judge are judged anew.
"""

import os
import pathlib
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from random import Random

import pytest
from test_pod_faults import CLEAN, CONFIG, DEAD, POORLY, SICK, WELL, seen

from gitops_canary.core.judges import (
    Config,
    conditions,
    expression,
    judged,
    mannwhitney,
    ranks,
    sequential,
    threshold,
)
from gitops_canary.core.judges.classify import Rule
from gitops_canary.model.judging import Block, Counts, Reading
from gitops_canary.model.observation import Verdict
from gitops_canary.model.spec import Limits

WRITTEN = pathlib.Path(__file__).parents[1] / "data" / "judged"
BEGIN_MS, SPAN_MS = 1_770_000_000_000, 15_000
ERRORS = sequential.Metric(name="errors", budget=0.01)
SLOW = sequential.Metric(
    name="slow", budget=0.05, warmup_ms=30_000, eta=0.4, history=0.03, what="took over 500 ms"
)


def blocks(seed: int, count: int, worse: float, *, last: bool = False) -> Iterator[Block]:
    """Blocks of some hundred requests, a tenth of them on the canary, `worse` times as bad."""
    rng = Random(seed)  # noqa: S311 - for a sample, not for secrets
    for i in range(count):
        readings = []
        for name, share in (("errors", 0.004), ("slow", 0.02)):
            canary, primary = rng.randrange(20, 60), rng.randrange(300, 420)
            bad = [
                sum(rng.random() < min(part, 1) for _ in range(n))
                for n, part in ((canary, share * worse), (primary, share))
            ]
            counts = Counts(canary=canary, canary_bad=bad[0], primary=primary, primary_bad=bad[1])
            readings.append(Reading(metric=name, counts=counts))
        start = BEGIN_MS + i * SPAN_MS
        yield Block(
            start_ms=start,
            end_ms=start + SPAN_MS,
            weight=Decimal(10),
            last=last,
            readings=tuple(readings),
            since_ms=BEGIN_MS - 5_000,
        )


def whole(seed: int, count: int, worse: float, begin: int) -> Iterator[Block]:
    """The same once the canary has all traffic, nine times as much."""
    for one in blocks(seed, count, worse):
        readings = [
            replace(read, counts=Counts(canary=9 * c.canary, canary_bad=9 * c.canary_bad))
            for read in one.readings
            if (c := read.counts)
        ]
        start = one.start_ms + begin * SPAN_MS
        at_100 = replace(one, weight=Decimal(100), readings=tuple(readings))
        yield replace(at_100, start_ms=start, end_ms=start + SPAN_MS)


def ranked(*rules: Rule) -> mannwhitney.Config:
    names = ("errors", "slow")
    return mannwhitney.Config(
        metrics=tuple(
            mannwhitney.Metric(name=name, rule=rule)
            for name, rule in zip(names, rules, strict=True)
        )
    )


EVIDENCE = sequential.Config(metrics=(ERRORS, SLOW), min_soak_ms=120_000, max_hold_ms=240_000)
GUESSED = replace(EVIDENCE, metrics=tuple(replace(one, known=False) for one in EVIDENCE.metrics))
ARGO = conditions.Config(
    metrics=(
        conditions.Metric(
            name="errors", success=expression.read("result[0] >= 0.97"), interval_ms=SPAN_MS,
            failure_limit=2, count=6,
        ),
        conditions.Metric(
            name="slow", failure=expression.read("result[0] < 0.9"), interval_ms=2 * SPAN_MS,
            count=0, initial_delay_ms=20_000,
        ),
    )
)  # fmt: skip
WHOLE = [*blocks(11, 6, 1), *whole(12, 8, 5, begin=6)]
CASES: dict[str, tuple[Config, list[Block]]] = {
    "sequential-healthy": (EVIDENCE, list(blocks(1, 20, 0.5, last=True))),
    "sequential-worse": (EVIDENCE, list(blocks(2, 12, 6))),
    "sequential-late": (EVIDENCE, [*blocks(3, 30, 1), *blocks(4, 6, 15)]),
    "sequential-whole": (EVIDENCE, WHOLE),
    "sequential-whole-before": (replace(EVIDENCE, rule=47), WHOLE),
    "sequential-whole-guessed": (GUESSED, WHOLE),
    "sequential-guessed": (GUESSED, list(blocks(5, 12, 8))),
    "sequential-alone": (replace(EVIDENCE, alone=True, mismatch=None), list(blocks(6, 16, 4))),
    "ranks-either": (ranked(Rule(critical=True), Rule()), list(blocks(7, 14, 3))),
    "ranks-cleaned": (
        ranked(
            Rule(direction="increase", remove_outliers=True, outlier_factor=1.5, partial=0),
            Rule(effect="cles", allowed=(0.3, 0.7), critical=True, critical_at=(0.2, 0.8)),
        ),
        list(blocks(8, 14, 2)),
    ),
    "conditions": (ARGO, list(blocks(9, 10, 4))),
    "pods-left-out": (CONFIG, [seen(i, POORLY, DEAD) for i in range(5)]),
    "pods-left-out-guessed": (
        replace(CONFIG, metrics=tuple(replace(one, known=False) for one in CONFIG.metrics)),
        [seen(i, POORLY, DEAD) for i in range(6)],
    ),
    "pods-at-whole": (
        CONFIG,
        [
            *[seen(i, SICK if i < 2 else CLEAN, WELL) for i in range(3)],
            *[seen(i, [(38, 38), *[(38, 0)] * 19], [(0, 0)], weight="100") for i in range(3, 10)],
        ],
    ),
    "pods-waited-for": (CONFIG, [seen(i, SICK if i < 4 else CLEAN, WELL) for i in range(9)]),
}


def told(verdict: Verdict) -> Iterator[str]:
    ends = (" final" if verdict.final else "") + ("" if verdict.heard else " unheard")
    yield f"{verdict.outcome.value}{ends}: {verdict.reason}"
    for one in verdict.measurements:
        numbers = " ".join(f"{key}={value}" for key, value in one.numbers.items())
        yield f"  {one.check} {one.outcome.value} {one.value} of {one.baseline}, {one.samples}"
        yield f"    {one.why}"
        yield f"    {numbers}"


def shifts() -> Iterator[str]:
    """Shifts between samples of many sizes, with and without ties, and far apart."""
    rng = Random(10)  # noqa: S311 - for a sample, not for secrets
    for size in range(2, 14):
        scale = rng.choice((1, 5, 1000))
        x, y = ([rng.randrange(9) * scale / 4 for _ in range(n)] for n in (size, 15 - size))
        far = [value + 3 * scale for value in x]
        for one in (x, far):
            low, high, middle = ranks.shift_interval(one, y, 0.98 if size % 2 else 0.9)
            yield f"{low:.9g} {high:.9g} {middle:.9g} z {ranks.rank_z(one, y):.9g}"
    # What the root finder does where a line or a parabola leads astray (Brent 1973, 4.4).
    for power, low, high in ((9, -1, 4), (3, -5, 0.1), (19, -1, 10)):
        root = ranks.root(lambda x, n=power: x**n, low, high, low**power, high**power)  # type: ignore[misc]  # n
        yield f"{root:.9g} of x^{power}"


@pytest.mark.parametrize("name", [*CASES, "shifts"])
def test_what_was_judged_once_is_judged_the_same_again(name: str) -> None:
    if name == "shifts":
        lines = list(shifts())
    else:
        config, given = CASES[name]
        lines = [line for one in judged(config, given) for line in told(one)]
    file, text = WRITTEN / f"{name}.txt", "\n".join(lines) + "\n"
    if os.environ.get("JUDGED") == "rewrite":
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    assert text == file.read_text(), __doc__


@pytest.mark.parametrize("name", ["conditions", "ranks-either", "sequential-worse", "threshold"])
def test_what_is_judged_after_an_instant_is_what_would_have_been_judged_then(name: str) -> None:
    limits = {one: Limits(minimum=Decimal(99)) for one in ("errors", "slow")}
    failing = threshold.Config(limits=limits, threshold=4), list(blocks(9, 10, 9))
    config, given = CASES.get(name, failing)
    every = list(judged(config, given))

    assert list(judged(config, given, given[3].end_ms)) == every[4:]
    assert list(judged(config, given, given[-1].end_ms)) == []
