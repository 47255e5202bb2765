"""The stories the demo tells, and what must be true at their ends; pure."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from gitops_canary.lab.desired import read
from gitops_canary.lab.envoy import Live
from gitops_canary.lab.service import Behaviour
from gitops_canary.lab.snapshot import manifests

LADDER = (5, 10, 25, 50, 100)
QUARANTINE = ".gitops-canary/quarantine"
_CANARY, _PRIMARY = "checkout", "checkout-primary"
_ROUTE = "checkout-canary"
CLUSTER = f"prod_{_ROUTE}"
"""Envoy's name for where the canary's share goes."""


class Fault(Enum):
    """What is wrong with 1.2.0."""

    ERRORS = "errors"
    LATENCY = "latency"
    CRASH = "crash"


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One release and how it must end."""

    key: str
    title: str
    version: str
    good: bool
    kill_at: int | None = None
    """The weight in whose middle the controller is killed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What one revision of the config repository says."""

    candidate: str
    primary: str
    weight: int
    quarantined: frozenset[str]


_WRONG = {
    Fault.ERRORS: ("fails 4 % of its requests", Behaviour(fail_every=25)),
    Fault.LATENCY: ("takes 400 ms for an answer", Behaviour(latency_ms=400)),
    Fault.CRASH: ("dies 2.5 s after each start", Behaviour(crash_after_ms=2500)),
}


def registry(fault: Fault) -> Mapping[str, Behaviour]:
    """Say what each image tag does."""
    good = Behaviour()
    return {"1.0.0": good, "1.1.0": good, "1.2.0": _WRONG[fault][1], "1.3.0": good}


def catalogue(fault: Fault) -> Mapping[str, Story]:
    """List all stories, by key."""
    return {
        "A": Story(key="A", title="1.1.0 is a good version", version="1.1.0", good=True),
        "B": Story(key="B", title=f"1.2.0 {_WRONG[fault][0]}", version="1.2.0", good=False),
        "C": Story(
            key="C",
            title="1.3.0 is good, but the controller is killed",
            version="1.3.0",
            good=True,
            kill_at=25,
        ),
    }


def state(texts: Mapping[str, str]) -> State:
    """Read a revision's files.

    Raises:
        SpecError: they are no longer the demo's.
    """
    desired = read(manifests(texts))
    tags = {d.name: d.images["app"].rpartition(":")[2] for d in desired.deployments}
    entries = [json.loads(line) for line in texts.get(QUARANTINE, "").splitlines() if line]
    return State(
        candidate=tags[_CANARY],
        primary=tags[_PRIMARY],
        weight=next(r.shares[_ROUTE] for r in desired.routes),
        quarantined=frozenset(str(e["version"]).rpartition(":")[2] for e in entries),
    )


def cut(story: Story) -> int | None:
    """Say at which weight a story may end that has shown all it is about; None: at its end."""
    if story.kill_at is None:
        return None
    return LADDER[LADDER.index(story.kill_at) + 1]


def over(story: Story, before: State, now: State, live: Live, tip: str) -> bool:
    """Tell whether nothing more is to come: Git is settled and Envoy does what Git says."""
    final = story.version if story.good else before.candidate
    settled = now.candidate == now.primary == final and now.weight == 0
    return settled and live.revision == tip and live.weights.get(CLUSTER) == 0


def problems(
    story: Story, before: State, seen: Sequence[State], *, until: int | None = None
) -> tuple[str, ...]:
    """List what is not as told; `seen` are the states after each commit since `before`.

    `until` is the weight at which the story was left; None where it was told to its end.
    """
    if until is not None:
        return tuple(_left(before, seen, until))
    return tuple((_promoted if story.good else _rolled_back)(story, before, seen))


def _left(before: State, seen: Sequence[State], until: int) -> Iterator[str]:
    rises, expected = _rises(before, seen), LADDER[: LADDER.index(until) + 1]
    if rises != list(expected):
        yield f"the weights in Git were {_words(rises)}, not {_words(expected)}"
    if any(s.primary != before.primary for s in seen):
        yield "the primary was changed"


def _promoted(story: Story, before: State, seen: Sequence[State]) -> Iterator[str]:
    rises = _rises(before, seen)
    if rises != [*LADDER, 0]:
        yield f"the weights in Git were {_words(rises)}, not each step once and then 0"
    if (seen[-1].candidate, seen[-1].primary) != (story.version, story.version):
        yield f"{story.version} is not the version of both Deployments"
    for now, earlier in _steps(before, seen):
        if now.primary != earlier.primary and earlier.weight != LADDER[-1]:
            yield "the primary got the version before the last step"


def _rolled_back(story: Story, before: State, seen: Sequence[State]) -> Iterator[str]:
    rises = _rises(before, seen)
    up, down = rises[:-1], rises[-1:]
    if not up or up != list(LADDER[: len(up)]) or down != [0]:
        yield f"the weights in Git were {_words(rises)}, not some steps and then 0"
    if any(s.primary != before.primary for s in seen):
        yield "the primary was changed"
    if seen[-1].candidate != before.candidate:
        yield f"Git still asks for {seen[-1].candidate}"
    if story.version not in seen[-1].quarantined:
        yield f"{story.version} is not in {QUARANTINE}"


def _rises(before: State, seen: Sequence[State]) -> list[int]:
    """List the weights in the order they came; what stayed is not repeated."""
    return [s.weight for s, earlier in _steps(before, seen) if s.weight != earlier.weight]


def _steps(before: State, seen: Sequence[State]) -> list[tuple[State, State]]:
    return list(zip(seen, (before, *seen), strict=False))


def _words(weights: Sequence[int]) -> str:
    return " ".join(map(str, weights)) or "never changed"
