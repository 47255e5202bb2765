"""The values of conditions: numbers, texts, truth values, nil and lists; and what can be done."""

import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

Value = Any
"""A float, str, bool, None or a list of them."""


class Undefined(Exception):  # noqa: N818 - named for what the result is
    """The condition has no truth value for this result: an error, never a success or failure."""


def divided(a: float, b: float) -> float:
    """Divide as IEEE 754 does: 0/0 is not a number, anything else by 0 is infinite."""
    if b:
        return a / b
    return math.nan if a == 0 or math.isnan(a) else math.copysign(math.inf, a)


def number(value: Value) -> float:
    """Take a value for a number.

    Raises:
        Undefined: it is none.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Undefined(f"{kind(value)} stands where a number belongs")
    return float(value)


def truth(value: Value) -> bool:
    """Take a value for a truth value.

    Raises:
        Undefined: it is none.
    """
    if not isinstance(value, bool):
        raise Undefined(f"{kind(value)} stands where true or false belongs")
    return value


def items(value: Value) -> list[Value]:
    """Take a value for a list.

    Raises:
        Undefined: it is none.
    """
    if not isinstance(value, list):
        raise Undefined(f"{kind(value)} stands where a list belongs")
    return value


def kind(value: Value) -> str:
    """Name a value's kind."""
    kinds = {
        bool: "a truth value",
        float: "a number",
        int: "a number",
        str: "a text",
        list: "a list",
    }
    return kinds.get(type(value), "nil")


def same(one: Value, other: Value) -> bool:
    """Whether two values are equal; those of two kinds never are, true is not 1.

    >>> same(1.0, 1.0), same(1.0, True), same([1.0], [True]), same("1", 1.0), same(None, None)
    (True, False, False, False, True)
    >>> same([1.0], 1.0), same(1.0, [1.0]), same([1.0], [1.0, 1.0]), same([[1.0]], [[1.0]])
    (False, False, False, True)
    """
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return kind(one) == kind(other) and bool(one == other)


def _default(value: Value, other: Value) -> Value:
    return other if value is None else value


CONSTANTS: Mapping[str, Value] = {"true": True, "false": False, "nil": None}
FUNCTIONS: Mapping[str, Callable[..., Value]] = {
    "len": lambda value: float(len(items(value))),
    "isNaN": lambda value: math.isnan(number(value)),
    "isInf": lambda value: math.isinf(number(value)),
    "isNil": lambda value: value is None,
    "asInt": lambda value: float(int(number(value))),
    "asFloat": number,
    "abs": lambda value: abs(number(value)),
    "default": _default,
}
EACH: Mapping[str, Callable[[list[bool]], Value]] = {
    "all": all,
    "any": any,
    "none": lambda found: not any(found),
    "count": lambda found: float(sum(found)),
}
NUMBERS: Mapping[str, Callable[[float, float], Value]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "+": operator.add, "-": operator.sub, "*": operator.mul, "%": math.fmod, "/": divided,
}  # fmt: skip
SAME: Mapping[str, Callable[[Value, Value], bool]] = {
    "==": same,
    "!=": lambda one, other: not same(one, other),
    "in": lambda one, many: any(same(one, other) for other in items(many)),
    "!in": lambda one, many: not any(same(one, other) for other in items(many)),
}
