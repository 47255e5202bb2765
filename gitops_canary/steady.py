"""A clock that nobody sets: what passed by it is a span, and its value says nothing."""

import time

_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Where there is one, a clock that counts on while the machine is suspended."""


def steady_ms() -> int:
    """Read it; only differences mean anything, and only within one process."""
    return time.clock_gettime_ns(_CLOCK) // 1_000_000
