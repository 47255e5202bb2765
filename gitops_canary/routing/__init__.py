"""One file per kind of routing object: texts in, texts out (ports.Router)."""

from gitops_canary.ports import Founder, Router
from gitops_canary.registry import Registry
from gitops_canary.routing.contour import CONTOUR
from gitops_canary.routing.emissary import EMISSARY
from gitops_canary.routing.field import Field
from gitops_canary.routing.first_splits import (
    EMISSARY_FOUNDER,
    GLOO_FOUNDER,
    LINKERD_FOUNDER,
    OPENSHIFT_FOUNDER,
    SKIPPER_FOUNDER,
    VIRTUAL_SERVER_FOUNDER,
)
from gitops_canary.routing.founding import Adoption
from gitops_canary.routing.gateway_api import GATEWAY_API, GATEWAY_FOUNDER
from gitops_canary.routing.haproxy import HaProxy
from gitops_canary.routing.ingresses import ALB_FOUNDER, HAPROXY_FOUNDER
from gitops_canary.routing.istio import ISTIO, ISTIO_FOUNDER
from gitops_canary.routing.kubernetes import KUBERNETES_FOUNDER, Kubernetes
from gitops_canary.routing.kuma import KUMA, MESH_ROUTES
from gitops_canary.routing.nginx import NGINX, NGINX_FOUNDER
from gitops_canary.routing.tables import APISIX, SMI_VERSIONS, TABLE, traffic_split
from gitops_canary.routing.traefik import TRAEFIK, TRAEFIK_FOUNDER

ROUTERS: Registry[Router] = Registry(
    "routing provider",
    {
        "istio": ISTIO,
        "gatewayapi:v1": GATEWAY_API,
        "gatewayapi:v1beta1": GATEWAY_API,
        "nginx": NGINX,
        "traefik": TRAEFIK,
        "contour": CONTOUR,
        "kuma": KUMA,
        "emissary": EMISSARY,
        "kubernetes": Kubernetes(),
        "field": Field(),
        "haproxy": HaProxy(),
        **TABLE,
    },
)

FOUNDERS: Registry[Founder] = Registry(
    "routing provider whose first split can be written",
    {
        "istio": ISTIO_FOUNDER,
        "gatewayapi:v1": GATEWAY_FOUNDER,
        "gatewayapi:v1beta1": GATEWAY_FOUNDER,
        "nginx": NGINX_FOUNDER,
        "traefik": TRAEFIK_FOUNDER,
        "kubernetes": KUBERNETES_FOUNDER,
        "contour": Adoption(lists=CONTOUR),
        "apisix": Adoption(lists=APISIX),
        "kuma": Adoption(lists=MESH_ROUTES),
        "gloo": GLOO_FOUNDER,
        "skipper": SKIPPER_FOUNDER,
        "alb": ALB_FOUNDER,
        "haproxy": HAPROXY_FOUNDER,
        "openshift": OPENSHIFT_FOUNDER,
        "virtualserver": VIRTUAL_SERVER_FOUNDER,
        "emissary": EMISSARY_FOUNDER,
        "linkerd": LINKERD_FOUNDER,
        **{f"smi:{version}": traffic_split(version) for version in SMI_VERSIONS},
    },
)
"""How a first split comes about, by provider; the others' is written by hand."""
