"""Traefik: `spec.weighted.services[].weight` of a TraefikService, and the TCP and UDP routes.

Facts relied on (Traefik's CRD reference): weights are relative, a missing one is 1. In an
IngressRoute (HTTP) weights are documented only for references to a weighted TraefikService, so the
split has to lie in one.
"""

from gitops_canary.routing.groups import listed
from gitops_canary.routing.identity import named
from gitops_canary.routing.lists import Lists
from gitops_canary.routing.splits import Absent, Meaning

_GROUPS = ("traefik.io", "traefik.containo.us")
_KINDS = ("TraefikService", "IngressRouteTCP", "IngressRouteUDP")

TRAEFIK = Lists(
    kinds=frozenset((group, kind) for group in _GROUPS for kind in _KINDS),
    groups=listed("spec.weighted.services", "spec.routes.*.services"),
    meaning=Meaning(identify=named(("name",), namespace=("namespace",)), absent=Absent.ONE),
)
"""The Router of Traefik's weighted services."""
