"""Asking a sync engine to look at Git now, and saying how a person makes it look away.

Each has a connection of its own, which no look at what is live waits for.

Argo CD's `GET /api/v1/applications/{name}?refresh=normal|hard` (2.10 to 3.2) needs the right to
`get` alone. Flux takes every new value of the annotation `reconcile.fluxcd.io/requestedAt` for a
request (`apis/meta`, Flux 2.3 to 2.7), which needs the right to patch; see
`manifests/controller/refresh`.
"""

import asyncio
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from shlex import quote as quoted
from typing import Final, TypeVar

from gitops_canary.core.text import one_line
from gitops_canary.errors import Unavailable
from gitops_canary.model.names import CanaryId
from gitops_canary.model.observation import Halt, Touched
from gitops_canary.sync import argocd, flux
from gitops_canary.sync.api import Api, NoAnswer
from gitops_canary.sync.cluster import routed
from gitops_canary.sync.live_object import Thing, mapping, part
from gitops_canary.sync.owners import Json, Owners

REQUESTED_AT: Final = "reconcile.fluxcd.io/requestedAt"
SOURCE_VERSION: Final = "source.toolkit.fluxcd.io/v1"
T = TypeVar("T")


class ArgoCdEngine:
    """Argo CD: refreshes the Applications of a push, without its caches where it is urgent."""

    def __init__(self, api: Api, *, names: Sequence[str], timeout_ms: int) -> None:
        self._api = api
        self._names = names
        self._timeout_ms = timeout_ms

    async def refresh(self, touched: Sequence[Touched], now_ms: int) -> None:  # noqa: ARG002 - port
        """Refresh every Application that has an object of the push."""
        await _within(self._refresh(touched), self._timeout_ms)

    async def halting(self, touched: Sequence[Touched]) -> Mapping[CanaryId, Halt]:
        """Turn automated sync off, and on again as it is now."""
        known = await _within(argocd.owners(self._api, self._names), self._timeout_ms)
        return {one.canary: _argocd_halt(apps) for one in touched if (apps := _of(known, one))}

    async def aclose(self) -> None:
        """Close the connections."""
        await self._api.aclose()

    async def _refresh(self, touched: Sequence[Touched]) -> None:
        found, missing = owning(await argocd.owners(self._api, self._names), touched)
        await _all(self._ask(app, hard=urgent) for app, urgent in found)
        _complain(missing, "Application of Argo CD")

    async def _ask(self, app: Json, *, hard: bool) -> None:
        query = {"refresh": "hard" if hard else "normal"}
        if space := mapping(app.get("metadata")).get("namespace"):
            query["appNamespace"] = str(space)
        await self._api.get(f"/api/v1/applications/{part(argocd.name_of(app))}", query)


class FluxEngine:
    """Flux: fetches the sources of a push; Kustomizations follow their source by themselves.

    Where it is urgent they are requested too: one may be waiting between two retries.
    """

    def __init__(self, api: Api, *, timeout_ms: int) -> None:
        self._api = api
        self._timeout_ms = timeout_ms

    async def refresh(self, touched: Sequence[Touched], now_ms: int) -> None:
        """Request the GitRepository of every Kustomization that has an object of the push."""
        await _within(self._refresh(touched, str(now_ms)), self._timeout_ms)

    async def halting(self, touched: Sequence[Touched]) -> Mapping[CanaryId, Halt]:
        """Suspend the Kustomizations, and resume them."""
        known = await _within(flux.owners(self._api), self._timeout_ms)
        return {one.canary: _flux_halt(found) for one in touched if (found := _of(known, one))}

    async def aclose(self) -> None:
        """Close the connections."""
        await self._api.aclose()

    async def _refresh(self, touched: Sequence[Touched], token: str) -> None:
        found, missing = owning(await flux.owners(self._api), touched)
        sources = dict.fromkeys(source_path(one) for one, _ in found)
        await _all(self._api.annotate(path, REQUESTED_AT, token) for path in sources if path)
        urgent = [path(one) for one, hard in found if hard]
        await _all(self._api.annotate(one, REQUESTED_AT, token) for one in urgent)
        _complain(missing, "Kustomization of Flux")
        if None in sources:
            names = [flux.name_of(one) for one, _ in found if source_path(one) is None]
            raise NoAnswer(
                f"Kustomization {one_line(names[0])} applies no GitRepository: "
                "let it apply one, or turn the source's refresh off"
            )


def owning(
    known: Owners, touched: Sequence[Touched]
) -> tuple[Sequence[tuple[Json, bool]], Sequence[Touched]]:
    """Find what applies the objects of a push, urgent ones first, and what nothing applies."""
    found: dict[int, tuple[Json, bool]] = {}
    missing = []
    for one in touched:
        owners = _of(known, one)
        if not owners:
            missing.append(one)
        for owner in owners:
            _, urgent = found.get(id(owner), (owner, False))
            found[id(owner)] = owner, urgent or one.urgent
    return sorted(found.values(), key=lambda pair: not pair[1]), missing


def _of(known: Owners, one: Touched) -> Sequence[Json]:
    """List whatever applies any object of a canary, each once."""
    things = (
        *(Thing("apps/v1", one.kind, one.namespace, name) for name in one.workloads),
        *routed(one.routes, one.namespace),
    )
    return tuple({id(it): it for thing in things for it in known.of(thing)}.values())


def _argocd_halt(apps: Sequence[Json]) -> Halt:
    policies = [(app, argocd.automated(app)) for app in apps]
    automated = [(app, policy) for app, policy in policies if policy is not None]
    return Halt(
        stop=tuple(f"argocd app set {_said(app)} --sync-policy none" for app, _ in automated),
        resume=tuple(
            f"argocd app set {_said(app)} --sync-policy automated"
            + (" --auto-prune" if policy.get("prune") else "")
            + (" --self-heal" if policy.get("selfHeal") else "")
            for app, policy in automated
        ),
    )


def _flux_halt(found: Sequence[Json]) -> Halt:
    names = [" -n ".join(map(quoted, flux.name_of(one).split("/")[::-1])) for one in found]
    return Halt(
        stop=tuple(f"flux suspend kustomization {name}" for name in names),
        resume=tuple(f"flux resume kustomization {name}" for name in names),
    )


def source_path(one: Json) -> str | None:
    """Give the path of the GitRepository a Kustomization applies; None where it applies none."""
    source = mapping(mapping(one.get("spec")).get("sourceRef"))
    if source.get("kind") != "GitRepository":
        return None
    space = source.get("namespace") or mapping(one.get("metadata")).get("namespace")
    name = part(source.get("name"))
    return f"/apis/{SOURCE_VERSION}/namespaces/{part(space)}/gitrepositories/{name}"


def path(one: Json) -> str:
    """Give the path of a Kustomization."""
    metadata = mapping(one.get("metadata"))
    space, name = part(metadata.get("namespace")), part(metadata.get("name"))
    return f"/apis/{flux.API_VERSION}/namespaces/{space}/kustomizations/{name}"


def _complain(missing: Sequence[Touched], kind: str) -> None:
    if missing:
        whose = missing[0].canary
        raise NoAnswer(f"No {kind} has an object of {whose}: create one, or wait for it")


def _said(app: Json) -> str:
    space = mapping(app.get("metadata")).get("namespace")
    return quoted(f"{space}/{argocd.name_of(app)}" if space else argocd.name_of(app))


async def _within(asked: Awaitable[T], timeout_ms: int) -> T:
    try:
        async with asyncio.timeout(timeout_ms / 1000):
            return await asked
    except NoAnswer as error:
        problem, _, remedy = str(error).rpartition(": ")
        raise Unavailable(f"{problem}.", remedy=remedy) from None
    except TimeoutError:
        raise Unavailable(
            f"The sync engine did not answer within {timeout_ms} ms.",
            remedy="look at its load; it looks at Git by itself at its interval",
        ) from None


async def _all(asked: Iterable[Awaitable[None]]) -> None:
    """Carry all requests out before the first trouble is told."""
    for one in await asyncio.gather(*asked, return_exceptions=True):
        if isinstance(one, BaseException):
            raise one
