"""Seeing in the cluster that a move is live: readiness, versions and weights of its objects."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gitops_canary.model.observation import Expectation, Liveness
from gitops_canary.ports import Metrics
from gitops_canary.sync.api import Api, NoAnswer
from gitops_canary.sync.cluster import live_facts, observed
from gitops_canary.sync.fact import Fact
from gitops_canary.sync.live_object import Thing, part


@dataclass(slots=True)
class Cluster:
    """Finds objects by kind, as the server's own discovery names them."""

    api: Api
    _plurals: dict[tuple[str, str], str] = field(default_factory=dict)

    async def show(self, thing: Thing) -> Mapping[str, Any]:
        """Show one object as it is live.

        Raises:
            NoAnswer: it is not there, or may not be read.
        """
        base = f"/apis/{thing.api_version}" if thing.group else f"/api/{thing.api_version}"
        plural = await self._plural(base, thing)
        space, name = part(thing.namespace), part(thing.name)
        return await self.api.get(f"{base}/namespaces/{space}/{plural}/{name}")

    async def _plural(self, base: str, thing: Thing) -> str:
        key = (thing.api_version, thing.kind)
        if key not in self._plurals:
            found = (await self.api.get(base)).get("resources")
            for one in found if isinstance(found, list) else []:
                if isinstance(one, dict) and "/" not in (name := str(one.get("name", "/"))):
                    self._plurals[thing.api_version, str(one.get("kind"))] = name
        if key not in self._plurals:
            raise NoAnswer(
                f"The cluster does not know {thing.kind} in {thing.api_version}: install its CRD, "
                "or correct the manifest's apiVersion"
            )
        return self._plurals[key]


class Kubernetes:
    """Reads Deployments and routing objects from the Kubernetes API; it never writes."""

    def __init__(self, api: Api, *, timeout_ms: int) -> None:
        self._api = api
        self._cluster = Cluster(api)
        self._timeout_ms = timeout_ms

    async def observe(
        self,
        expected: Sequence[Expectation],
        metrics: Metrics,  # noqa: ARG002 - the port's shape
        now_ms: int,  # noqa: ARG002 - the server's own times count
    ) -> Mapping[Expectation, Liveness]:
        """Tell for each move since when the cluster shows it."""
        return await observed(expected, self._look, self._timeout_ms)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._api.aclose()

    async def _look(self, expected: Expectation) -> Sequence[Fact]:
        return await live_facts(expected, self._cluster.show)
