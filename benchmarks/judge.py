"""How many checks the judges judge in a second on one core; `python benchmarks/judge.py`."""

import sys
import time
import tracemalloc
from collections.abc import Iterator
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
from gitops_canary.model.judging import Block, Counts, Reading
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
    return 0 if rates["sequential"] >= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
