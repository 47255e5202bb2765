"""How one kind of object writes a weight down: whole numbers, texts of them, or quantities."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from gitops_canary.manifest.document import Node, NodeKind, Value

_WHOLE = re.compile(r"0|[1-9][0-9]{0,8}")
_QUANTITY = re.compile(r"(0|[1-9][0-9]{0,8})(\.[0-9]{1,3})?(m?)")
_MILLI = Decimal("0.001")


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """Reading and writing one weight. `read` gives None for what is not clearly a weight."""

    words: str
    like: str
    """One that is written so."""
    read: Callable[[Node], Decimal | None]
    write: Callable[[Decimal, str], Value]
    """From the value and the text that stands there now (empty where none does)."""
    resolution: Decimal


def plain_number(value: Decimal) -> int | float:
    """Give a number that every style of YAML can write, JSON's too.

    >>> plain_number(Decimal(50)), plain_number(Decimal("0.1"))
    (50, 0.1)
    """
    return int(value) if value == int(value) else float(value)


def _whole(node: Node) -> Decimal | None:
    return Decimal(node.value) if node.plain and _WHOLE.fullmatch(node.value) else None


def _quoted(node: Node) -> Decimal | None:
    """Annotations are texts, and a plain number is none."""
    text = node.kind is NodeKind.SCALAR and node.style in {"'", '"'}
    return Decimal(node.value) if text and _WHOLE.fullmatch(node.value) else None


def _quantity(node: Node) -> Decimal | None:
    found = _QUANTITY.fullmatch(node.value) if node.kind is NodeKind.SCALAR else None
    if found is None:
        return None
    number, milli = Decimal(found[1] + (found[2] or "")), bool(found[3])
    value = number * _MILLI if milli else number
    return value if value % _MILLI == 0 else None


def _as_quantity(value: Decimal, old: str) -> Value:
    if old.endswith("m") or value != int(value):
        return f"{int(value / _MILLI)}m"
    return int(value)


WHOLE = Form(
    words="a plain whole number",
    like="100",
    read=_whole,
    write=lambda value, _: int(value),
    resolution=Decimal(1),
)
QUOTED = Form(
    words="a whole number in quotes",
    like='"100"',
    read=_quoted,
    write=lambda value, _: str(int(value)),
    resolution=Decimal(1),
)
QUANTITY = Form(
    words="a quantity such as 10 or 500m",
    like="500m",
    read=_quantity,
    write=_as_quantity,
    resolution=_MILLI,
)
