"""`PYTHONPATH=tests python -m rules`: print the tables of docs/explanation/judging.md."""

import argparse
import json
import math
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from functools import partial
from pathlib import Path

from rules.playing import RULES, Summary, interval, summary
from rules.traffic import FAULTY, HEALTHY, Scenario
from rules.unseen import UNSEEN
from rules.whole import WHOLE

RATES = (1.0, 10.0, 100.0, 1000.0)
EVERY = {one.name: one for one in (*HEALTHY, *FAULTY, *UNSEEN, *WHOLE)}
Cell = tuple[str, str, float]


def main() -> None:
    parser = argparse.ArgumentParser(description="Simulate rules on the same services.")
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=20240601)
    parser.add_argument("--rules", nargs="*", default=list(RULES))
    parser.add_argument("--rps", nargs="*", type=float, default=list(RATES))
    parser.add_argument("--only", default="", help="healthy, faulty, unseen, whole, or a part")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--kept", type=Path, help="file of cells, to go on from")
    parser.add_argument("--seconds", type=float, default=math.inf, help="begin no cell after this")
    given = parser.parse_args()
    chosen = [name for name in EVERY if given.only in _kind(name)]
    cells = [(rule, name, rps) for name in chosen for rps in given.rps for rule in given.rules]
    found, spent_s = _played(cells, given)
    print(f"runs per cell: {given.runs}, seed: {given.seed}")
    played = sum(one.runs for one in found.values())
    print(f"{len(found)} of {len(cells)} cells, {1000 * spent_s / max(played, 1):.1f} ms a run\n")
    if len(found) == len(cells):
        _tables(found, given.rules, given.rps, chosen)


def _kind(name: str) -> str:
    """Say what a scenario is chosen by."""
    kind = "healthy" if EVERY[name].healthy else "faulty"
    if EVERY[name] in WHOLE:
        return f"whole {kind} {name}"
    return f"unseen {kind} {name}" if EVERY[name] in UNSEEN else f"{kind} {name}"


def _played(cells: Sequence[Cell], given: argparse.Namespace) -> tuple[dict[Cell, Summary], float]:
    """Play what is not kept yet; also tell the seconds of one core that everything took."""
    kept: Path | None = given.kept
    key = [given.runs, given.seed]
    found: dict[Cell, Summary] = {}
    spent_s, begun_s = 0.0, time.monotonic()
    for line in kept.read_text().splitlines() if kept and kept.exists() else ():
        row = json.loads(line)
        if row["key"] == key:
            rule, name, rps = row["cell"]
            found[rule, name, rps] = Summary(**row["summary"])
            spent_s += row["seconds"]
    rest = [cell for cell in cells if cell not in found]
    run = partial(_cell, runs=given.runs, seed=given.seed)
    with ProcessPoolExecutor(given.jobs) as pool:
        for start in range(0, len(rest), given.jobs):
            if time.monotonic() - begun_s > given.seconds:
                break
            part = rest[start : start + given.jobs]
            for cell, (one, seconds) in zip(part, pool.map(run, part), strict=True):
                found[cell] = one
                spent_s += seconds
                if kept:
                    row = {"key": key, "cell": cell, "summary": asdict(one), "seconds": seconds}
                    with kept.open("a") as file:
                        file.write(f"{json.dumps(row)}\n")
    return {cell: found[cell] for cell in cells if cell in found}, spent_s


def _cell(cell: Cell, *, runs: int, seed: int) -> tuple[Summary, float]:
    rule, name, rps = cell
    begun_s = time.process_time()
    return summary(rule, EVERY[name], rps, runs=runs, seed=seed), time.process_time() - begun_s


def _tables(
    found: dict[Cell, Summary], rules: Sequence[str], rates: Sequence[float], chosen: Sequence[str]
) -> None:
    _false(found, rules, rates, chosen)
    for rps in rates:
        _faults(found, rules, rps, chosen)
    if HEALTHY[0].name in chosen:
        _promotions(found, rules, rates)


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
    for one in (one for one in map(EVERY.__getitem__, chosen) if one.healthy):
        _row((one.name, *("/".join(_percent(found[r, one.name, x]) for x in rates) for r in rules)))
    print()


def _percent(one: Summary) -> str:
    _, high = interval(one.backs, one.runs)
    return f"{100 * one.back:.3g} (< {100 * high:.2g})" if one.backs else "0"


def _faults(
    found: dict[Cell, Summary], rules: Sequence[str], rps: float, chosen: Sequence[str]
) -> None:
    _head(f"faulty at {rps:g} rps: found % . median s . blast", rules)
    for one in (one for one in map(EVERY.__getitem__, chosen) if not one.healthy):
        _row((one.name, *(_told(found[rule, one.name, rps]) for rule in rules)))
    print()


def _told(one: Summary) -> str:
    seconds = "-" if one.back_s is None else f"{one.back_s:.0f}"
    given = f" (and {100 * one.given / one.runs:.0f} given back)" if one.given else ""
    return f"{100 * one.back:.0f}{given} . {seconds} . {one.blast:.3g} ± {one.spread:.2g}"


def _promotions(found: dict[Cell, Summary], rules: Sequence[str], rates: Sequence[float]) -> None:
    steady: Scenario = HEALTHY[0]
    _head("steady: median s to the promotion", rules)
    for rps in rates:
        times = (found[rule, steady.name, rps].done_s for rule in rules)
        _row((f"{rps:g} rps", *("-" if t is None else f"{t:.0f}" for t in times)))


if __name__ == "__main__":
    main()
