"""Routing objects of every kind, written as people write them: primary 100, canary 0."""

from dataclasses import dataclass
from decimal import Decimal

from single_routes import ALB, ALB_LINE, EMISSARY, HAPROXY, KUBERNETES, NGINX, SKIPPER

HEAD = "# who gets what\n---\napiVersion: {}\nkind: {}\nmetadata:\n  name: shop\n"
ENTRIES = "{indent}- name: shop-primary  # stays\n{indent}  port: 80\n{indent}  weight: {p}\n"
CANARY = "{indent}- name: shop-canary\n{indent}  port: 80\n{indent}  weight: {c}\n"


@dataclass(frozen=True, kw_only=True)
class Case:
    """One kind of object. `lone` has no canary's entry, `bare` has both without weights."""

    provider: str
    text: str
    lone: str = ""
    bare: str = ""
    bare_weight: Decimal = Decimal(50)
    weights: tuple[str, ...] = ("5", "37", "100")
    """Percents that the text's total can express."""
    illegal: str = ""
    """What to put in the canary's weight's place that this kind does not take."""


def both(api: str, kind: str, above: str, indent: int) -> str:
    space = " " * indent
    head = HEAD.format(api, kind)
    return (
        head
        + above
        + ENTRIES.format(indent=space, p=100)
        + CANARY.format(indent=space, c=0)
        + "  # the end\n"
    )


def lone(api: str, kind: str, above: str, indent: int) -> str:
    space = " " * indent
    return HEAD.format(api, kind) + above + f"{space}- name: shop-primary\n{space}  port: 80\n"


def bare(api: str, kind: str, above: str, indent: int) -> str:
    space = " " * indent
    canary = f"{space}- name: shop-canary\n{space}  port: 80\n"
    return lone(api, kind, above, indent) + canary


def listed(provider: str, api: str, kind: str, above: str, indent: int, **rest: str) -> Case:
    shape = (api, kind, above, indent)
    return Case(provider=provider, text=both(*shape), lone=lone(*shape), illegal="-1", **rest)  # type: ignore[arg-type] # named by the callers


def even(provider: str, api: str, kind: str, above: str, indent: int) -> Case:
    return listed(provider, api, kind, above, indent, bare=bare(api, kind, above, indent))


ISTIO = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop}
spec:
  hosts: [shop]
  {proto}:
  - route:
    - destination:
        host: shop-primary
      weight: 100   # stays
    - {destination: {host: shop-canary}, weight: 0}
"""
RULES = "spec:\n  parentRefs:\n  - name: gate\n  rules:\n  - backendRefs:\n"
KUMA_LABELS = """\
apiVersion: kuma.io/v1alpha1
kind: MeshHTTPRoute
metadata: {name: shop}
spec:
  to:
    - targetRef: {kind: MeshService, labels: {kuma.io/display-name: shop}}
      rules:
        - default:
            backendRefs:
              - kind: MeshService
                labels:
                  kuma.io/display-name: shop-primary
                  k8s.kuma.io/namespace: prod
                port: 80
                weight: 100
              - kind: MeshService
                labels: {kuma.io/display-name: shop-canary}
                port: 80
                weight: 0
"""
KUMA_OLD = """\
apiVersion: kuma.io/v1alpha1
kind: TrafficRoute
mesh: default
metadata: {name: shop}
spec:
  sources: [{match: {kuma.io/service: "*"}}]
  destinations: [{match: {kuma.io/service: shop_prod_svc_80}}]
  conf:
    split:
      - weight: 100
        destination:
          kuma.io/service: shop-primary_prod_svc_80
      - weight: 0
        destination:
          kuma.io/service: shop-canary_prod_svc_80
"""
SMI = """\
apiVersion: split.smi-spec.io/{version}
kind: TrafficSplit
metadata: {{name: shop}}
spec:
  service: shop
  backends:
    - service: shop-primary
      weight: {p}
    - service: shop-canary
      weight: {c}
"""
GLOO = """\
apiVersion: gateway.solo.io/v1
kind: RouteTable
metadata: {name: shop}
spec:
  routes:
    - routeAction:
        multi:
          destinations:
            - destination: {kube: {ref: {name: shop-primary, namespace: prod}, port: 80}}
              weight: 100
            - destination:
                upstream:
                  name: prod-shop-canary-80
                  namespace: gloo-system
              weight: 0
"""
APISIX = """\
apiVersion: apisix.apache.org/v2
kind: ApisixRoute
metadata: {name: shop}
spec:
  http:
    - name: shop
      backends:
        - serviceName: shop-primary
          weight: 100
        - serviceName: shop-canary
          weight: 0
"""
KNATIVE = """\
apiVersion: serving.knative.dev/v1
kind: Service
metadata: {name: shop}
spec:
  traffic:
    - revisionName: shop-00001
      percent: 100
    - latestRevision: true
      percent: 0
"""
VIRTUAL_SERVER = """\
apiVersion: k8s.nginx.org/v1
kind: VirtualServer
metadata: {name: shop}
spec:
  host: shop.example.com
  upstreams:
    - {name: old, service: shop-primary, port: 80}
    - {name: new, service: shop-canary, port: 80}
  routes:
    - path: /
      splits:
        - weight: 100
          action: {pass: old}
        - weight: 0
          action: {pass: new}
"""
ROUTE_GROUP = """\
apiVersion: zalando.org/v1
kind: RouteGroup
metadata: {name: shop}
spec:
  backends:
    - {name: old, type: service, serviceName: shop-primary, servicePort: 80}
    - {name: new, type: service, serviceName: shop-canary, servicePort: 80}
  defaultBackends:
    - backendName: old
      weight: 100
    - backendName: new
      weight: 0
"""
OPENSHIFT = """\
apiVersion: route.openshift.io/v1
kind: Route
metadata: {name: shop}
spec:
  to:
    kind: Service
    name: shop-primary
    weight: 100
  alternateBackends:
    - kind: Service
      name: shop-canary
      weight: 0
"""
_GROUP = "gateway.networking.k8s.io"
CASES = {
    "istio-http": Case(provider="istio", text=ISTIO.replace("{proto}", "http"), illegal='"5"'),
    "istio-tcp": Case(provider="istio", text=ISTIO.replace("{proto}", "tcp"), illegal="0x5"),
    "istio-tls": Case(provider="istio", text=ISTIO.replace("{proto}", "tls"), illegal="1e1"),
    **{
        f"gateway-{kind}-{version}": even(
            "gatewayapi:v1", f"{_GROUP}/{version}", kind, RULES, 4
        )
        for kind in ("HTTPRoute", "GRPCRoute", "TCPRoute")
        for version in ("v1", "v1beta1")
    },
    "linkerd-route": even("linkerd", "policy.linkerd.io/v1beta3", "HTTPRoute", RULES, 4),
    "linkerd-split": Case(
        provider="linkerd",
        text=SMI.format(version="v1alpha1", p=100, c=0),
        illegal="1k",
    ),
    "traefik": even(
        "traefik", "traefik.io/v1alpha1", "TraefikService",
        "spec:\n  weighted:\n    services:\n", 4,
    ),
    "traefik-tcp": even(
        "traefik", "traefik.containo.us/v1alpha1", "IngressRouteTCP",
        "spec:\n  routes:\n  - match: HostSNI(`*`)\n    services:\n", 4,
    ),
    "contour": even(
        "contour", "projectcontour.io/v1", "HTTPProxy",
        "spec:\n  virtualhost: {fqdn: shop.example.com}\n  routes:\n  - services:\n", 4,
    ),
    "contour-tcp": even(
        "contour", "projectcontour.io/v1", "HTTPProxy", "spec:\n  tcpproxy:\n    services:\n", 6
    ),
    "kuma": even(
        "kuma", "kuma.io/v1alpha1", "MeshHTTPRoute",
        "spec:\n  to:\n  - rules:\n    - default:\n        backendRefs:\n", 8,
    ),
    "kuma-tcp": even(
        "kuma", "kuma.io/v1alpha1", "MeshTCPRoute",
        "spec:\n  targetRef: {kind: Mesh}\n  to:\n  - targetRef: {kind: MeshService, name: shop}\n"
        "    rules:\n    - default:\n        backendRefs:\n", 8,
    ),
    "kuma-labels": Case(provider="kuma", text=KUMA_LABELS, illegal="-1"),
    "kuma-traffic": Case(provider="kuma", text=KUMA_OLD, illegal="much"),
    "smi-milli": Case(
        provider="smi:v1alpha1",
        text=SMI.format(version="v1alpha1", p="1000m", c="0m"),
        weights=("0.1", "50", "100"),
        illegal="5u",
    ),
    **{
        f"smi-{version}": Case(
            provider=f"smi:{version}",
            text=SMI.format(version=version, p=100, c=0),
            illegal="500m",
        )
        for version in ("v1alpha2", "v1alpha3", "v1alpha4")
    },
    "gloo": Case(provider="gloo", text=GLOO, illegal="1.5"),
    "apisix": Case(provider="apisix", text=APISIX, illegal="yes"),
    "knative": Case(provider="knative", text=KNATIVE, illegal="7"),
    "virtualserver": Case(provider="virtualserver", text=VIRTUAL_SERVER, illegal="1"),
    "skipper": Case(provider="skipper", text=ROUTE_GROUP, illegal="0.5"),
    "alb": Case(provider="alb", text=ALB, illegal="1000"),
    "alb-line": Case(provider="alb", text=ALB_LINE, illegal="true"),
    "skipper-ingress": Case(provider="skipper", text=SKIPPER, illegal="0.5"),
    "openshift": Case(provider="openshift", text=OPENSHIFT, illegal="257"),
    "haproxy": Case(provider="haproxy", text=HAPROXY),
    "nginx": Case(provider="nginx", text=NGINX, illegal='"101"'),
    "emissary": Case(provider="emissary", text=EMISSARY, illegal="101"),
    "kubernetes": Case(provider="kubernetes", text=KUBERNETES, weights=("100",)),
}  # fmt: skip
