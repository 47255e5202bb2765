"""Families of worlds: the same people and faults, around canaries that are set up otherwise.

The one without a name is the usual one, whose canaries are judged by limits.
"""

from collections.abc import Callable, Mapping
from typing import Any

from .pieces import mark

LOOSE = 70
"""The share of good requests that is asked for at first, in percent."""
Draw = Callable[[int], Mapping[str, Any]]
"""Gives what all canaries of a seed have that would be drawn otherwise; see `Shape`."""
STEPS = ((100,), (50, 100), (10, 100), (20,), (10, 50))
"""In three of five worlds of `sequential` nobody is left to compare with in the end."""
HALF = 0.5
USUAL = (0.0, 0.002, 0.004)
"""Shares of the requests that fail whatever runs: below the limit of 1 %."""


def usual(_seed: int) -> Mapping[str, Any]:
    """Leave everything as it is drawn."""
    return {}


def sequential(seed: int) -> Mapping[str, Any]:
    """Judge by evidence on counts, the default, at a pace of minutes instead of ten."""
    fast = ", fastAdvance: true" if mark(seed, "fast") < 0.3 else ""
    warmup = 30 if mark(seed, "warmup") < 0.5 else 60
    return {
        "judge": f"{{type: sequential, dwell: 40s, minSoak: 60s, maxHold: 120s, "
        f"warmup: {warmup}s{fast}}}",
        "steps": STEPS[int(mark(seed, "steps") * len(STEPS))],
        "usual": USUAL[int(mark(seed, "usual") * len(USUAL))],
        "interval_s": 30,
        "deadline_s": 300,
    }


def tightened(_seed: int) -> Mapping[str, Any]:
    """Judge by a limit that lets much pass at first, and that people change again and again."""
    return {"least": LOOSE, "watch_s": 0, "query": False}


def mixed(seed: int) -> Mapping[str, Any]:
    """Judge by evidence on counts in half of the worlds: what a rule says is about that most."""
    return sequential(seed) if mark(seed, "weighed") < HALF else {}


FAMILIES: Mapping[str, Draw] = {
    "": usual,
    "sequential": sequential,
    "tightened": tightened,
    "rotated": usual,
    "mixed": mixed,
}
