"""Istio VirtualService: `spec.http[].route[].weight` (networking.istio.io).

Facts relied on (Istio's VirtualService reference): a lone destination takes all traffic, with
several a missing weight is 0, weights are non-negative integers and relative to their sum.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from gitops_canary.errors import BindingError, Place
from gitops_canary.manifest.compare import same
from gitops_canary.manifest.document import (
    Json,
    Node,
    NodeKind,
    Pointer,
    data,
    duplicate_item,
    insert_key,
    parse,
    set_scalar,
    splice,
)
from gitops_canary.model.names import Digest, Path

GROUP = "networking.istio.io"
WEIGHT_MAX = 1_000_000
HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """One route list that names the primary; `canary` is None where its entry is missing."""

    route: int
    primary: int
    canary: int | None
    primary_weight: int
    canary_weight: int
    size: int

    @property
    def budget(self) -> int:
        """What the two share."""
        return self.primary_weight + self.canary_weight

    def at(self, item: int) -> Pointer:
        """Point at one entry of the list."""
        return ("spec", "http", self.route, "route", item)


class Istio:
    """The Router of VirtualServices with HTTP routes."""

    kinds = frozenset({(GROUP, "VirtualService")})

    def matches(self, text: str, document: int, *, namespace: str, apex: str) -> bool:
        """Tell whether some HTTP route names the canary or the primary of this apex."""
        root = _root(text, document, Path(""))
        return any(
            _side(item, namespace, apex) for _, items in _lists(root) for item in items.items
        )

    def weight(self, text: str, document: int, *, file: Path, namespace: str, apex: str) -> Decimal:
        """Read the canary's weight; all lists must agree."""
        root = _root(text, document, file)
        splits = _splits(root, file, namespace, apex)
        shares = {HUNDRED * s.canary_weight / s.budget for s in splits}
        if len(shares) > 1:
            raise _wrong("The route lists give the canary different weights", root, file)
        return shares.pop().quantize(Decimal("0.001")).normalize() + Decimal(0)

    def shape(self, text: str, document: int, *, file: Path, namespace: str, apex: str) -> Digest:
        """Digest the spec without the weights of the primary and the canary."""
        root = _root(text, document, file)
        spec = root.get("spec")
        assert spec is not None, "an object without a spec matches nothing"
        value = data(spec, file=file)
        for split in _splits(root, file, namespace, apex):
            _bare(value, split)
        dumped = json.dumps(value, sort_keys=True, separators=(",", ":"))
        return Digest(f"sha256:{hashlib.sha256(dumped.encode()).hexdigest()}")

    def set_weight(
        self, text: str, document: int, weight: Decimal, *, file: Path, namespace: str, apex: str
    ) -> str:
        """Write the weight into every list that has both sides."""
        root = _root(text, document, file)
        for split in _splits(root, file, namespace, apex):
            canary = split.budget * weight / HUNDRED
            if canary != int(canary):
                raise _wrong(
                    f"{weight} % of {split.budget} is no whole number",
                    root,
                    file,
                    "let the two weights sum to 100, or 1000 for tenths of a percent",
                )
            text = _write(text, document, split, int(canary), file)
        return text

    def restore(
        self,
        text: str,
        document: int,
        stable: str,
        stable_document: int,
        *,
        file: Path,
        namespace: str,
        apex: str,
    ) -> str:
        """Put the route lists' bytes back; weight 0 where they differ in more than weights."""
        root, then = _root(text, document, file), _root(stable, stable_document, file)
        for split in _splits(root, file, namespace, apex):
            path = ("spec", "http", split.route, "route")
            now_list, then_list = root.get(*path), then.get(*path)
            if now_list and then_list and _alike(now_list, then_list, file):
                text = splice(text, document, path, stable, stable_document, path, file=file)
        return self.set_weight(
            text, document, Decimal(0), file=file, namespace=namespace, apex=apex
        )


def _write(text: str, document: int, split: Split, canary: int, file: Path) -> str:
    """Set both weights of one list, adding the canary's entry and missing keys where needed."""
    if split.canary is None:
        if canary == 0:
            return text
        text = duplicate_item(text, document, split.at(0)[:-1], split.primary, file=file)
        host = ("destination", "host")
        old = _root(text, document, file).get(*split.at(split.size), *host)
        assert old is not None, "the entry that was copied has a host"
        name = old.value.replace("-primary", "-canary", 1)
        text = set_scalar(text, document, (*split.at(split.size), *host), name, file=file)
    places = (
        (split.primary, split.budget - canary),
        (split.size if split.canary is None else split.canary, canary),
    )
    for item, weight in places:
        node = _root(text, document, file).get(*split.at(item), "weight")
        if node is None:
            text = insert_key(text, document, split.at(item), "weight", weight, file=file)
        elif node.value != str(weight):
            text = set_scalar(text, document, (*split.at(item), "weight"), weight, file=file)
    return text


def _splits(root: Node, file: Path, namespace: str, apex: str) -> list[Split]:
    """Find every list that splits between primary and canary, or that only lacks the canary."""
    found = [
        split
        for index, items in _lists(root)
        if (split := _split(index, items, file, namespace, apex)) is not None
    ]
    if not found:
        raise _wrong(f"No HTTP route names {apex}-primary", root, file)
    both = [split for split in found if split.canary is not None]
    return both or found


def _split(index: int, items: Node, file: Path, namespace: str, apex: str) -> Split | None:
    sides = [_side(item, namespace, apex) for item in items.items]
    if sides.count("primary") > 1 or sides.count("canary") > 1:
        raise _wrong("A route list names one side twice", items, file)
    if "primary" not in sides:
        # Only the canary: a header match, which is exposure but no weight.
        return None
    primary = sides.index("primary")
    canary = sides.index("canary") if "canary" in sides else None
    if len(items.items) == 1:
        return Split(
            route=index, primary=primary, canary=None, primary_weight=100, canary_weight=0, size=1
        )
    weights = [_weight(item, file) for item in items.items]
    split = Split(
        route=index,
        primary=primary,
        canary=canary,
        primary_weight=weights[primary],
        canary_weight=0 if canary is None else weights[canary],
        size=len(items.items),
    )
    if split.budget == 0:
        raise _wrong("Primary and canary both have weight 0 here", items, file)
    return split


def _lists(root: Node) -> Iterator[tuple[int, Node]]:
    routes = root.get("spec", "http")
    for index, route in enumerate(routes.items if routes else ()):
        items = route.get("route")
        if items is not None and items.kind is NodeKind.SEQUENCE:
            yield index, items


def _side(item: Node, namespace: str, apex: str) -> str | None:
    """Tell which side an entry is: by host, or by subset of the apex host."""
    host, subset = item.get("destination", "host"), item.get("destination", "subset")
    if host is None:
        return None
    short = _short(host.value, namespace)
    for side in ("primary", "canary"):
        if short == f"{apex}-{side}":
            return side
        if short == apex and subset is not None and subset.value in {side, f"{apex}-{side}"}:
            return side
    return None


def _short(host: str, namespace: str) -> str:
    for suffix in (".svc.cluster.local", ".svc", ""):
        tail = f".{namespace}{suffix}"
        if host.endswith(tail):
            return host.removesuffix(tail)
    return host


def _weight(item: Node, file: Path) -> int:
    node = item.get("weight")
    if node is None:
        return 0
    text = node.value
    canonical = text.isascii() and text.isdigit() and (text == "0" or text[0] != "0")
    if not node.plain or not canonical or len(text) > len(str(WEIGHT_MAX)):
        raise _wrong(f"The weight {text[:20]!r} is no plain whole number", node, file)
    return int(text)


def _bare(spec: Any, split: Split) -> None:
    """Take one list's own weights, and the canary's entry, out of the plain values.

    Without the entry, so that adding it for the first weight is no override.
    """
    items = spec["http"][split.route]["route"]
    items[split.primary].pop("weight", None)
    if split.canary is not None:
        items.pop(split.canary)


def _alike(now: Node, then: Node, file: Path) -> bool:
    """Whether two lists differ in nothing but weights."""

    def bare(items: Node) -> list[Json]:
        values = [data(item, file=file) for item in items.items]
        return [
            {k: v for k, v in value.items() if k != "weight"} if isinstance(value, dict) else value
            for value in values
        ]

    return same(now, then) or bare(now) == bare(then)


def _root(text: str, document: int, file: Path) -> Node:
    root = parse(text, file=file)[document]
    assert root is not None, "documents are named by their headers"
    return root


def _wrong(
    problem: str,
    node: Node,
    file: Path,
    remedy: str = "route between <apex>-primary and <apex>-canary with whole-number weights",
) -> BindingError:
    return BindingError(f"{problem}.", remedy=remedy, place=Place(file, node.line, node.column))
