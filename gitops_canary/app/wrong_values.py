"""What the models' library finds wrong with a value, said so that a person can act on it.

Its own words name Python's types and its own checks ("Input should be a valid dictionary"). Here
each kind of error has what follows the value's name, and what to write instead. The value itself is
never repeated: it may be a secret.
"""

from collections.abc import Mapping
from typing import Any

_TEXT = "is not text", "write it in quotes"
_WHOLE = "is not a whole number", "write it without quotes, unit or point"
_NUMBER = "is not a number", "write it without quotes or unit"
_FLAG = "is not true or false", "write true or false, without quotes"
_LIST = "is not a list", "write it like [one, two]"
_MAPPING = "is not a mapping", "write it like {name: value}"
_FIXED: Mapping[str, tuple[str, str]] = {
    "missing": ("is missing", "add it"),
    "string_type": _TEXT,
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_from_float": _WHOLE,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "decimal_type": _NUMBER,
    "decimal_parsing": _NUMBER,
    "finite_number": ("is not finite", "write a number that is"),
    "bool_type": _FLAG,
    "bool_parsing": _FLAG,
    "list_type": _LIST,
    "tuple_type": _LIST,
    "dict_type": _MAPPING,
    "model_type": _MAPPING,
    "model_attributes_type": _MAPPING,
    "string_pattern_mismatch": ("is not written as it has to be", "compare it with the schema"),
}
_BOUNDED: Mapping[str, tuple[str, str]] = {
    "greater_than_equal": ("is less than {ge}", "write {ge} or more"),
    "greater_than": ("is not more than {gt}", "write more than {gt}"),
    "less_than_equal": ("is more than {le}", "write {le} or less"),
    "less_than": ("is not less than {lt}", "write less than {lt}"),
    "decimal_max_digits": ("has more than {max_digits} digits", "round it"),
    "decimal_max_places": ("has more than {decimal_places} decimal places", "round it"),
    "decimal_whole_digits": ("has more than {whole_digits} digits before its point", "shorten it"),
    "string_too_short": ("has fewer than {min_length} characters", "fill it in"),
    "string_too_long": ("has more than {max_length} characters", "shorten it"),
    "too_short": ("has fewer than {min_length} entries", "add what is missing"),
    "too_long": ("has more than {max_length} entries", "leave some away"),
    "literal_error": ("is not {expected}", "write one of these"),
    "enum": ("is not {expected}", "write one of these"),
}
SEE = "compare it with the schema"


def told(error: Mapping[str, Any]) -> tuple[str, str]:
    """Say what a value is not, to follow its name, and what to write instead.

    >>> told({"type": "greater_than_equal", "ctx": {"ge": 0}, "msg": "Input should be ..."})
    ('is less than 0', 'write 0 or more')
    >>> told({"type": "string_too_short", "ctx": {"min_length": 1}, "msg": "String ..."})
    ('is empty', 'fill it in')
    >>> told({"type": "never heard of", "msg": "Input should be odd"})
    ('has to be odd', 'compare it with the schema')

    Args:
        error: one of the errors of a ValidationError, as its library lists them.
    """
    kind, ctx = error["type"], error.get("ctx", {})
    if kind in _FIXED:
        return _FIXED[kind]
    if kind in {"string_too_short", "too_short"} and ctx["min_length"] == 1:
        return "is empty", "fill it in"
    if kind in _BOUNDED:
        what, remedy = _BOUNDED[kind]
        return what.format_map(ctx), remedy.format_map(ctx)
    return str(error["msg"]).replace("Input should be", "has to be"), SEE
