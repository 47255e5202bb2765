"""What a sync source found out, one sentence a fact."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from gitops_canary.model.observation import Liveness


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that has to be true; `at_ms` is None while it is not."""

    at_ms: int | None
    words: str
    """The proof, or what is missing."""
    detail: Mapping[str, str] = field(default_factory=dict)
    assumed: bool = False
    """Whether a settle time stands in for what nobody saw."""
    remedy: str = ""
    """What to look at while it is not true; empty for nothing in particular."""


def joined(facts: Iterable[Fact]) -> Liveness:
    """Join all facts: live since the latest of their instants."""
    found = tuple(facts)
    missing = tuple(fact.words for fact in found if fact.at_ms is None)
    instants = [fact.at_ms for fact in found if fact.at_ms is not None]
    return Liveness(
        live_ms=None if missing or not instants else max(instants),
        proof=tuple(fact.words for fact in found if fact.at_ms is not None),
        waiting="; ".join(missing),
        remedy="; ".join(fact.remedy for fact in found if fact.at_ms is None and fact.remedy),
        detail={key: value for fact in found for key, value in fact.detail.items()},
        assumed=any(fact.assumed for fact in found),
    )


def unknown(why: str) -> Liveness:
    """Say that nothing is known, and why."""
    return Liveness(live_ms=None, proof=(), waiting=why)
