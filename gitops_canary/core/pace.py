"""Instants at a pace, both ends included."""


def through(first_ms: int, last_ms: int, step_ms: int) -> range:
    """List the instants from one to another, so far apart; the last is one where the pace meets it.

    >>> list(through(0, 30, 15)), list(through(0, 29, 15)), list(through(0, 2, 1))
    ([0, 15, 30], [0, 15], [0, 1, 2])
    """
    return range(first_ms, last_ms + 1, step_ms)
