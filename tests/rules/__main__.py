"""`PYTHONPATH=tests python -m rules`: print the tables of docs/explanation/judging.md."""

import argparse
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from rules.playing import RULES, Summary, summary
from rules.traffic import FAULTY, HEALTHY, Scenario

RATES = (1.0, 10.0, 100.0, 1000.0)
EVERY = {one.name: one for one in (*HEALTHY, *FAULTY)}
Cell = tuple[str, str, float]


def main() -> None:
    parser = argparse.ArgumentParser(description="Simulate rules on the same services.")
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=20240601)
    parser.add_argument("--rules", nargs="*", default=list(RULES))
    parser.add_argument("--rps", nargs="*", type=float, default=list(RATES))
    parser.add_argument("--only", default="", help="healthy, faulty, or a part of a name")
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    chosen = [
        n for n in EVERY if given.only in f"{'healthy' if EVERY[n].healthy else 'faulty'} {n}"
    ]
    cells = [(rule, name, rps) for rule in given.rules for name in chosen for rps in given.rps]
    with ProcessPoolExecutor(given.jobs) as pool:
        run = partial(_cell, runs=given.runs, seed=given.seed)
        found = dict(zip(cells, pool.map(run, cells, chunksize=4), strict=True))
    print(f"runs per cell: {given.runs}, seed: {given.seed}\n")
    _false(found, given.rules, given.rps, chosen)
    for rps in given.rps:
        _faults(found, given.rules, rps, chosen)
    if HEALTHY[0].name in chosen:
        _promotions(found, given.rules, given.rps)


def _cell(cell: Cell, *, runs: int, seed: int) -> Summary:
    rule, name, rps = cell
    return summary(rule, EVERY[name], rps, runs=runs, seed=seed)


def _row(cells: Iterable[str]) -> None:
    print(f"| {' | '.join(cells)} |")


def _head(first: str, rules: Sequence[str]) -> None:
    _row((first, *rules))
    _row("---" for _ in range(len(rules) + 1))


def _false(
    found: dict[Cell, Summary], rules: Sequence[str], rates: Sequence[float], chosen: Sequence[str]
) -> None:
    rps = "/".join(f"{rate:g}" for rate in rates)
    _head(f"healthy: rolled back, % at {rps} rps", rules)
    for one in (one for one in HEALTHY if one.name in chosen):
        _row((one.name, *("/".join(_percent(found[r, one.name, x]) for x in rates) for r in rules)))
    print()


def _percent(one: Summary) -> str:
    return f"{100 * one.back:.3g}"


def _faults(
    found: dict[Cell, Summary], rules: Sequence[str], rps: float, chosen: Sequence[str]
) -> None:
    _head(f"faulty at {rps:g} rps: found % . median s . blast", rules)
    for one in (one for one in FAULTY if one.name in chosen):
        _row((one.name, *(_told(found[rule, one.name, rps]) for rule in rules)))
    print()


def _told(one: Summary) -> str:
    seconds = "-" if one.back_s is None else f"{one.back_s:.0f}"
    return f"{100 * one.back:.0f} . {seconds} . {one.blast:.3g}"


def _promotions(found: dict[Cell, Summary], rules: Sequence[str], rates: Sequence[float]) -> None:
    steady: Scenario = HEALTHY[0]
    _head("steady: median s to the promotion", rules)
    for rps in rates:
        times = (found[rule, steady.name, rps].done_s for rule in rules)
        _row((f"{rps:g} rps", *("-" if t is None else f"{t:.0f}" for t in times)))


if __name__ == "__main__":
    main()
