"""One broken pod is not its side: evidence without it, on both sides of the comparison.

A pod of the primary that is broken by itself makes the primary look worse than what its version
does, and would shield a canary that is less bad. It is left out of every block that *follows* those
in which it was proven broken: chosen before a block is looked at, it leaves the evidence an
e-process against "the canary is at most `rho` times as bad as the other pods of the primary".

A pod of the canary that is broken by itself may be its node. The evidence without it is kept
beside the whole, and is never held for more than the whole: so it condemns nobody else. For a while
the pod is waited for, because the cluster takes out a pod that does not answer; see `held`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gitops_canary.core.judges.eprocess import UNSEEN, Mixture
from gitops_canary.core.judges.pods import Lone, Pods, added, broken, ill, lone, tail
from gitops_canary.model.judging import Counts, Reading

RECENT_MS = 60_000
"""How long before a block a pod of the primary has to have been broken to be left out of it."""
_CHANCE = 0.05
_PODS_MAX = 8
"""How many of the canary's pods are followed: a second one that fails is no longer alone."""
_NOBODY = (0, 0)
_BURN = 10
"""How many times its budget the whole service may fail for while a pod is waited for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strand:
    """The evidence on one metric with some pods left out; see `sequential_types.Weighed`."""

    worse: Mixture = UNSEEN
    floor: Mixture = UNSEEN
    steady: Mixture = UNSEEN
    sole: Mixture = UNSEEN
    spared: tuple[Mixture, ...] = (UNSEEN,) * 4
    total: Counts = field(default_factory=Counts)
    """What was counted since the pods were left out."""


Grow = Callable[[Strand, Counts], Strand]
"""Adds the counts of one block to a strand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """What single pods did, and the evidence without those that were broken by themselves."""

    primary: tuple[tuple[int, Pods, tuple[str, ...]], ...] = ()
    """(end, pods of the primary, which of them were ill) of its newest blocks."""
    left_out: Lone | None = None
    """The primary's pod that a block was judged without last, as it was before that block."""
    base: Strand | None = None
    """The evidence against the rest of the primary, from when a pod of it was first left out."""
    without: Mapping[str, Strand] = field(default_factory=dict)
    """The evidence without a pod of the canary, by its name, from when it first looked sick."""
    since: Mapping[str, tuple[int, Pods, Lone | None]] = field(default_factory=dict)
    """How long each of those looked sick, what every pod counted in those blocks, and who of them
    failed alone."""
    sick: str = ""
    """Which pod had the failures of the newest block, alone."""

    @property
    def rest(self) -> Strand | None:
        """Give the least evidence without some pod; None where none was broken."""
        strands = (*([self.base] if self.base else []), *self.without.values())
        return min(strands, key=lambda one: one.worse.log, default=None)


NONE = Faults()
_NEVER: tuple[int, Pods, Lone | None] = (0, {}, None)


def followed(
    faults: Faults, whole: Strand, reading: Reading, counts: Counts, span: tuple[int, int],
    *, budget: float, eta: float, grow: Grow, both: bool,
) -> Faults:  # fmt: skip
    """Take one block in; `whole` is the evidence before it, with all pods, `counts` the reading's.

    `both` leaves every pod of the canary that failed half of its requests in a block out of a
    comparison with the rest of the primary, one at a time: that it is broken too may not be proven
    yet.
    """
    if not (reading.pods or reading.primary_pods or faults.base):
        return faults
    start_ms, end_ms = span
    left_out = _broken(faults.primary, start_ms, budget, eta)
    primary = added({}, reading.primary_pods)
    if left_out:
        counts = _less(counts, primary=primary.get(left_out.name, _NOBODY))
    begun = faults.base or (replace(whole, total=Counts()) if left_out else None)
    base = begun and grow(begun, counts)
    pods = added({}, reading.pods)
    one = lone(pods, budget)
    sick = one.name if one else _still_sick(pods, faults.without)
    there = faults.without
    fresh = [sick] if sick and sick not in there and len(there) < _PODS_MAX else []
    if base and both:
        fresh += _failing(pods, [*there, *fresh])
    without = {**there, **dict.fromkeys(fresh, replace(begun or whole, total=Counts()))}
    since = {**faults.since, **dict.fromkeys(fresh, _NEVER)}
    for name, strand in without.items():
        without[name] = grow(strand, _less(counts, canary=pods.get(name, _NOBODY)))
        if name == sick:
            sick_ms, every, _ = since[name]
            every = added(every, reading.pods)
            since[name] = (sick_ms + end_ms - start_ms, every, lone(every, budget))
    recent = tuple([one for one in faults.primary if one[0] > end_ms - RECENT_MS])
    return Faults(
        primary=(*recent, (end_ms, primary, ill(primary))) if primary else recent,
        left_out=left_out or faults.left_out,
        base=base,
        without=without,
        since=since,
        sick=sick,
    )


def _broken(
    recent: Sequence[tuple[int, Pods, tuple[str, ...]]], start_ms: int, budget: float, eta: float
) -> Lone | None:
    """Find a pod that was broken in the newest blocks, of as few of them as prove it."""
    names = {name for _, _, every in recent for name in every}
    if not names:
        return None
    newest: list[Pods] = []
    sick: dict[str, tuple[int, int]] = {}
    for end_ms, pods, _ in reversed(recent):
        if end_ms <= start_ms - RECENT_MS:
            break
        newest.append(pods)
        _add(sick, pods, names)
        # Only who fails most of its requests in all of them can be broken.
        if ill(sick) and (found := broken(_together(newest), budget, eta)):
            return found
    return None


def _together(blocks: Iterable[Pods]) -> Pods:
    """Add up what pods counted in several blocks."""
    every: dict[str, tuple[int, int]] = {}
    for pods in blocks:
        _add(every, pods, pods)
    return every


def _add(every: dict[str, tuple[int, int]], pods: Pods, names: Iterable[str]) -> None:
    for name in names:
        requests, bad = every.get(name, _NOBODY)
        more, more_bad = pods.get(name, _NOBODY)
        every[name] = requests + more, bad + more_bad


def _failing(pods: Pods, followed_: Sequence[str]) -> list[str]:
    """Name pods that failed half of their requests and are not followed yet; one place is kept."""
    half = [(-bad, name) for name, (n, bad) in pods.items() if bad and 2 * bad >= n]
    found = sorted(one for one in half if one[1] not in followed_)
    return [name for _, name in found[: max(_PODS_MAX - 1 - len(followed_), 0)]]


def _still_sick(pods: Pods, followed_: Mapping[str, Strand]) -> str:
    """Name a pod that failed alone before, and does so again by too few requests to prove it."""
    most, worst = max(
        [(pods[name][1], name) for name in followed_ if name in pods], default=(0, "")
    )
    if not most or 2 * most < pods[worst][0]:
        return ""
    return worst if all((bad, name) <= (most, worst) for name, (_, bad) in pods.items()) else ""


def _less(
    counts: Counts, *, canary: tuple[int, int] = _NOBODY, primary: tuple[int, int] = _NOBODY
) -> Counts:
    """Take a pod's counts off. Callers may have seen fewer of its requests than it did itself."""
    mine, mine_bad = left(counts.canary, counts.canary_bad, canary)
    other, other_bad = left(counts.primary, counts.primary_bad, primary)
    return Counts(canary=mine, canary_bad=mine_bad, primary=other, primary_bad=other_bad)


def left(requests: int, bad: int, gone: tuple[int, int]) -> tuple[int, int]:
    """Take some requests and bad ones off: who counted those may have seen a few more."""
    if gone is _NOBODY:
        return requests, bad
    left = max(requests - gone[0], 0)
    return left, min(max(bad - gone[1], 0), left)


def alone(faults: Faults) -> tuple[Lone, int] | None:
    """Find the canary's pod without which there is least evidence, and how long it was sick (ms).

    None where none looked sick, or where what it failed may have fallen on it by chance.
    """
    if not faults.without:
        return None
    every = faults.without
    name = min(every, key=lambda one: every[one].worse.log + every[one].sole.log)
    sick_ms, _, found = faults.since[name]
    return (found, sick_ms) if found and found.name == name else None


def burning(counts: Counts, budget: float, *, both: bool) -> bool:
    """Whether too much of the whole service fails to wait for one pod, and not by chance.

    `both` holds what the primary fails against the canary too, as records before decision 48 do.
    """
    requests = counts.canary + counts.primary
    bad = counts.canary_bad + (counts.primary_bad if both else 0)
    return bool(bad) and tail(bad, requests, _BURN * budget) <= _CHANCE
