"""Traefik: `spec.weighted.services[].weight` of a TraefikService, and the TCP and UDP routes.

Facts relied on (Traefik's CRD reference): weights are relative, a missing one is 1. In an
IngressRoute (HTTP) weights are documented only for references to a weighted TraefikService, so the
split has to lie in one.
"""

from collections.abc import Iterator

from gitops_canary.errors import Place
from gitops_canary.manifest.document import (
    Json,
    Node,
    Pointer,
    data,
    insert_key,
    remove,
    set_scalar,
)
from gitops_canary.model.initial import Wanted
from gitops_canary.model.names import Path
from gitops_canary.routing import claims
from gitops_canary.routing.founding import Adoption, Made, metadata, none_to_create
from gitops_canary.routing.groups import listed
from gitops_canary.routing.identity import named, word
from gitops_canary.routing.lists import Lists
from gitops_canary.routing.refusal import root_of, wrong
from gitops_canary.routing.splits import Absent, Meaning

_GROUPS = ("traefik.io", "traefik.containo.us")
_KINDS = ("TraefikService", "IngressRouteTCP", "IngressRouteUDP")

TRAEFIK = Lists(
    kinds=frozenset((group, kind) for group in _GROUPS for kind in _KINDS),
    groups=listed("spec.weighted.services", "spec.routes.*.services"),
    meaning=Meaning(identify=named(("name",), namespace=("namespace",)), absent=Absent.ONE),
    claimed=claims.traefik,
)
"""The Router of Traefik's weighted services."""

_ADOPTION = Adoption(lists=TRAEFIK)
_KEPT = (
    "namespace", "scheme", "passHostHeader", "responseForwarding", "serversTransport",
    "nativeLB", "nodePortLB", "passiveHealthCheck",
)  # fmt: skip
"""What a reference says of the Service itself, and the weighted service has to say then."""


class _Weighted:
    """The Founder: a TraefikService that splits, and the IngressRoute that leads to it."""

    kinds = TRAEFIK.kinds | {(group, "IngressRoute") for group in _GROUPS}

    def leads(self, text: str, document: int, wanted: Wanted) -> bool:
        """Tell whether this object sends traffic to the Service users call."""
        root = root_of(text, document, Path(""))
        if word(root, ("kind",)) == "IngressRoute":
            return next(_references(root, wanted), None) is not None
        return _ADOPTION.leads(text, document, wanted)

    def adopt(self, text: str, document: int, wanted: Wanted, *, file: Path) -> tuple[str, Made]:
        """Let it lead to a weighted service."""
        root = root_of(text, document, file)
        if word(root, ("kind",)) != "IngressRoute":
            return _ADOPTION.adopt(text, document, wanted, file=file)
        kept: dict[str, Json] = {}
        for at in list(_references(root, wanted)):
            before = kept
            entry = root.get(*at) or root
            for key in ("sticky", "strategy", "healthCheck"):
                if entry.get(key) is not None:
                    problem = f"`{key}` stands at the Service, and a weighted service has it not"
                    raise wrong(problem, entry, file, "take it out, or write the split by hand")
            whole = data(entry, file=file)
            assert isinstance(whole, dict), "references are mappings"
            port = {"port": whole.get("port", wanted.port)}
            kept = port | {key: whole[key] for key in _KEPT if key in whole}
            if before and before != kept:
                problem = "This says otherwise of the Service than the reference before it"
                remedy = "let both say the same (port, scheme and the rest)"
                raise wrong(problem, entry, file, remedy)
            text = _led(text, document, at, entry, file)
        sides: list[Json] = [
            {"name": f"{wanted.apex}-primary", **kept, "weight": wanted.whole},
            {"name": f"{wanted.apex}-canary", **kept, "weight": 0},
        ]
        made = {
            "apiVersion": word(root, ("apiVersion",)),
            "kind": "TraefikService",
            "metadata": metadata(wanted, wanted.apex),
            "spec": {"weighted": {"services": sides}},
        }
        return text, (made,)

    def create(self, wanted: Wanted, *, place: Place) -> Made:
        """Refuse: the rule that leads here is only a person's to know."""
        return none_to_create(wanted, place)


def _references(root: Node, wanted: Wanted) -> Iterator[Pointer]:
    """Give the places of an IngressRoute that name the Service."""
    routes = root.get("spec", "routes")
    for index, route in enumerate(routes.items if routes else ()):
        services = route.get("services")
        for number, one in enumerate(services.items if services else ()):
            here = word(one, ("namespace",)) in {"", wanted.namespace}
            plain = word(one, ("kind",)) in {"", "Service"}
            if here and plain and word(one, ("name",)) == wanted.apex:
                yield ("spec", "routes", index, "services", number)


def _led(text: str, document: int, at: Pointer, entry: Node, file: Path) -> str:
    """Let a reference mean the weighted service, which has the port and the rest itself."""
    kind = (*at, "kind")
    if entry.get("kind") is None:
        text = insert_key(text, document, at, "kind", "TraefikService", file=file)
    else:
        text = set_scalar(text, document, kind, "TraefikService", file=file)
    for key in ("port", "weight", *_KEPT[1:]):
        if entry.get(key) is not None:
            text = remove(text, document, (*at, key), file=file)
    return text


TRAEFIK_FOUNDER = _Weighted()
"""The Founder of weighted services."""
