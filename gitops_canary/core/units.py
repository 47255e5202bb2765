"""What was measured, and its limits, with their units: what a judge compares are bare numbers."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gitops_canary.model.spec import Policy

Json = dict[str, Any]
_SHARES = frozenset({"sequential", "mannwhitney"})
"""Judges that weigh what builtin checks counted, as a percentage of the requests."""
FAST = "99"
"""Percentage of requests within its limit that a latency check asks for."""
_ALIKE = {"increase": "above", "decrease": "below"}
_BOUND = re.compile(r"([<>]=) ([0-9.]+)")
_OF_LIMITS = re.compile(r"result\[0\] (?=[<>]= [0-9.]+(?: && result\[0\] [<>]= [0-9.]+)?$)")


def unit(builtin: str | None, judge: str) -> str:
    """Name the unit of a check's numbers under a judge; a query has the one its author knows.

    >>> [unit("request-duration", judge) for judge in ("threshold", "sequential")], unit(None, "")
    (['ms', '%'], '')
    """
    if builtin is None:
        return ""
    return "ms" if builtin == "request-duration" and judge not in _SHARES else "%"


def joined(number: str | None, unit: str) -> str:
    """Write a number with its unit; a dash where there is none.

    >>> joined("99.5", "%"), joined("7", ""), joined(None, "ms")
    ('99.5 %', '7', '-')
    """
    return "-" if number is None else f"{number} {unit}".rstrip()


def bounded(limit: str, unit: str) -> str:
    """Write limits with their unit.

    >>> bounded(">= 20 and <= 500", "ms"), bounded(">= 99 within 250 ms", "%"), bounded("none", "%")
    ('>= 20 ms and <= 500 ms', '>= 99 % within 250 ms', 'none')
    """
    return _BOUND.sub(rf"\1 \2 {unit}", limit) if unit else limit


@dataclass(frozen=True, slots=True)
class Units:
    """How the numbers of one verdict are written: by the policy's checks, and its judge."""

    judge: str
    builtins: Mapping[str, str | None] = field(default_factory=dict)
    """The builtin metric that each check is, None for a query; others have no unit."""

    def unit(self, check: str) -> str:
        """Name the unit of a check's numbers."""
        return unit(self.builtins.get(check), self.judge)

    def value(self, check: str, number: str | None) -> str:
        """Write what a check measured."""
        return joined(number, self.unit(check))

    def limit(self, check: str, limit: str) -> str:
        """Write a check's limit as a person says it.

        >>> Units("mannwhitney", {"a": None}).limit("a", "increase, tolerance 0.25")
        'not above the primary'
        >>> ask = Units("conditions", {"a": "request-duration", "b": None})
        >>> ask.limit("a", "result[0] >= 20 && result[0] <= 500"), ask.limit("b", "result[0] > 5")
        ('>= 20 ms and <= 500 ms', 'result[0] > 5')
        """
        if self.judge == "mannwhitney" and ", tolerance " in limit:
            side = _ALIKE.get(limit.partition(",")[0])
            return f"not {side} the primary" if side else "as the primary"
        if self.judge == "conditions" and _OF_LIMITS.match(limit):
            limit = limit.replace("result[0] ", "").replace("&&", "and")
        return bounded(limit, self.unit(check))

    def bounds(self, check: Json) -> tuple[str | None, str | None]:
        """Give the ends of a recorded check's limits on the scale of its numbers; None has none.

        Ranks compare with the primary, and counted requests within a limit are a percentage.

        >>> slow = {"name": "a", "minimum": None, "maximum": "250"}
        >>> [Units(judge, {"a": "request-duration"}).bounds(slow)
        ...     for judge in ("threshold", "sequential", "mannwhitney")]
        [(None, '250'), ('99', None), (None, None)]
        """
        if self.builtins.get(check["name"]) and self.judge in _SHARES:
            if self.judge == "mannwhitney":
                return None, None
            if check["maximum"] is not None:
                return FAST, None
        return check["minimum"], check["maximum"]


BARE = Units("")
"""Of what has no unit."""


def of(policy: Policy, judge: str) -> Units:
    """Give the units of a verdict under a policy."""
    return Units(judge, {check.name: check.builtin for check in policy.checks})


def recorded(checks: Iterable[Json], judge: str) -> Units:
    """Give the units of a recorded verdict under a policy's `checks`, as JSON."""
    return Units(judge, {check["name"]: check["builtin"] for check in checks})
