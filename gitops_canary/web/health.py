"""Whether the controller still looks at its repositories; pure."""

from collections.abc import Mapping

GRACE_S = 300
"""Seconds a look may take on top of two polls: a fetch and a push have deadlines below that."""


def late(ages_s: Mapping[str, tuple[float | None, float]], up_s: float) -> tuple[str, ...]:
    """Name the repositories whose last look is too long ago.

    `ages_s` gives for each how long ago its last look ended (None: never) and its poll; `up_s` is
    how long the controller has been running. All in seconds.
    """
    return tuple(
        name
        for name, (age_s, poll_s) in sorted(ages_s.items())
        if (up_s if age_s is None else age_s) > 2 * poll_s + GRACE_S
    )


def unready(ages_s: Mapping[str, tuple[float | None, float]]) -> tuple[str, ...]:
    """Name the repositories that have not been looked at once."""
    return tuple(name for name, (age_s, _) in sorted(ages_s.items()) if age_s is None)
