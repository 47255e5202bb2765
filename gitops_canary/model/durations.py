"""Durations as people write them: `500ms`, `30s`, `5m`, `1h`, `1m30s`."""

import re

PATTERN = r"^([0-9]{1,6}h)?([0-9]{1,6}m)?([0-9]{1,6}s)?([0-9]{1,9}ms)?$"
"""What a duration looks like, for JSON Schemas; it also fits the empty text."""
_DURATION = re.compile(
    r"(?=[0-9])(?:([0-9]{1,6})h)?(?:([0-9]{1,6})m)?(?:([0-9]{1,6})s)?(?:([0-9]{1,9})ms)?"
)
_UNITS_MS = (3_600_000, 60_000, 1000, 1)


def duration_ms(text: str) -> int:
    """Read a duration; milliseconds.

    >>> duration_ms("30s"), duration_ms("1m30s"), duration_ms("500ms"), duration_ms("1h")
    (30000, 90000, 500, 3600000)

    Raises:
        ValueError: it is anything else: no unit, a sign, a fraction, a unit twice or out of turn.
    """
    found = _DURATION.fullmatch(text)
    if not found:
        raise ValueError("is no duration; write a number and its unit, e.g. 500ms, 30s, 5m or 1h")
    return sum(
        int(count) * unit
        for count, unit in zip(found.groups(), _UNITS_MS, strict=True)
        if count is not None
    )
