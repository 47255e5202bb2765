"""One file per kind of routing object: texts in, texts out (ports.Router)."""

from gitops_canary.ports import Router
from gitops_canary.registry import Registry
from gitops_canary.routing.contour import CONTOUR
from gitops_canary.routing.emissary import EMISSARY
from gitops_canary.routing.field import Field
from gitops_canary.routing.gateway_api import GATEWAY_API
from gitops_canary.routing.istio import ISTIO
from gitops_canary.routing.kubernetes import Kubernetes
from gitops_canary.routing.kuma import KUMA
from gitops_canary.routing.nginx import NGINX
from gitops_canary.routing.tables import TABLE
from gitops_canary.routing.traefik import TRAEFIK

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
        **TABLE,
    },
)
