"""Pods that are scraped one after the other: what they counted is seen at their own time."""

from dataclasses import dataclass, field
from random import Random

from rules.players import SCRAPE_S
from rules.traffic import TICK_S, Counts

_KINDS = ("errors", "slow")
Pair = tuple[int, int]


@dataclass(slots=True)
class Phases:
    """Each pod's scrape comes at a tick of its own, drawn once, every fifteen seconds."""

    random: Random
    proof_s: int = field(init=False)
    """When within a scrape a weight may be proven."""
    _turns: dict[tuple[str, int], int] = field(default_factory=dict)
    _held: dict[str, list[Pair]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.proof_s = self._drawn()

    def _drawn(self) -> int:
        return TICK_S * self.random.randrange(SCRAPE_S // TICK_S)

    def seen(self, end_s: int, counts: Counts) -> Counts:
        """Give what the scrapes of this tick tell, of all that was counted so far."""
        found = Counts()
        for name, more in counts.pods.items():
            side = name.partition("_")[0]
            held = self._held.get(name) or [(0, 0)] * len(more)
            held = [(n + m, k + j) for (n, k), (m, j) in zip(held, more, strict=True)]
            read = [self._turn(side, pod) == end_s % SCRAPE_S for pod in range(len(held))]
            told = [one if now else (0, 0) for one, now in zip(held, read, strict=True)]
            self._held[name] = [(0, 0) if now else one for one, now in zip(held, read, strict=True)]
            found.pods[name] = told
        for side in ("canary", "primary"):
            requests = [n for n, _ in found.pods.get(f"{side}_errors", [])]
            setattr(found, side, sum(requests))
            for kind in _KINDS:
                bad = sum(k for _, k in found.pods.get(f"{side}_{kind}", []))
                setattr(found, f"{side}_{kind}", min(bad, sum(requests)))
        return found

    def _turn(self, side: str, pod: int) -> int:
        if (side, pod) not in self._turns:
            self._turns[side, pod] = self._drawn()
        return self._turns[side, pod]
