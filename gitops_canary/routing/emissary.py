"""Emissary-ingress: `spec.weight` of the canary's Mapping.

Facts relied on (Emissary's canary reference): the weight is a percentage of the requests for a
prefix, the rest goes to its Mappings without a weight; so a canary's Mapping without one would get
an even share, and is refused.
"""

from collections.abc import Iterator

from gitops_canary.manifest.document import Node
from gitops_canary.routing.identity import Names, side_of, word
from gitops_canary.routing.numbers import WHOLE
from gitops_canary.routing.single import Single

_EXPOSING = ("headers", "regex_headers", "query_parameters", "regex_query_parameters")


def _belongs(root: Node, names: Names) -> bool:
    service = word(root, ("spec", "service")).rpartition("://")[2].partition(":")[0]
    return side_of(service, names) == "canary"


def _claims(root: Node) -> Iterator[str]:
    host = word(root, ("spec", "hostname")) or word(root, ("spec", "host")) or "*"
    yield f"the canary of {host}{word(root, ('spec', 'prefix'))}"


EMISSARY = Single(
    kinds=frozenset({("getambassador.io", "Mapping")}),
    belongs=_belongs,
    weight_at=("spec", "weight"),
    form=WHOLE,
    absent_is_zero=False,
    exposing=tuple(("spec", name) for name in _EXPOSING),
    claimed=_claims,
)
"""The Router of Emissary's Mappings."""
