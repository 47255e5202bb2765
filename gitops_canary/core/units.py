"""What was measured, and its limits, with their units: what a judge compares are bare numbers."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
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
    criteria: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """The conditions of checks that have some: success, failure; empty where there is none."""

    def under(self, judge: str) -> "Units":
        """Give how another judge's numbers of the same checks are written."""
        return replace(self, judge=judge)

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
        >>> Units("conditions", criteria={"a": ("result < 1", "result > 5")}).limit("a", "")
        'passes if result < 1, fails if result > 5'
        """
        if self.judge == "mannwhitney" and ", tolerance " in limit:
            side = _ALIKE.get(limit.partition(",")[0])
            return f"not {side} the primary" if side else "as the primary"
        if self.judge == "conditions" and (said := self.criteria.get(check)):
            ends = zip(("passes", "fails"), said, strict=True)
            return ", ".join(f"{what} if {one}" for what, one in ends if one) or limit
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
    return Units(
        judge,
        {check.name: check.builtin for check in policy.checks},
        {c.name: (c.criteria.success, c.criteria.failure) for c in policy.checks if c.criteria},
    )


def recorded(checks: Iterable[Json], judge: str) -> Units:
    """Give the units of a recorded verdict under a policy's `checks`, as JSON."""
    found = list(checks)
    asked = ((one["name"], one["criteria"]) for one in found if one.get("criteria"))
    return Units(
        judge,
        {one["name"]: one["builtin"] for one in found},
        {name: (said["success"], said["failure"]) for name, said in asked},
    )
