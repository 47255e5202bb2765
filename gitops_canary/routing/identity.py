"""Which side an entry of a weighted list is: decided by the names in it, never by its place."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from gitops_canary.manifest.document import Node, NodeKind, Pointer

Side = Literal["primary", "canary"]
SIDES: tuple[Side, ...] = ("primary", "canary")


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Whose traffic is split: the Service users call, in its namespace."""

    namespace: str
    apex: str


@dataclass(frozen=True, slots=True)
class Found:
    """An entry's side, and where in the entry the name stands that says so."""

    side: Side
    at: Pointer


Identify = Callable[[Node, Node, Names], Found | None]
"""From the document's root, an entry and the names to the entry's side; None for any other."""


def named(at: Pointer, *, namespace: Pointer = (), kinds: Iterable[str] = ("Service",)) -> Identify:
    """Identify entries by the name of a Service in one field.

    `namespace` is the field that may name another namespace; a `kind` beside the name, where there
    is one, has to be one of `kinds`.
    """
    allowed = frozenset(kinds)
    kind_at = (*at[:-1], "kind")

    def identify(_: Node, entry: Node, names: Names) -> Found | None:
        kind, space = word(entry, kind_at), word(entry, namespace) if namespace else ""
        if (kind and kind not in allowed) or (space and space != names.namespace):
            return None
        side = side_of(word(entry, at), names)
        return Found(side, at) if side else None

    return identify


def side_of(host: str, names: Names) -> Side | None:
    """Tell which side a host name means, short or with its namespace and domain."""
    short = shortened(host, names.namespace)
    return next((side for side in SIDES if short == f"{names.apex}-{side}"), None)


def shortened(host: str, namespace: str) -> str:
    """Take the namespace and the cluster's domain off a host name.

    >>> shortened("shop-canary.prod.svc.cluster.local", "prod"), shortened("shop.other", "prod")
    ('shop-canary', 'shop.other')
    """
    for suffix in (".svc.cluster.local", ".svc", ""):
        tail = f".{namespace}{suffix}"
        if host.endswith(tail):
            return host.removesuffix(tail)
    return host


def renamed(name: str, names: Names) -> str:
    """Turn the primary's name, or subset, into the canary's."""
    whole = f"{names.apex}-primary"
    if whole in name:
        return name.replace(whole, f"{names.apex}-canary", 1)
    return name.replace("primary", "canary", 1)


def word(node: Node, path: Pointer) -> str:
    """Give the text of a scalar; empty where there is none."""
    found = node.get(*path) if path else node
    return found.value if found is not None and found.kind is NodeKind.SCALAR else ""
