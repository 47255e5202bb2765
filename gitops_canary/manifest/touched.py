"""Which rules of a routing object a change of its text lies in: several applications may have some.

Whoever's name stands in none of them has nothing in what changed, so its values are what they were.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from gitops_canary.errors import SpecError
from gitops_canary.manifest.document import Node, Pointer, parse
from gitops_canary.ports import Router
from gitops_canary.rule_ports import Sharing


@dataclass(frozen=True, slots=True)
class _Span:
    """What is left of a text without what it begins and ends with like another."""

    start: int
    end: int
    length: int
    """Of the whole text."""


@dataclass(frozen=True, slots=True)
class _Part:
    """The items of a list that a part of a text lies in; equal where the rest is as it was."""

    at: Pointer
    """The list."""
    start: int
    end: int = field(compare=False)
    """Where they stand, with what is before the first one."""
    rest: tuple[int, int, int]
    """How many items there are before and behind, and how far the text's end is from the next."""


def touched(
    old: str, new: str, routers: Iterable[Router], namespaces: Collection[str]
) -> str | None:
    """Give the rules that differ, as they were and as they are; None where more may differ.

    In each of them every entry is a side of some application, as seen from all the namespaces and
    by every router that drives the object; and the object claims the same traffic as before, which
    it may have to share with another one of a neighbour's.
    """
    head = _alike(old, new)
    tail = _alike(old[head:][::-1], new[head:][::-1])
    one, other = (_Span(head, len(text) - tail, len(text)) for text in (old, new))
    try:
        before, after = parse(old, file=""), parse(new, file="")
    except SpecError:
        return None
    if len(before) != len(after):
        return None
    for document, (was, now) in enumerate(zip(before, after, strict=True)):
        if was is None or now is None or not was.start <= head <= was.end:
            continue
        mine = [each for each in routers if _kind(was) in each.kinds]
        if mine and _kind(was) == _kind(now):
            there = _part(was, one, _sided(old, document, mine, namespaces))
            here = _part(now, other, _sided(new, document, mine, namespaces))
            claimed = all(each.claims(old, document) == each.claims(new, document) for each in mine)
            if there and here and there == here and claimed:
                return f"{old[there.start : there.end]}\n{new[here.start : here.end]}"
    return None


def _alike(one: str, other: str) -> int:
    """Count the characters that two texts begin with alike."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _kind(root: Node) -> tuple[str, str]:
    return root.word("apiVersion").rpartition("/")[0], root.word("kind")


def _sided(
    text: str, document: int, routers: Sequence[Router], namespaces: Collection[str]
) -> frozenset[Pointer]:
    """Point at the rules that are applications' alone, whoever asks."""
    found = [
        one.sided(text, document, namespace=namespace) if isinstance(one, Sharing) else frozenset()
        for one in routers
        for namespace in namespaces
    ]
    return frozenset.intersection(*found) if found else frozenset()


def _part(root: Node, span: _Span, sided: frozenset[Pointer]) -> _Part | None:
    """Find the items that a part of the text lies in; None where one of them is not `sided`."""
    for at in {rule[:-1] for rule in sided}:
        node = root.get(*at)
        items = node.items if node else ()
        if node is None or not items or not node.start <= span.start <= span.end <= items[-1].end:
            continue
        before = [node.start, *(item.end for item in items)]
        hit = [
            n for n, item in enumerate(items) if span.start <= item.end and before[n] <= span.end
        ]
        if all((*at, n) in sided for n in hit):
            first, behind = hit[0], hit[-1] + 1
            following = items[behind].start if behind < len(items) else items[-1].end
            rest = first, len(items) - behind, span.length - following
            return _Part(at, before[first], items[hit[-1]].end, rest)
    return None
