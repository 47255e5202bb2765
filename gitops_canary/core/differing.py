"""Comparing a verdict that was judged again with the recorded one."""

from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]
_COMPARED = ("name", "verdict", "value", "baseline", "limit", "samples", "numbers")
"""What of a check is numbers; its words may be put better by a newer version."""


def differing(now: Json, then: Json, *, shadows: bool) -> Iterator[str]:
    """Compare two verdicts by their numbers; with `shadows` also what was said beside them."""
    checks = zip(now["checks"], then["checks"], strict=False)
    if len(now["checks"]) != len(then["checks"]):
        yield f"at {then['at']} there are {len(now['checks'])} checks, not {len(then['checks'])}"
    for new, old in checks:
        for key in _COMPARED:
            for what, one, other in _unlike(key, _signed(new[key]), _signed(old[key])):
                yield f"at {then['at']} the {what} of {old['name']} is {one}, not {other}"
    for key in ("outcome", "window", "final", "heard"):
        if now[key] != then[key]:
            yield f"at {then['at']} the {key} is {now[key]}, not {then[key]}"
    if shadows:
        yield from _beside(now, then)


def _beside(now: Json, then: Json) -> Iterator[str]:
    """Compare the shadows of two verdicts, each with its own of the same judge."""
    mine, other = ([one["judge"] for one in each["shadows"]] for each in (now, then))
    if mine != other:
        told = [", ".join(names) or "none" for names in (mine, other)]
        yield f"at {then['at']} the shadows that say something are {told[0]}, not {told[1]}"
        return
    for new, old in zip(now["shadows"], then["shadows"], strict=True):
        for text in differing(new, old, shadows=False):
            yield f"by the shadow {old['judge']} {text}"


def _unlike(key: str, new: object, old: object) -> Iterator[tuple[str, object, object]]:
    """Name what differs: of numbers those that do, by their names."""
    if not (isinstance(new, dict) and isinstance(old, dict)):
        if new != old:
            yield key, new, old
        return
    for name in sorted(new.keys() | old.keys()):
        if new.get(name) != old.get(name):
            yield name, new.get(name), old.get(name)


def _signed(value: object) -> object:
    """Take a zero for a zero: records before decision 23 may have one with a sign."""
    if not isinstance(value, dict):
        return value
    return {name: "0.000000" if one == "-0.000000" else one for name, one in value.items()}
