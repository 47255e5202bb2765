"""What is wrong with a document, all of it at once."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TypeVar

from gitops_canary.errors import CanaryError, Place

E = TypeVar("E", bound=CanaryError)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, where, and what to do about it."""

    place: Place
    text: str
    """A sentence without its full stop."""
    remedy: str


def joined(problems: Sequence[Problem], error: type[E], *, subject: str) -> E:
    """Make one error of at least one problem; its place is the first one's."""
    ordered = sorted(problems, key=lambda p: (p.place.file, p.place.line, p.place.column))
    first = ordered[0]
    if len(ordered) == 1:
        return error(f"{first.text}.", remedy=first.remedy, place=first.place)
    lines = "".join(f"\n  {p.place}: {p.text} (try: {p.remedy})" for p in ordered)
    return error(
        f"{subject} has {len(ordered)} problems:{lines}",
        remedy="correct each of them",
        place=first.place,
    )


def nearest_canary(name: str, known: Collection[str]) -> str:
    """Say which canary was probably meant, or how the first one comes to be.

    >>> nearest_canary("prod/shop", [])
    'no Canary is there yet; begin with `gitops-canary init`'
    """
    return (
        nearest(name, known) if known else "no Canary is there yet; begin with `gitops-canary init`"
    )


def nearest(word: str, known: Collection[str]) -> str:
    """Say what was probably meant, as a remedy.

    >>> nearest("interva1", ["interval", "threshold"])
    'did you mean interval?'
    >>> nearest("zzz", ["interval", "threshold"])
    'use one of interval, threshold'
    """
    if not known:
        return "remove it"
    close = get_close_matches(word, sorted(known), n=1)
    lower = {name.lower(): name for name in sorted(known)}
    close = close or [lower[name] for name in get_close_matches(word.lower(), lower, n=1)]
    return f"did you mean {close[0]}?" if close else f"use one of {', '.join(sorted(known))}"


def shown(text: str) -> str:
    r"""Write a foreign word so that it stays short and on its line.

    >>> shown("a\nb")
    "'a\\nb'"
    """
    return ascii(text if len(text) <= 80 else f"{text[:79]}…")  # noqa: PLR2004 - a line's width
