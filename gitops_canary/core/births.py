"""What counters gained in a window, with all that those have which were born in it.

`increase` knows nothing of what a series has at its first sample, and counters have one the moment
something happens for the first time: the first failures of a version are a series of their own.
"""

from collections.abc import Callable, Sequence

Over = Callable[[Callable[[str], str]], str]
"""Writes an expression over all series, given what wraps each selector."""
_BEFORE_S = 300
"""How far back before a window a series is looked for, so that a missed scrape is no birth."""


def gained(over: Over, window: str, *, selectors: Sequence[str], births: bool) -> str:
    """Write the expression; without `births` it is the one of records before decision 39.

    Born is what was not there before the window although others of the `selectors` were. Where none
    was, the source itself had nothing, and what the counters have may be older than the window.
    """

    def lately(one: str) -> str:
        return f"last_over_time({one}[{_BEFORE_S}s] offset {window})"

    increased = over(lambda one: f"increase({one}[{window}])")
    if not births:
        return increased
    newest = over(lambda one: f"max_over_time({one}[{window}])")
    heard = " or ".join(map(lately, selectors))
    return f"((({newest}) unless ({over(lately)})) and on () ({heard})) or {increased}"
