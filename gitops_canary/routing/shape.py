"""What of a routing object a person may not change unseen: everything but the weights."""

import hashlib
import json
from collections.abc import Collection

from gitops_canary.manifest.document import Json, Node, NodeKind, Pointer
from gitops_canary.manifest.scalars import typed
from gitops_canary.model.names import Digest


def digest(parts: list[Json]) -> Digest:
    """Digest plain values; equal values give equal digests."""
    dumped = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return Digest(f"sha256:{hashlib.sha256(dumped.encode()).hexdigest()}")


def bare(node: Node | None, dropped: Collection[Pointer] = (), at: Pointer = ()) -> Json:
    """Give a node as plain values without what lies at the dropped pointers.

    `at` is where the node stands. Aliases and merge keys stay by name: this is for comparing, not
    for reading.
    """
    if node is None:
        return None
    match node.kind:
        case NodeKind.SCALAR:
            return typed(node.value) if node.plain and node.tag is None else node.value
        case NodeKind.ALIAS:
            return [f"*{node.value}"]
        case NodeKind.SEQUENCE:
            return [
                bare(item, dropped, (*at, index))
                for index, item in enumerate(node.items)
                if (*at, index) not in dropped
            ]
        case NodeKind.MAPPING:
            return {
                key.value: bare(value, dropped, (*at, key.value))
                for key, value in node.entries
                if (*at, key.value) not in dropped
            }
