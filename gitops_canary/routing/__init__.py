"""One file per kind of routing object: texts in, texts out (ports.Router)."""

from gitops_canary.ports import Router
from gitops_canary.registry import Registry
from gitops_canary.routing.istio import Istio

ROUTERS: Registry[Router] = Registry("routing provider", {"istio": Istio()})
