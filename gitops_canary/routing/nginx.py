"""ingress-nginx: the annotation `canary-weight` of a second, canary Ingress.

Facts relied on (ingress-nginx' canary annotations): weights are texts from 0 to
`canary-weight-total` (100 where absent), a missing weight is 0, header and cookie rules win over
it, and there is at most one canary Ingress for each rule.
"""

from collections.abc import Iterator

from gitops_canary.manifest.document import Node
from gitops_canary.routing.identity import Names, word
from gitops_canary.routing.numbers import QUOTED
from gitops_canary.routing.single import Single

_PREFIX = "nginx.ingress.kubernetes.io/"
ANNOTATIONS = ("metadata", "annotations")
INGRESS = frozenset({("networking.k8s.io", "Ingress"), ("extensions", "Ingress")})
_RULES = ("canary-by-header", "canary-by-header-value", "canary-by-header-pattern",
          "canary-by-cookie")  # fmt: skip


def _belongs(root: Node, names: Names) -> bool:
    canary = word(root, (*ANNOTATIONS, f"{_PREFIX}canary")) == "true"
    return canary and f"{names.apex}-canary" in {service for _, service in backends(root)}


def backends(root: Node) -> Iterator[tuple[str, str]]:
    """Give host and path, and the Service's name, of every path of an Ingress."""
    rules = root.get("spec", "rules")
    for rule in rules.items if rules else ():
        paths = rule.get("http", "paths")
        for path in paths.items if paths else ():
            service = word(path, ("backend", "service", "name"))
            old = word(path, ("backend", "serviceName"))
            yield f"{word(rule, ('host',)) or '*'}{word(path, ('path',))}", service or old


def _claims(root: Node) -> Iterator[str]:
    for where, _ in backends(root):
        yield f"the canary of {where}"


NGINX = Single(
    kinds=INGRESS,
    belongs=_belongs,
    weight_at=(*ANNOTATIONS, f"{_PREFIX}canary-weight"),
    form=QUOTED,
    absent_is_zero=True,
    total_at=(*ANNOTATIONS, f"{_PREFIX}canary-weight-total"),
    exposing=tuple((*ANNOTATIONS, _PREFIX + rule) for rule in _RULES[:1] + _RULES[3:]),
    scope=(("spec",), ANNOTATIONS),
    claimed=_claims,
)
"""The Router of canary Ingresses."""
