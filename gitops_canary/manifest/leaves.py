"""Reading one scalar strictly: what two YAML readers could take differently is refused."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal

from gitops_canary.manifest.fields import Field, Type, Value
from gitops_canary.manifest.nodes import Node
from gitops_canary.manifest.problems import nearest, shown
from gitops_canary.manifest.scalars import ambiguous, spelled
from gitops_canary.model.addresses import check_address
from gitops_canary.model.durations import duration_ms

TEXT_MAX = 10_000
"""Characters of the longest text, a query."""
NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,8})")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,8})(\.[0-9]{1,9})?")
_UNITS = ((3_600_000, "h"), (1000, "s"), (1, "ms"))
_SPAN = re.compile(r"0|([0-9]{1,9}(\.[0-9]{1,9})?(ns|us|ms|s|m|h))+")


class Wrong(Exception):  # noqa: N818 - named for what it says
    """A scalar is not what it should be; the problem begins with a verb."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy


def read(node: Node, leaf: Field) -> Value:
    """Read a scalar as its field wants it.

    Raises:
        Wrong: it is something else.
    """
    value = _READERS[leaf.type](node)
    if isinstance(value, str):
        _chosen(value, leaf)
    elif not isinstance(value, bool):
        _bounded(value, leaf)
    return value


def _chosen(value: str, leaf: Field) -> None:
    if leaf.pattern and not re.fullmatch(leaf.pattern, value):
        raise Wrong(f"is {shown(value)}", f"write {leaf.form}")
    if value in leaf.unfit:
        why, remedy = leaf.unfit[value]
        raise Wrong(f"is {value}: {why}", remedy)
    if value in leaf.ended:
        raise Wrong(f"is {value}, which is at its end", leaf.ended[value])
    if leaf.choices and value not in leaf.choices:
        known = [word for word in (*leaf.choices, *leaf.unfit) if word]
        raise Wrong(f"is {shown(value)}, which is not known", nearest(value, known))


def _bounded(value: int | Decimal, leaf: Field) -> None:
    too_low = leaf.low is not None and value < leaf.low
    if too_low or (leaf.high is not None and value > leaf.high):
        raise Wrong("is out of bounds", f"choose a value {bounds(leaf)}")


def bounds(leaf: Field) -> str:
    """Say the bounds of a field in words."""

    def words(value: Decimal | int) -> str:
        return _short(int(value)) if leaf.type is Type.DURATION else spelled(value)

    low = f"from {words(leaf.low)}" if leaf.low is not None else ""
    high = f"to {words(leaf.high)}" if leaf.high is not None else ""
    return " ".join(part for part in (low, high) if part)


def _short(span_ms: int) -> str:
    if not span_ms:
        return "0s"
    unit_ms, unit = next(one for one in _UNITS if span_ms % one[0] == 0)
    return f"{span_ms // unit_ms}{unit}"


def _text(node: Node) -> str:
    if node.plain and ambiguous(node.value):
        if not node.value:
            raise Wrong("has no value", "give it one, or remove the key")
        raise Wrong("can be read as something else than text", "put it in quotes")
    if len(node.value) > TEXT_MAX:
        raise Wrong(f"has more than {TEXT_MAX} characters", "shorten it")
    return node.value


def _word(node: Node) -> str:
    value = _text(node)
    if not value.strip() or any(c < " " and c not in "\n\t" for c in value):
        raise Wrong("is empty, or has control characters", "write plain text")
    return value


def _name(node: Node) -> str:
    value = _text(node)
    if not NAME.fullmatch(value):
        raise Wrong(f"is {shown(value)}, no Kubernetes name", "use a-z, 0-9, - and . only")
    return value


def _url(node: Node) -> str:
    try:
        return check_address(_text(node))
    except ValueError as error:
        raise Wrong(str(error), "write http://host:port/path") from None


def _span(node: Node) -> str:
    value = _text(node) if node.value != "0" else node.value
    if not _SPAN.fullmatch(value):
        raise Wrong(f"is {shown(value)}, no duration", "write it like 15s")
    return value


def _duration(node: Node) -> int:
    if node.plain and _NUMBER.fullmatch(node.value):
        raise Wrong("has no unit", f"write {node.value}s, or whatever unit was meant")
    try:
        return duration_ms(_text(node))
    except ValueError as error:
        raise Wrong(str(error), "write it like 30s or 5m") from None


def _whole(node: Node) -> int:
    if not node.plain or not _WHOLE.fullmatch(node.value):
        raise Wrong(f"is {shown(node.value)}, no whole number", "write it in digits, unquoted")
    return int(node.value)


def _number(node: Node) -> Decimal:
    if not node.plain or not _NUMBER.fullmatch(node.value):
        raise Wrong(f"is {shown(node.value)}, no plain number", "write it like 99.5, unquoted")
    return Decimal(node.value)


def _flag(node: Node) -> bool:
    if not node.plain or node.value not in {"true", "false"}:
        raise Wrong(f"is {shown(node.value)}, no truth value", "write true or false, unquoted")
    return node.value == "true"


def _port(node: Node) -> str:
    return node.value if node.plain and _WHOLE.fullmatch(node.value) else _word(node)


_READERS: Mapping[Type, Callable[[Node], Value]] = {
    Type.TEXT: _text,
    Type.WORD: _word,
    Type.NAME: _name,
    Type.URL: _url,
    Type.SPAN: _span,
    Type.DURATION: _duration,
    Type.WHOLE: _whole,
    Type.NUMBER: _number,
    Type.FLAG: _flag,
    Type.PORT: _port,
}
