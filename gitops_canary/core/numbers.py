"""Reading the numbers of samples; everything else is told in words."""

import re
from decimal import Decimal

_FINITE = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?", re.ASCII)
_INFINITE = re.compile(r"[+-]?inf(?:inity)?", re.IGNORECASE)
_BOUND = re.compile(r"\d{1,12}(\.\d{1,12})?", re.ASCII)
_LARGEST = Decimal(10) ** 21


def number(text: str) -> Decimal | str:
    """Read a sample's value; what is not one finite number is told in words.

    >>> number("0.5"), number("NaN"), number("-Inf")
    (Decimal('0.5'), 'the value is NaN: the query divided nothing by nothing', 'the value is -Inf')
    """
    if _FINITE.fullmatch(text):
        value = Decimal(text)
        return value if abs(value) < _LARGEST else f"the value {_cut(text)} is beyond belief"
    if text.lower() == "nan":
        return "the value is NaN: the query divided nothing by nothing"
    if _INFINITE.fullmatch(text):
        return f"the value is {text}"
    return f"the value {_cut(text)!r} is not a number"


def whole(text: str) -> int | str:
    """Read a counter, which is whole and not negative; anything else is told in words.

    >>> whole("12"), whole("1e3"), whole("0.5")
    (12, 1000, 'the counter 0.5 is not whole: recorded or downsampled series cannot be counted')
    """
    value = number(text)
    if isinstance(value, str):
        return value
    if value != value.to_integral_value():
        return (
            f"the counter {_cut(text)} is not whole: recorded or downsampled series "
            "cannot be counted"
        )
    return int(value) if value >= 0 else f"the counter is {_cut(text)}"


def _cut(text: str) -> str:
    """Cut what a server sent to what fits into a sentence."""
    return text[:40]


def bound(text: str) -> Decimal | None:
    """Read the bound of a bucket; None where it is none.

    >>> bound("0.25"), bound("+Inf")
    (Decimal('0.25'), None)
    """
    return Decimal(text) if _BOUND.fullmatch(text) else None
