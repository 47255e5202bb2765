"""How many checks the judges judge in a second on one core; `python benchmarks/judge.py`."""

import itertools
import sys
import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from gitops_canary.core.judges import (
    Config,
    conditions,
    expression,
    judged,
    mannwhitney,
    sequential,
    threshold,
)
from gitops_canary.core.judges.classify import Rule
from gitops_canary.model.judging import Block, Counts, Pod, Reading
from gitops_canary.model.spec import Limits

NAMES = ("success", "latency")
GOAL = 10_000
CONFIGS: dict[str, Config] = {
    "sequential": sequential.Config(
        metrics=tuple(sequential.Metric(name=name, budget=0.01, eta=0.5) for name in NAMES)
    ),
    "sequential, bursts not known": sequential.Config(
        metrics=tuple(sequential.Metric(name=name, budget=0.01, known=False) for name in NAMES)
    ),
    "conditions": conditions.Config(
        metrics=tuple(
            conditions.Metric(
                name=name, success=expression.read("result[0] >= 0.9"), interval_ms=15_000
            )
            for name in NAMES
        )
    ),
    "threshold": threshold.Config(
        limits={name: Limits(minimum=Decimal(99)) for name in NAMES}, threshold=5
    ),
    "mannwhitney": mannwhitney.Config(
        metrics=tuple(
            mannwhitney.Metric(name=name, rule=Rule(direction="increase")) for name in NAMES
        )
    ),
}


def blocks(count: int) -> Iterator[Block]:
    """Give blocks of a healthy canary; no two alike, so that no cache helps."""
    for i in range(count):
        counts = Counts(
            canary=150 + i % 37, canary_bad=i % 3 == 0, primary=1350 + i % 91, primary_bad=i % 4
        )
        yield Block(
            start_ms=i * 15_000,
            end_ms=(i + 1) * 15_000,
            weight=Decimal(10),
            readings=tuple(Reading(metric=name, counts=counts) for name in NAMES),
        )


def by_pods(count: int, *, pods: int, broken: str = "") -> Iterator[Block]:
    """Give the same where pods count for themselves, one of those of a side broken at times."""
    for one in blocks(count):
        i = one.start_ms // 15_000
        parts = {
            "canary": [
                Pod(name=f"c{j}", requests=150 // pods, bad=i % 3 == j) for j in range(pods)
            ],
            "primary": [
                Pod(name=f"p{j}", requests=1350 // pods, bad=i % 4 == j) for j in range(pods)
            ],
        }
        if broken and i % 9 == 0:
            first = parts[broken][0]
            parts[broken][0] = replace(first, bad=first.requests)
        sums = {
            side: (sum(p.requests for p in every), sum(p.bad for p in every))
            for side, every in parts.items()
        }
        (canary, canary_bad), (primary, primary_bad) = sums["canary"], sums["primary"]
        reading = Reading(
            metric="",
            counts=Counts(
                canary=canary, canary_bad=canary_bad, primary=primary, primary_bad=primary_bad
            ),
            pods=tuple(parts["canary"]),
            primary_pods=tuple(parts["primary"]),
        )
        yield replace(one, readings=tuple(replace(reading, metric=name) for name in NAMES))


def pods_rates() -> Iterator[float]:
    """Print how fast the default judge is where it sees pods, beside where it does not."""
    for pods, broken in itertools.product((4, 20), ("", "primary", "canary")):
        given = list(by_pods(2_000, pods=pods, broken=broken))
        config = CONFIGS["sequential"]
        begun = time.process_time()
        for _ in judged(config, given):
            pass
        rate = len(given) * len(NAMES) / (time.process_time() - begun)
        which = f", one of the {broken} broken at times" if broken else ""
        print(f"sequential, {pods} pods a side{which}: {rate:,.0f} checks/s")
        yield rate


def main() -> int:
    """Print the figures; 1 where the default judge misses the goal."""
    rates = {}
    for name, config in CONFIGS.items():
        count = 60 if name == "mannwhitney" else 4_000
        given = list(blocks(count))
        begun = time.process_time()
        for _ in judged(config, given):
            pass
        rates[name] = count * len(NAMES) / (time.process_time() - begun)
        print(f"{name}: {rates[name]:,.0f} checks/s on one core")
    given = list(blocks(4_000))
    begun = time.process_time()
    told = list(judged(CONFIGS["sequential"], given, after_ms=given[-2].end_ms))
    earlier = (len(given) - len(told)) * len(NAMES) / (time.process_time() - begun)
    print(f"sequential, at the weights before the present one: {earlier:,.0f} checks/s")
    by_pod = list(pods_rates())
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    state = sequential.begin(CONFIGS["sequential"])
    for block in given[:240]:
        state = sequential.take(CONFIGS["sequential"], state, block)
    kept, _ = tracemalloc.get_traced_memory()
    print(f"memory of the state after an hour (2 checks): {(kept - before) / 1024:.1f} KiB")
    before, _ = tracemalloc.get_traced_memory()
    verdicts = list(judged(CONFIGS["sequential"], blocks(240)))
    after, _ = tracemalloc.get_traced_memory()
    size = (after - before) // 1024
    print(f"memory of {len(verdicts)} verdicts (an hour at one weight, 2 checks): {size} KiB")
    return 0 if min(rates["sequential"], *by_pod) >= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
