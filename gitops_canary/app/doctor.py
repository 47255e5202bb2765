"""The examination of a checkout and its surroundings: tables of checks, each independent."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from gitops_canary.errors import CanaryError

WRONG_HERE = 1
"""Exit code of what a commit repairs."""
_ORDER = (70, 5, 6, 7, 8, 1)


class Health(Enum):
    """What a check found."""

    OK = "ok"
    HINT = "hint"
    NO = "no"
    WRONG = "wrong"
    """Something has to be repaired; doctor does not end with 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing a check found."""

    check: str
    subject: str
    health: Health
    what: str
    remedy: str = ""
    code: int = WRONG_HERE
    """What doctor ends with where this is wrong."""


def wrong(check: str, subject: str, error: CanaryError) -> Finding:
    """Tell of an error as a finding."""
    return Finding(
        check=check,
        subject=f"{subject} {error.place}" if error.place else subject,
        health=Health.WRONG,
        what=error.problem,
        remedy=error.remedy,
        code=error.exit_code,
    )


def hint(check: str, subject: str, what: str, remedy: str = "") -> Finding:
    """Tell of something to know."""
    return Finding(check=check, subject=subject, health=Health.HINT, what=what, remedy=remedy)


def fine(check: str, subject: str, what: str) -> Finding:
    """Tell that all is well."""
    return Finding(check=check, subject=subject, health=Health.OK, what=what)


def exit_code(findings: Iterable[Finding]) -> int:
    """Give the first that applies of the documented order; 0 where nothing is wrong."""
    codes = {one.code for one in findings if one.health is Health.WRONG}
    return next((code for code in _ORDER if code in codes), max(codes, default=0))


def counted(findings: Sequence[Finding]) -> Mapping[str, int]:
    """Count findings by health."""
    return {
        health.value: n for health in Health if (n := sum(one.health is health for one in findings))
    }
