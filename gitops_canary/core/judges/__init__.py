"""Four ways to judge, behind one interface: (config, state, block) -> (state, verdict).

No clock, no I/O, no chance: the same blocks give the same verdicts, for ever and anywhere.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from gitops_canary.core.judges import conditions, mannwhitney, sequential, threshold
from gitops_canary.model.judging import Block
from gitops_canary.model.observation import Verdict


class Judge(Protocol):
    """One way to judge; `Any` stands for the judge's own configuration and state."""

    def begin(self, config: Any, /) -> Any:
        """Give the state before anything was seen."""

    def step(self, config: Any, state: Any, block: Block, /) -> tuple[Any, Verdict]:
        """Take one block in, and say what all blocks so far say."""

    def take(self, config: Any, state: Any, block: Block, /) -> Any:
        """Take one block in, and say nothing: much less work for some."""


@dataclass(frozen=True, slots=True)
class _Functions:
    begin: Any
    step: Any
    take: Any


def _quietly(step: Any) -> Any:
    return lambda config, state, block: step(config, state, block)[0]


JUDGES: dict[type, Judge] = {
    threshold.Config: _Functions(threshold.begin, threshold.step, _quietly(threshold.step)),
    conditions.Config: _Functions(conditions.begin, conditions.step, _quietly(conditions.step)),
    mannwhitney.Config: _Functions(mannwhitney.begin, mannwhitney.step, mannwhitney.take),
    sequential.Config: _Functions(sequential.begin, sequential.step, sequential.take),
}
"""What judges by a configuration."""
Config = threshold.Config | conditions.Config | mannwhitney.Config | sequential.Config
WINDOWED = frozenset({threshold.NAME, conditions.NAME})
"""Judges of values at the policy's intervals; the others look at counts, a scrape each."""


def judged(
    config: Config, blocks: Iterable[Block], after_ms: float = -math.inf
) -> Iterator[Verdict]:
    """Judge blocks one after the other, oldest first; tell of those that end after an instant."""
    judge = JUDGES[type(config)]
    state = judge.begin(config)
    for block in blocks:
        if block.end_ms <= after_ms:
            state = judge.take(config, state, block)
            continue
        state, verdict = judge.step(config, state, block)
        yield verdict
