"""The arithmetic of a verdict in words that a person can check."""

import math

from gitops_canary.model.judging import Counts

WARMS_MS = 120_000
"""How long after its warm-up a canary may still be warming."""


def compared(counts: Counts, what: str = "failed", *, alone: bool = False) -> str:
    """Say how both sides did, or the one that is judged alone.

    >>> compared(Counts(canary=1840, canary_bad=12, primary=16500, primary_bad=3))
    '12 of 1,840 canary requests failed, 3 of 16,500 on the primary: 36x'
    >>> compared(Counts(canary=1840, canary_bad=12), alone=True)
    '12 of 1,840 requests failed since the promotion'
    """
    if alone:
        return f"{counts.canary_bad:,} of {counts.canary:,} requests {what} since the promotion"
    mine = f"{counts.canary_bad:,} of {counts.canary:,} canary requests {what}"
    if not counts.primary:
        return f"{mine}, none seen on the primary"
    both = f"{mine}, {counts.primary_bad:,} of {counts.primary:,} on the primary"
    return f"{both}: {times(counts)}" if counts.canary else both


def times(counts: Counts) -> str:
    """Say how many times worse the canary is.

    >>> times(Counts(canary=10, canary_bad=1, primary=10, primary_bad=0))
    'the primary had none'
    >>> times(Counts(canary=10, canary_bad=10, primary=10, primary_bad=1))
    '10x'
    """
    if not counts.canary_bad:
        return "none on the canary"
    if not counts.primary_bad:
        return "the primary had none"
    ratio = (counts.canary_bad * counts.primary) / (counts.canary * counts.primary_bad)
    return f"{ratio:.0f}x" if ratio >= 10 else f"{ratio:.1f}x"  # noqa: PLR2004 - a digit less above


def amount(log: float) -> str:
    """Write evidence as people say it, with at most four digits.

    >>> amount(math.log(4120)), amount(-1.0), amount(60.0), amount(math.log(1e7)), amount(2.35)
    ('4,120', '0.37', '1e26', '10,000,000', '10')
    """
    if log > math.log(1e7):
        return f"1e{log / math.log(10):.0f}"
    value = math.exp(log)
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"  # noqa: PLR2004 - a digit less above


def told(log: float, limit: float, what: str = "is worse") -> str:
    """Say how much evidence there is, of how much it takes.

    >>> told(math.log(0.08), 400)
    'no sign that it is worse: evidence 0.08 of the 400 that condemn'
    >>> told(math.log(36), 400), told(math.log(4120), 400)
    ('evidence 36 of the 400 that condemn', 'evidence 4,120 against a limit of 400')
    >>> told(math.log(400), 400)
    'evidence 400 against a limit of 400'
    """
    said = f"evidence {amount(log)}"
    if log >= math.log(limit):
        return f"{said} against a limit of {limit:,.0f}"
    part = f"{said} of the {limit:,.0f} that condemn"
    return f"no sign that it {what}: {part}" if log <= 0 else part


def rough(span_ms: int) -> str:
    """Write how long something takes, to the second or, from two minutes on, the minute.

    >>> rough(90_400), rough(200), rough(600_000), rough(3_661_000), rough(120_000)
    ('90s', '1s', '10m', '62m', '2m')
    """
    seconds = max(round(span_ms / 1000), 1)
    return f"{seconds}s" if seconds < 120 else f"{math.ceil(seconds / 60)}m"  # noqa: PLR2004


def warming(warmup_ms: int, age_ms: int) -> str:
    """Say what to do where a canary may just take longer to warm up; empty where it had the time.

    >>> warming(60_000, 90_000)
    ' (its first requests came 90s before: if it warms for longer, set analysis.judge.warmup)'
    >>> warming(60_000, 200_000), warming(0, 15_000)
    ('', '')
    >>> bool(warming(60_000, 180_000)), bool(warming(60_000, 180_001))
    (True, False)
    """
    if not warmup_ms or age_ms > warmup_ms + WARMS_MS:
        return ""
    came = f"its first requests came {rough(age_ms)} before"
    return f" ({came}: if it warms for longer, set analysis.judge.warmup)"


def exact(number: float, digits: int = 6) -> str:
    """Write a computed number for the record: six digits are the same on every machine.

    >>> exact(1 / 3), exact(-0.0), exact(-1e-7)
    ('0.333333', '0.000000', '0.000000')
    """
    text = f"{number:.{digits}f}"
    # A zero has no sign.
    return text if text.strip("-0.") else text.removeprefix("-")
