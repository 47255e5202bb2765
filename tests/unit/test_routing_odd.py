"""Odd objects that a cluster takes: weights go round alone, or a refusal says what to write."""

from decimal import Decimal

import pytest

from gitops_canary.errors import CanaryError
from gitops_canary.model.names import Path
from gitops_canary.routing import ROUTERS

FILE = Path("route.yaml")
WHERE = {"namespace": "prod", "apex": "shop"}
HEAD = "apiVersion: {}\nkind: {}\nmetadata: {{name: shop, namespace: prod}}\nspec:\n"


WEIGHT = "nginx.ingress.kubernetes.io/canary-weight"


def istio(body: str) -> str:
    head = HEAD.format("networking.istio.io/v1", "VirtualService")
    return f"{head}  hosts: [shop]\n  http:\n{body}"


def gateway(body: str) -> str:
    return f"{HEAD.format('gateway.networking.k8s.io/v1', 'HTTPRoute')}  rules:\n{body}"


def nginx(more: str, canary: str = '"true"') -> str:
    notes = f"    nginx.ingress.kubernetes.io/canary: {canary}\n" + "".join(
        f"    nginx.ingress.kubernetes.io/{line}\n" for line in more.split("|")
    )
    head = HEAD.format("networking.k8s.io/v1", "Ingress").replace(
        "{name: shop, namespace: prod}", ""
    )
    path = "{path: /, backend: {service: {name: shop-canary, port: {number: 80}}}}"
    return (
        head.replace("metadata: \n", f"metadata:\n  name: x\n  annotations:\n{notes}")
        + f"  rules: [{{host: a, http: {{paths: [{path}]}}}}]\n"
    )


def traefik(body: str) -> str:
    return (
        f"{HEAD.format('traefik.io/v1alpha1', 'TraefikService')}  weighted:\n    services:\n{body}"
    )


def contour(body: str) -> str:
    head = HEAD.format("projectcontour.io/v1", "HTTPProxy")
    return f"{head}  virtualhost: {{fqdn: a.example}}\n  routes:\n{body}"


ISTIO = """\
  - route:
    - destination: {host: shop-primary}
      weight: 100
    - destination: {host: shop-canary}
      weight: 0
"""
RULE = """\
  - backendRefs:
    - {name: shop-primary, port: 80, weight: 100}
    - {name: shop-canary, port: 80, weight: 0}
"""
SERVICES = """\
    - {name: shop-primary, port: 80, weight: 100}
    - {name: shop-canary, port: 80, weight: 0}
"""
ROUTE = f"  - services:\n{SERVICES}"
COMMENTED = """\
  # first
  - name: x # y
    route: # z
      # a
      - # b
        weight: 100 # c
        # d
        destination: # e
          # f
          host: shop-primary # g
      # h
      - destination:
          host: shop-canary
        weight: 0
      # i
    timeout: 3s
"""
GOES_ROUND = {
    "istio a redirect": (
        istio("  - match: [{uri: {exact: /o}}]\n    redirect: {uri: /n}\n" + ISTIO),
        0,
    ),
    "istio an answer": (
        istio("  - match: [{uri: {exact: /o}}]\n    directResponse: {status: 503}\n" + ISTIO),
        0,
    ),
    "istio whole names": (
        istio(
            ISTIO.replace("shop-primary", "shop-primary.prod.svc.cluster.local").replace(
                "shop-canary", "shop-canary.prod.svc"
            )
        ),
        0,
    ),
    "istio another port": (
        istio(ISTIO.replace("shop-canary}", "shop-canary, port: {number: 81}}")),
        0,
    ),
    "istio mirrors": (istio(ISTIO + "    mirrors: [{destination: {host: shop-canary}}]\n"), 0),
    "istio faults": (
        istio(ISTIO + "    fault: {abort: {percentage: {value: 5}, httpStatus: 500}}\n"),
        0,
    ),
    "istio both protocols": (istio(ISTIO) + "  tcp:\n" + ISTIO, 0),
    "istio anchors nobody uses": (
        istio(ISTIO.replace("100", "&p 100").replace(": 0", ": &c 0")),
        0,
    ),
    "istio comments everywhere": (istio(COMMENTED), 0),
    "istio a third in 1000": (
        istio(ISTIO.replace("100", "900") + "    - destination: {host: old}\n      weight: 100\n"),
        0,
    ),
    "istio a header's own way": (
        istio(
            "  - match: [{headers: {x: {exact: y}}}]\n"
            "    route: [{destination: {host: shop-canary}}]\n" + ISTIO
        ),
        1,
    ),
    "gatewayapi:v1 group and kind": (
        gateway(RULE.replace("{name: shop-c", "{group: '', kind: Service, name: shop-c")),
        0,
    ),
    "gatewayapi:v1 own namespace": (
        gateway(RULE.replace("{name: shop-c", "{namespace: prod, name: shop-c")),
        0,
    ),
    "gatewayapi:v1 a million": (gateway(RULE.replace("100", "1000000")), 0),
    "gatewayapi:v1 a redirect": (
        gateway(
            "  - filters: [{type: RequestRedirect, requestRedirect: {scheme: https}}]\n" + RULE
        ),
        0,
    ),
    "gatewayapi:v1 a mirror": (
        gateway(
            "  - filters:\n"
            "    - {type: RequestMirror, requestMirror: {backendRef: {name: shop-canary}}}\n"
            + RULE.replace("  - b", "    b")
        ),
        0,
    ),
    "gatewayapi:v1 filters with weights": (
        gateway(
            RULE.replace(
                "weight: 0}",
                "weight: 0, filters: [{type: RequestHeaderModifier, "
                "requestHeaderModifier: {set: [{name: weight, value: '3'}]}}]}",
            )
        ),
        0,
    ),
    "gatewayapi:v1 a header's own way": (
        gateway(
            "  - matches: [{headers: [{name: x, value: v}]}]\n"
            "    backendRefs: [{name: shop-canary}]\n" + RULE
        ),
        1,
    ),
    "gatewayapi:v1 a header's way with 0": (
        gateway(
            "  - matches: [{headers: [{name: x, value: v}]}]\n"
            "    backendRefs: [{name: shop-canary, weight: 0}]\n" + RULE
        ),
        0,
    ),
    "nginx in 1000": (nginx("canary-weight: '0' # x|canary-weight-total: '1000'"), 0),
    "nginx quoted keys": (nginx("canary-weight: '0'").replace(WEIGHT, f"'{WEIGHT}'"), 0),
    "nginx a cookie": (nginx("canary-weight: '0'|canary-by-cookie: c"), 1),
    "nginx a header": (
        nginx("canary-weight: '0'|canary-by-header: x|canary-by-header-pattern: a.*"),
        1,
    ),
    "traefik sticky": (traefik(SERVICES + "    sticky: {cookie: {name: s}}\n"), 0),
    "traefik own namespace": (
        traefik(SERVICES.replace("{name: shop-c", "{namespace: prod, name: shop-c")),
        0,
    ),
    "contour a mirror": (
        contour(ROUTE + "    - {name: shop-canary, port: 80, mirror: true, weight: 50}\n"),
        0,
    ),
    "contour a header's own way": (
        contour(
            "  - conditions: [{header: {name: x, exact: v}}]\n"
            "    services: [{name: shop-canary, port: 80}]\n" + ROUTE
        ),
        1,
    ),
    "contour a slow start": (
        contour(ROUTE.replace("weight: 0", "weight: 0, slowStartPolicy: {window: 3s}")),
        0,
    ),
    "contour a redirect": (
        contour("  - conditions: [{prefix: /o}]\n    requestRedirectPolicy: {path: /n}\n" + ROUTE),
        0,
    ),
}


@pytest.mark.parametrize("name", GOES_ROUND)
def test_an_odd_object_goes_round_by_its_weights_alone(name: str) -> None:
    text, exposed = GOES_ROUND[name]
    router = ROUTERS[name.partition(" ")[0]]
    assert router.matches(text, 0, **WHERE)
    assert len(router.exposure(text, 0, **WHERE)) == exposed
    for weight in (5, 50, 100):
        new = router.set_weight(text, 0, Decimal(weight), file=FILE, **WHERE)
        assert router.weight(new, 0, file=FILE, **WHERE) == weight
        pairs = list(zip(text.splitlines(), new.splitlines(), strict=True))
        changed = [one for one, other in pairs if one != other]
        assert changed
        assert all("weight" in one for one in changed)
        assert router.set_weight(new, 0, Decimal(0), file=FILE, **WHERE) == text
        assert router.restore(new, 0, text, 0, file=FILE, **WHERE) == text


TWICE = "    - {name: shop-primary, port: 81, weight: 0}\n"
REFUSED = {
    "istio another share": (
        istio(ISTIO + ISTIO.replace("100", "20").replace(": 0", ": 80")),
        "15:7",
        "the same share",
    ),
    "istio an alias": (
        istio(ISTIO.replace("100", "&w 100") + ISTIO.replace("100", "*w")),
        "14:15",
        "write it out, like 100",
    ),
    "istio a text": (istio(ISTIO.replace("100", '"100"')), "9:15", "write it out, like 100"),
    "istio octal": (istio(ISTIO.replace("100", "0144")), "9:15", "write it out, like 100"),
    "istio nothing": (istio(ISTIO.replace(" 100", "")), "9:14", "write it out, like 100"),
    "istio nobody": (istio(ISTIO.replace("100", "0")), "8:7", "give the primary 100"),
    "gatewayapi:v1 a side twice": (gateway(RULE + TWICE), "7:7", "let one entry name it"),
    "gatewayapi:v1 too much": (
        gateway(RULE.replace("100", "1000001")),
        "7:46",
        "write it out, like 100",
    ),
    "nginx a number": (nginx("canary-weight: 0"), "7:48", 'write it out, like "100"'),
    "nginx a block": (nginx("canary-weight: >-\n      0"), "7:48", 'write it out, like "100"'),
    "nginx too much": (nginx("canary-weight: '150'"), "7:48", 'write it out, like "100"'),
    "nginx of nothing": (
        nginx("canary-weight: '0'|canary-weight-total: '0'"),
        "8:54",
        'write it out, like "100"',
    ),
    "contour a side twice": (contour(ROUTE + TWICE), "8:7", "let one entry name it"),
    "contour nobody": (
        contour(ROUTE.replace("100", "0") + "    - {name: old, port: 80, weight: 9}\n"),
        "8:7",
        "give the primary 100",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_clear_share_says_what_to_write(name: str) -> None:
    text, place, remedy = REFUSED[name]
    router = ROUTERS[name.partition(" ")[0]]
    with pytest.raises(CanaryError) as refused:
        router.weight(text, 0, file=FILE, **WHERE)
    assert (str(refused.value.place), remedy in refused.value.remedy) == (
        f"{FILE}:{place}",
        True,
    ), refused.value
