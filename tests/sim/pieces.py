"""What a seed is drawn from, and what it is counted by."""

import hashlib
from dataclasses import dataclass, field, replace
from random import Random

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gitops_canary.git.ownership import TrustedKey
from gitops_canary.git.signing import SigningKey
from gitops_canary.model.request import Method

from .branching import Delivery
from .manifests import NAMES, Shape


@dataclass(slots=True, kw_only=True)
class Setting:
    """What a seed is made of; all else follows from its random numbers."""

    canaries: int = 1
    controllers: int = 1
    chaos_ms: int = 6 * 60_000
    atomic: bool = True
    sync: str = "traffic"
    poll_ms: int = 15_000
    key: SigningKey | None = None
    trusted: tuple[TrustedKey, ...] = ()
    """Keys that are trusted in the end; by default the one that signs."""
    twins: float = 0.0
    """The share of the moves that a replica without a past makes again, where there is one canary;
    it knows of no faults but those that come in spells."""
    delivery: Delivery | None = None
    """How moves are delivered; None: they are pushed."""
    forgets: bool = False
    """Whether controllers let go of what was found in texts, as each does in its own process."""

    @classmethod
    def of(cls, rng: Random, key: SigningKey | None) -> "Setting":
        """Draw a setting: most are small, some are wide and long."""
        size = rng.choices(SIZES, (80, 17, 3))[0]
        return cls(
            canaries=rng.choices((1, 2, 3, 5), size.canaries)[0],
            controllers=rng.choices((1, 2, 3, 5), size.controllers)[0],
            chaos_ms=rng.randrange(*size.minutes) * 60_000,
            atomic=rng.random() < 0.8,
            sync="none" if rng.random() < 0.1 else "traffic",
            poll_ms=rng.choice((10_000, 15_000, 20_000)),
            key=key if rng.random() < 0.25 else None,
            twins=0.3,
        )


@dataclass(frozen=True, slots=True)
class Size:
    """How likely 1, 2, 3 or 5 canaries and controllers are, and how long the chaos lasts."""

    canaries: tuple[int, ...]
    controllers: tuple[int, ...]
    minutes: tuple[int, int]


HOOKS = (
    "confirm-promotion", "confirm-rollout", "confirm-traffic-increase", "pre-rollout", "rollback",
    "rollout",
)  # fmt: skip
SIZES = (
    Size((90, 10, 0, 0), (65, 35, 0, 0), (2, 6)),
    Size((50, 30, 15, 5), (50, 30, 15, 5), (3, 9)),
    Size((0, 20, 50, 30), (20, 30, 30, 20), (6, 16)),
)


@dataclass(slots=True)
class Figures:
    """What one or many seeds did."""

    seeds: int = 0
    events: int = 0
    ticks: int = 0
    commits: int = 0
    faults: int = 0
    kills: int = 0
    requests: int = 0
    virtual_ms: int = 0
    actions: dict[str, int] = field(default_factory=dict)

    def table(self, seconds: float, workers: int) -> str:
        """Write the figures down, with how fast they came about."""
        hours = self.virtual_ms / 3_600_000
        rows = [
            ("schedules", f"{self.seeds}"),
            ("events", f"{self.events}"),
            ("ticks", f"{self.ticks}"),
            ("spells of faults", f"{self.faults}"),
            ("controllers killed", f"{self.kills}"),
            ("pull requests", f"{self.requests}"),
            ("commits checked", f"{self.commits}"),
            *((f"  {action}", f"{count}") for action, count in sorted(self.actions.items())),
            ("violations", "0"),
            ("simulated hours", f"{hours:.1f}"),
            ("simulated hours per second", f"{hours / seconds:.2f}"),
            ("schedules per second", f"{self.seeds / seconds:.1f}"),
            ("  of each process", f"{self.seeds / seconds / workers:.1f}"),
        ]
        return "\n".join(f"{name:<28}{value:>12}" for name, value in rows)

    def add(self, other: "Figures") -> None:
        counts = ("seeds", "events", "ticks", "commits", "faults", "kills", "requests")
        for name in (*counts, "virtual_ms"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for action, count in other.actions.items():
            self.actions[action] = self.actions.get(action, 0) + count


@dataclass(slots=True)
class Network:
    """How one controller reaches the others now; changed by spells of faults."""

    git: str = "up"
    metrics: str = "up"
    latency_ms: int = 200

    def takes_ms(self, what: str, rng: Random) -> int:
        """Draw how long a call takes."""
        if what == "git" and self.git == "half-open":
            return rng.randrange(10_000, 40_000)
        if what == "ask" and self.metrics == "slow":
            return rng.randrange(1_000, 20_000)
        return rng.randrange(1, self.latency_ms)


def shapes(rng: Random, count: int) -> tuple[Shape, ...]:
    """Draw the canaries of a seed."""
    shared = rng.random() < 0.3
    names = NAMES[:count] if count <= len(NAMES) else [f"app{n}" for n in range(count)]
    return tuple(
        Shape(
            name=name,
            steps=rng.choice(((20,), (10, 50), (5, 25, 50), (50,), (10, 100))),
            interval_s=rng.choice((20, 30, 60)),
            threshold=rng.choice((1, 2, 3)),
            deadline_s=rng.choice((120, 180)),
            latency=rng.random() < 0.25,
            query=rng.random() < 0.15,
            shared=shared,
            idles=rng.random() < 0.25,
        )
        for name in names
    )


def surrounded(rng: Random, seed: int, plain: tuple[Shape, ...]) -> tuple[Shape, ...]:
    """Give some canaries webhooks, a watch after their finish, or a metric that begins late.

    In some worlds the weights of all of them stand in one object.
    """
    return tuple(
        replace(
            shape,
            hooks=tuple(sorted(rng.sample(HOOKS, rng.randrange(1, 3))))
            if rng.random() < 0.2
            else (),
            joined=joined(seed, plain),
            blank_s=BLANK_S if shape.query and mark(seed, shape.name, "blank") < BLANK else 0,
            watch_s=(shape.threshold + 2) * shape.interval_s + 90 if rng.random() < 0.2 else 0,
        )
        for shape in plain
    )


def joined(seed: int, plain: tuple[Shape, ...]) -> bool:
    """Tell whether the weights of all canaries of a seed stand in one object."""
    return len(plain) > 1 and plain[0].shared and mark(seed, "one object") < JOINED


def by_request(setting: Setting, seed: int) -> Setting:
    """Let some of the worlds deliver by pull request; a forge can move two branches at once."""
    if mark(seed, "requests") >= REQUESTS:
        return setting
    method = METHODS[int(mark(seed, "method") * len(METHODS))]
    delivery = Delivery(method=method, merges=mark(seed, "merges") < MERGES)
    if mark(seed, "crowded") < CROWDED:
        delivery = replace(delivery, branches_max=4, strangers_max=2)
    return replace(setting, atomic=True, key=setting.key or KEY, delivery=delivery)


BLANK, BLANK_S = 0.6, 75
"""The share of the applications with a metric of their own whose metric begins late, and by how
much: as late as most of them are judged for the first time."""
JOINED = 0.6
"""The share of the worlds with several routes in one file in which those are one object."""
REQUESTS = 0.05
"""The share of the worlds in which every move has a pull request."""
MERGES = 0.8
"""In which share of those the controllers merge them; in the others people do."""
CROWDED = 0.5
"""In which share of those a handful of strangers' branches are more than is looked at."""
METHODS = (Method.MERGE, Method.MERGE, Method.SQUASH, Method.REBASE)
KEY = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
"""Of worlds that need one and were given none: a commit that a forge wrote is known by a seal."""
AHEAD = 0.05
"""The share of the worlds in which developers have a clock that is ahead; the Git server's is right
there, because where everybody is wrong nobody knows better."""


def mark(*parts: object) -> float:
    """Draw a number from 0 to 1 that depends on nothing but its arguments.

    By a hash, not a checksum: that is linear, and words of one length would be drawn alike.
    """
    digest = hashlib.blake2b(repr(parts).encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64
