"""What a scalar means, and how a value is written so that it means the same everywhere."""

import json
import re
from decimal import Decimal

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None
Value = str | int | Decimal | bool

_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_BASES = (
    (re.compile(r"([-+]?)0[xX]([0-9a-fA-F]+)"), 16),
    (re.compile(r"([-+]?)0[bB]([01]+)"), 2),
    (re.compile(r"([-+]?)0[oO]?([0-7]+)"), 8),
    (re.compile(r"([-+]?)(0|[1-9][0-9]*)"), 10),
)
_INT_DIGITS = 20
"""From so many on it may be no 64-bit number, and is read as a float."""
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_YES = ("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON")
_NO = ("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF")
_WORDS = {word: word in _YES for word in (*_YES, *_NO)}
# Words and shapes that YAML 1.1 or 1.2 reads as something else than a string.
_AMBIGUOUS = re.compile(
    r"(?i:y|n|yes|no|on|off|true|false|null|~|)"
    r"|[-+]?[0-9][0-9_]*(:[0-5]?[0-9])*(\.[0-9_]*)?"
    r"|[-+]?(\.[0-9_]+|[0-9][0-9_]*(\.[0-9_]*)?)([eE][-+]?[0-9]+)"
    r"|[-+]?0[xX][0-9a-fA-F_]+|[-+]?0[oO]?[0-7_]+|[-+]?0[bB][01_]+"
    r"|[-+]?\.[0-9][0-9_]*|[-+]?\.(?i:inf)|\.(?i:nan)|<<|="
    r"|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].*)?"
)
PLACEHOLDER = re.compile(r"\$\{|\{\{|ENC\[")
"""In a text that something else fills in: Flux, a template engine, SOPS."""
_FLOW = ",[]{}"
_PLAIN = re.compile(r"[^\s\-?:,\[\]{}#&*!|>'\"%@`][^\s]*( [^\s]+)*|[-?:][^\s,\[\]{}][^\s]*")


def typed(value: str) -> Json:
    """Read a plain scalar the way Kubernetes' YAML reader does (go-yaml 2, by sigs.k8s.io/yaml).

    >>> [typed(word) for word in ("1.10", "0x1F", "0755", "1_000", "1e3", "089", "on", "12:30")]
    [1.1, 31, 493, 1000, 1000.0, 89.0, True, '12:30']
    """
    if value in _NULLS:
        return None
    if value in _WORDS:
        return _WORDS[value]
    plain = value.replace("_", "") if value[0] in "-+0123456789" else value
    for pattern, radix in _BASES:
        if (found := pattern.fullmatch(plain)) and len(plain) < _INT_DIGITS:
            return int(found[1] + found[2], radix)
    return float(plain) if _FLOAT.fullmatch(plain) else value


def printed(value: str) -> str:
    """Give what a template prints for a plain scalar: of a number, its shortest spelling.

    >>> printed("1.10"), printed("1.11"), printed("2024"), printed("on"), printed("v1")
    ('1.1', '1.11', '2024', 'true', 'v1')
    """
    found = typed(value)
    if isinstance(found, bool):
        return spelled(found)
    return f"{found:.15g}" if isinstance(found, int | float) else value


def ambiguous(value: str) -> bool:
    """Tell whether some YAML reader takes this plain text for something else than a string."""
    return bool(_AMBIGUOUS.fullmatch(value))


def _stays(text: str, old: str) -> bool:
    """Whether a text may follow a plain number or date as one: what is read is printed the same."""
    return (
        ambiguous(old)
        and any(character.isdigit() for character in old)
        and text not in _WORDS
        and printed(text) == text
    )


def written(value: Value, *, style: str, old: str) -> str:
    """Write a value in the style of the scalar it replaces.

    A plain text that a reader could take for a number, a date or a word gets double quotes, unless
    the old one was a plain number or date itself, and the new one is printed as it is spelled:
    after 1.9 come 1.11 and "1.10", which would become 1.1.
    """
    text = spelled(value)
    if style == "'":
        return "'" + text.replace("'", "''") + "'"
    if style == '"':
        return json.dumps(text, ensure_ascii=False)
    if not isinstance(value, str):
        return text
    if _needs_quotes(text, old) or (ambiguous(text) and not _stays(text, old)):
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
