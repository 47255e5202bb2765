"""Whether an engine answers at all, and whom its objects belong to: for `doctor`."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gitops_canary.sync import argocd, flux
from gitops_canary.sync.api import Api, NoAnswer
from gitops_canary.sync.kubernetes import Cluster
from gitops_canary.sync.live_object import Thing, mapping, maps
from gitops_canary.sync.options import Options

DISABLED = {
    "kustomize.toolkit.fluxcd.io/reconcile": "Flux leaves it alone",
    "helm.toolkit.fluxcd.io/driftDetection": "Flux's Helm does not watch it",
}
"""Annotations that Flagger puts on what it manages, with what they mean."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What an object in the cluster says about its owner; `problem` is empty where all is well."""

    thing: Thing
    problem: str = ""
    unseen: str = ""
    """Why it could not be seen."""


async def _argocd(o: Options) -> str:
    api = Api("Argo CD", o.url, token_file=o.token_file, ca_file=o.ca_file)
    try:
        async with asyncio.timeout(o.timeout_ms / 1000):
            version = (await api.get("/api/version")).get("Version", "?")
            count = len((await argocd.owners(api, o.applications)).known)
    finally:
        await api.aclose()
    return f"Argo CD {version} shows {count} Applications"


async def _flux(o: Options) -> str:
    api = Api("The Kubernetes API", o.url, token_file=o.token_file, ca_file=o.ca_file)
    try:
        async with asyncio.timeout(o.timeout_ms / 1000):
            count = len((await flux.owners(api)).known)
    finally:
        await api.aclose()
    return f"the cluster shows {count} Kustomizations of Flux"


async def _kubernetes(o: Options) -> str:
    api = Api("The Kubernetes API", o.url, token_file=o.token_file, ca_file=o.ca_file)
    try:
        async with asyncio.timeout(o.timeout_ms / 1000):
            version = (await api.get("/version")).get("gitVersion", "?")
    finally:
        await api.aclose()
    return f"Kubernetes {version} answers"


async def _commit_status(o: Options) -> str:
    api = Api("The forge", o.url, token_file=o.token_file, ca_file=o.ca_file)
    try:
        async with asyncio.timeout(o.timeout_ms / 1000):
            name = (await api.get(f"/repos/{o.repository}")).get("full_name", "?")
    finally:
        await api.aclose()
    return f"the forge shows {name}"


PROBES: Mapping[str, Callable[[Options], Awaitable[str]]] = {
    "argocd": _argocd,
    "commit-status": _commit_status,
    "flux": _flux,
    "kubernetes": _kubernetes,
}
"""What each engine answers, in words; NoAnswer or TimeoutError where it does not."""


async def owners(o: Options, things: Sequence[Thing]) -> tuple[Found, ...]:
    """Look whether Flagger still has a hand on objects in the cluster."""
    api = Api("The Kubernetes API", o.url, token_file=o.token_file, ca_file=o.ca_file)
    cluster = Cluster(api)

    async def one(thing: Thing) -> Found:
        try:
            return Found(thing=thing, problem=managed(await cluster.show(thing)))
        except NoAnswer as error:
            return Found(thing=thing, unseen=str(error))

    try:
        async with asyncio.timeout(o.timeout_ms / 1000):
            return tuple(await asyncio.gather(*(one(thing) for thing in things)))
    except TimeoutError:
        unseen = f"no answer within {o.timeout_ms} ms"
        return tuple(Found(thing=thing, unseen=unseen) for thing in things)
    finally:
        await api.aclose()


def managed(live: Mapping[str, Any]) -> str:
    """Say how Flagger manages an object; empty where it does not."""
    metadata = mapping(live.get("metadata"))
    for one in maps(metadata.get("ownerReferences")):
        if str(one.get("apiVersion", "")).startswith("flagger.app/"):
            return f"it belongs to Flagger's Canary {one.get('name')}, and is deleted with it"
    notes = mapping(metadata.get("annotations"))
    return next((why for key, why in DISABLED.items() if notes.get(key) == "disabled"), "")
