"""What a scalar means, and how a value is written so that it means the same everywhere."""

import json
import re
from collections.abc import Mapping
from decimal import Decimal

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None
Value = str | int | Decimal | bool
Entries = Mapping[str, Value]

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


def written(value: Value, *, style: str, old: str) -> str:
    """Write a value in the style of the scalar it replaces.

    A plain text that a reader could take for a number, a date or a word gets double quotes, unless
    the old one was as ambiguous and plain.
    """
    text = spelled(value)
    if style == "'":
        return "'" + text.replace("'", "''") + "'"
    if style == '"':
        return json.dumps(text, ensure_ascii=False)
    if not isinstance(value, str):
        return text
    if _needs_quotes(text) or (ambiguous(text) and not ambiguous(old)):
        return json.dumps(text, ensure_ascii=False)
    return text


def entry(key: str, value: Value | Entries, *, indent: str = "", quotes: bool = False) -> str:
    """Write a new entry of a mapping.

    `indent` is a line break with the block's indentation; without it the entry is in flow style,
    with double quotes where its neighbours have them (`quotes`), as in JSON.
    """
    name = written(key, style='"' if quotes else "", old="text")
    if not isinstance(value, Mapping):
        style = '"' if quotes and isinstance(value, str) else ""
        return f"{name}: {written(value, style=style, old='text')}"
    below = f"{indent}  " if indent else ""
    inner = [entry(k, v, indent=below, quotes=quotes) for k, v in value.items()]
    return f"{name}:{below}{below.join(inner)}" if indent else f"{name}: {{{', '.join(inner)}}}"


def spelled(value: Value) -> str:
    """Spell a value without quotes."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return str(value)


def _needs_quotes(text: str) -> bool:
    return (
        not _PLAIN.fullmatch(text)
        or ": " in text
        or " #" in text
        or text.endswith(":")
        or not text.isprintable()
        or any(c in text for c in ",[]{}")
    )
