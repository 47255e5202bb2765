"""Writing whole new YAML files that people read; files that exist are only ever edited."""

import re
from collections.abc import Iterator
from decimal import Decimal

from gitops_canary.manifest.scalars import Json, spelled, written

_LITERAL = re.compile(r"[!-~](?:[ -~]*[!-~])?(?:\n(?:[ -~]*[!-~])?)*\n[ -~]*[!-~]\n?")


def block(value: Json) -> str:
    """Write a value in block style, two spaces a level; mappings keep their order.

    >>> print(block({"a": [{"b": "on", "c": 1}], "d": "x"}), end="")
    a:
      - b: "on"
        c: 1
    d: x
    """
    return "".join(f"{line}\n" for line in lines(value))


def lines(value: object) -> Iterator[str]:
    """Give the lines of a JSON value in block style, without line endings; Decimals are numbers."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            name = written(key, style="", old="")
            if isinstance(inner, dict | list) and inner:
                yield f"{name}:"
                yield from (f"  {line}" for line in lines(inner))
            else:
                first, *rest = _said(inner)
                yield f"{name}: {first}"
                yield from (f"  {line}" if line else "" for line in rest)
    elif isinstance(value, list) and value:
        for inner in value:
            first, *rest = lines(inner)
            yield f"- {first}"
            yield from (f"  {line}" for line in rest)
    else:
        yield _scalar(value)


def _said(value: object) -> list[str]:
    """Write a scalar; a text of several lines as they are, where a literal block can hold them."""
    if isinstance(value, str) and _LITERAL.fullmatch(value):
        ended = value.endswith("\n")
        return ["|" if ended else "|-", *value.removesuffix("\n").split("\n")]
    return [_scalar(value)]


def _scalar(value: object) -> str:
    if isinstance(value, dict | list):
        return "{}" if isinstance(value, dict) else "[]"
    if value is None:
        return "null"
    if isinstance(value, float):
        return spelled(Decimal(str(value)))
    assert isinstance(value, str | int | Decimal), "a JSON value, or a Decimal"
    return written(value, style="", old="")
