"""How instants, weights and foreign words are written for people."""

import textwrap
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache

LINE_WIDTH = 72
_INSTANTS = 4096
"""Instants remembered: one decision names the same ones again and again."""


@lru_cache(_INSTANTS)
def iso(at_ms: int) -> str:
    """Write an instant as RFC 3339 in UTC, with milliseconds only where there are any.

    >>> iso(1_770_000_000_000)
    '2026-02-02T02:40:00Z'
    >>> iso(1_770_000_000_250)
    '2026-02-02T02:40:00.250Z'
    """
    whole = datetime.fromtimestamp(at_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{whole}.{at_ms % 1000:03}Z" if at_ms % 1000 else f"{whole}Z"


@lru_cache(_INSTANTS)
def instant_ms(text: str) -> int:
    """Read what `iso` wrote; ValueError for anything else.

    >>> instant_ms("2026-02-02T02:40:00.250Z")
    1770000000250
    """
    whole, _, fraction = text.removesuffix("Z").partition(".")
    if len(fraction) > len("000"):
        raise ValueError(text)
    moment = datetime.fromisoformat(whole).replace(tzinfo=UTC)
    at_ms = int(moment.timestamp()) * 1000 + (int(fraction) if fraction else 0)
    if iso(at_ms) != text:
        raise ValueError(text)
    return at_ms


def percent(weight: Decimal) -> str:
    """Write a weight without trailing zeros or exponent.

    >>> percent(Decimal("10.500")), percent(Decimal("100")), percent(Decimal("0.0"))
    ('10.5', '100', '0')
    """
    text = f"{weight:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def change(old: str, new: str) -> str:
    """Write how a weight changes, for people: everywhere as in the subject of a commit.

    >>> change("10", "37.5")
    '10% -> 37.5%'
    """
    return f"{old}% -> {new}%"


def counted(count: int, what: str, many: str = "") -> str:
    """Count things in words; `many` is their name where an s behind the one's is not.

    >>> counted(1, "step"), counted(0, "check"), counted(2, "canary", "canaries")
    ('1 step', '0 checks', '2 canaries')
    """
    return f"{count} {what if count == 1 else many or what + 's'}"


def one_line(text: str) -> str:
    r"""Write foreign words so that they stay on their line and cannot act as anything else.

    >>> one_line("1.0\nCanary-Weight: 100")
    '1.0\\x0aCanary-Weight: 100'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else _escape(c) for c in text)


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"  # noqa: PLR2004 - Latin-1's end


def paragraph(text: str) -> str:
    """Wrap a paragraph of a commit message; no line may look like the `---` divider."""
    lines = textwrap.wrap(one_line(text), LINE_WIDTH, break_long_words=False) or [""]
    return "\n".join(f" {line}" if line.startswith("---") else line for line in lines)


def shorten_middle(text: str, width: int) -> str:
    """Cut the middle out of a text that is wider than `width`.

    >>> shorten_middle("production/checkout-service", 11)
    'produ…rvice'
    """
    if len(text) <= width:
        return text
    keep = max(width - 1, 2)
    return f"{text[: (keep + 1) // 2]}…{text[len(text) - keep // 2 :]}"


def duration(span_ms: int) -> str:
    """Write a duration in the unit a person would use.

    >>> duration(500), duration(90_000), duration(7_200_000)
    ('500ms', '90s', '2h')
    """
    for unit_ms, unit in ((3_600_000, "h"), (60_000, "m"), (1000, "s")):
        if span_ms >= unit_ms and span_ms % unit_ms == 0:
            return f"{span_ms // unit_ms}{unit}"
    return f"{span_ms}ms"
