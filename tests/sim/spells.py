"""Spells of faults: each begins, lasts for a while, and ends."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from .measured import UNTRUE, Fault, Undo, nothing
from .simulation import Simulation


@dataclass(slots=True)
class Spells:
    """Draws spells of some faults until the seed's chaos ends, and then ends them all."""

    _world: Simulation
    _table: Mapping[str, Fault]
    _names: Sequence[str]
    """Of the table, some of them more often than others."""
    _rng: Random
    _undo: dict[int, tuple[str, Undo]] = field(default_factory=dict)
    _count: int = 0

    def start(self) -> None:
        """Let the first one come soon."""
        self._world.later(self._rng.randrange(5_000, 40_000), self._begin)

    def end(self) -> None:
        """End every spell."""
        for number in list(self._undo):
            self._end(number)

    def _begin(self) -> None:
        world, rng = self._world, self._rng
        if world.calm:
            return
        name = rng.choice(self._names)
        self._count += 1
        number = self._count
        world.figures.faults += 1
        world.spells += 1
        world.untrue += name in UNTRUE
        world.tell(f"fault: {name}")
        self._undo[number] = (name, self._table[name](world))
        world.later(rng.choice((5_000, 20_000, 60_000, 150_000)), lambda: self._end(number))
        world.later(rng.randrange(10_000, 60_000), self._begin)

    def _end(self, number: int) -> None:
        name, undo = self._undo.pop(number, ("", nothing))
        if name:
            undo()
            self._world.spells -= 1
            if name in UNTRUE:
                self._world.untrue -= 1
                self._world.untrue_ms = self._world.now_ms
            self._world.disturbed_ms = self._world.now_ms
            self._world.tell(f"fault over: {name}")
