"""What a scalar means, and how a value is written so that it means the same everywhere."""

import json
import re
from decimal import Decimal

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None
Value = str | int | Decimal | bool

_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"true", "True", "TRUE"})
_FALSE = frozenset({"false", "False", "FALSE"})
# Words and shapes that YAML 1.1 or 1.2 reads as something else than a string.
_AMBIGUOUS = re.compile(
    r"(?i:y|n|yes|no|on|off|true|false|null|~|)"
    r"|[-+]?[0-9][0-9_]*(:[0-5]?[0-9])*(\.[0-9_]*)?"
    r"|[-+]?(\.[0-9_]+|[0-9][0-9_]*(\.[0-9_]*)?)([eE][-+]?[0-9]+)"
    r"|[-+]?0[xX][0-9a-fA-F_]+|[-+]?0[oO]?[0-7_]+|[-+]?0[bB][01_]+"
    r"|[-+]?\.[0-9][0-9_]*|[-+]?\.(?i:inf)|\.(?i:nan)|<<|="
    r"|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].*)?"
)
_FLOW = ",[]{}"
_PLAIN = re.compile(r"[^\s\-?:,\[\]{}#&*!|>'\"%@`][^\s]*( [^\s]+)*|[-?:][^\s,\[\]{}][^\s]*")


def typed(value: str) -> Json:
    """Read a plain scalar the way Kubernetes' YAML reader does; floats as float."""
    if value in _NULLS:
        return None
    if value in _TRUE or value in _FALSE:
        return value in _TRUE
    if _INT.fullmatch(value):
        return int(value) if len(value) < 20 else float(value)  # noqa: PLR2004 - 64 bits
    if _FLOAT.fullmatch(value):
        return float(value)
    return value


def ambiguous(value: str) -> bool:
    """Tell whether some YAML reader takes this plain text for something else than a string."""
    return bool(_AMBIGUOUS.fullmatch(value))


def _digits(old: str) -> bool:
    return ambiguous(old) and any(character.isdigit() for character in old)


def written(value: Value, *, style: str, old: str) -> str:
    """Write a value in the style of the scalar it replaces.

    A plain text that a reader could take for a number, a date or a word gets double quotes, unless
    the old one was a plain number or date itself.
    """
    text = spelled(value)
    if style == "'":
        return "'" + text.replace("'", "''") + "'"
    if style == '"':
        return json.dumps(text, ensure_ascii=False)
    if not isinstance(value, str):
        return text
    if _needs_quotes(text, old) or (ambiguous(text) and not _digits(old)):
        return json.dumps(text, ensure_ascii=False)
    return text


def spelled(value: Value) -> str:
    """Spell a value without quotes."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return str(value)


def _needs_quotes(text: str, old: str) -> bool:
    # A plain text that holds one of these already stands where they mean nothing.
    outside = any(c in old for c in _FLOW)
    return (
        not _PLAIN.fullmatch(text)
        or ": " in text
        or " #" in text
        or text.endswith(":")
        or not text.isprintable()
        or (not outside and any(c in text for c in _FLOW))
    )
