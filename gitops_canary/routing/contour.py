"""Contour HTTPProxy: `services[].weight` below `spec.routes` and `spec.tcpproxy`.

Facts relied on (Contour's HTTPProxy reference): weights are relative, and 0 and absent cannot be
told apart. Without any weight all services share evenly; as soon as one has a weight, those without
get nothing. A service with `mirror: true` gets copies and takes no part in the split; its weight is
the percentage that is mirrored, and 0 means all.
"""

from collections.abc import Iterator

from gitops_canary.manifest.document import Node
from gitops_canary.routing.groups import listed
from gitops_canary.routing.identity import named, word
from gitops_canary.routing.lists import Lists
from gitops_canary.routing.matching import contour_rules
from gitops_canary.routing.rules import Rules
from gitops_canary.routing.splits import Absent, Meaning


def _claims(root: Node) -> Iterator[str]:
    """Claim the host of a root proxy; included ones have none."""
    host = word(root, ("spec", "virtualhost", "fqdn"))
    if host:
        yield f"the host {host}"


_GROUPS = listed("spec.routes.*.services", "spec.tcpproxy.services")
_MEANING = Meaning(
    identify=named(("name",)),
    absent=Absent.EVEN,
    skip=lambda entry: word(entry, ("mirror",)) == "true",
)
CONTOUR = Lists(
    kinds=frozenset({("projectcontour.io", "HTTPProxy")}),
    groups=_GROUPS,
    meaning=_MEANING,
    claimed=_claims,
    shared=True,
    matcher=Rules(
        path=("spec", "routes"),
        groups=_GROUPS,
        meaning=_MEANING,
        build=contour_rules,
        able=frozenset({"HTTPProxy"}),
    ),
)
"""The Router of HTTPProxies."""
