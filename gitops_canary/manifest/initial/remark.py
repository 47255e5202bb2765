"""What a person is told to look at."""

from dataclasses import dataclass

from gitops_canary.errors import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """One thing to know, and what to do about it."""

    place: Place
    what: str
    remedy: str
