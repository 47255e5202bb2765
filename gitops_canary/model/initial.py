"""What is known before the first canary: what its routes shall be, and what will measure it."""

import math
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The builtin metrics of a provider."""

    requests: bool = False
    """Whether failed requests are counted."""
    latency_ms: int | None = None
    """A latency limit that is a bound of its buckets; None where latency is not counted."""
    compared: bool = True
    """Whether the primary is counted by itself, beside the canary."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The split between the two Services of one application."""

    namespace: str
    apex: str
    """The Service users call; `-primary` and `-canary` are the two it is split into."""
    written_namespace: str = ""
    """What `metadata.namespace` of new documents says; empty where something else sets it."""
    port: int = 80
    hosts: tuple[str, ...] = ()
    kind: str = "Deployment"
    workload: str = ""
    """Name of the workload."""
    label: tuple[str, str] = ("app", "")
    """Key and value of the label by which the candidate's pods are told from the primary's."""
    gateway: str = ""
    """`namespace/name` or `name`; empty where none is known."""
    ladder: tuple[Decimal, ...] = ()
    """Every weight the canary is to get, in percent."""

    @property
    def whole(self) -> int:
        """The least total, a multiple of 100, of which every weight of the ladder is a whole part.

        >>> Wanted(namespace="a", apex="b", ladder=(Decimal("0.1"), Decimal(5))).whole
        1000
        """
        return 100 * self.times(Decimal(100))

    def times(self, total: Decimal) -> int:
        """Give by how much a total has to grow for the ladder's weights to be whole parts of it.

        >>> Wanted(namespace="a", apex="b", ladder=(Decimal(5), Decimal(50))).times(Decimal(3))
        20
        """
        parts = [Fraction(total) * Fraction(weight) / 100 for weight in self.ladder]
        return math.lcm(*(part.denominator for part in parts))
