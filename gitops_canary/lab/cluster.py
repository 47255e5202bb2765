"""The cluster: brings pods, endpoints and routes to what was asked, one small look at a time."""

import asyncio
import itertools
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from gitops_canary.lab import envoy, envoy_config
from gitops_canary.lab.desired import Deployment, Desired, Service
from gitops_canary.lab.disk import replace_json
from gitops_canary.lab.kube_state import DeploymentStatus, render
from gitops_canary.lab.patience import eventually
from gitops_canary.lab.pods import Pod

_LOOK_EVERY_S = 0.05
_LAST_REQUESTS_S = 0.2
"""Between Envoy's main thread letting a pod go and its worker doing so; a preStop pause."""
_ENVOY_S = 30.0


class Cluster:
    """Everything that runs, and what shall run."""

    def __init__(self, *, mesh: Path, admin: str, registry: Path) -> None:
        self._mesh = mesh
        self._admin = admin
        self._registry = registry
        self._desired = Desired()
        self._generations: dict[tuple[str, str], int] = {}
        self._observed: dict[tuple[str, str], int] = {}
        self._written: dict[tuple[str, str], int] = {}
        self._ready: dict[tuple[str, str], int] = {}
        self._pods: dict[Pod, asyncio.Task[None]] = {}
        self._leaving: set[asyncio.Task[None]] = set()
        self._endpoints: dict[str, tuple[int, ...]] = {}
        self._numbers = itertools.count(1)

    async def apply(self, desired: Desired, revision: str) -> None:
        """Take over a new wish; the routes are live on return, the pods follow.

        Raises:
            TimeoutError: Envoy does not take the clusters.
        """
        before = {(d.namespace, d.name): d for d in self._desired.deployments}
        for deployment in desired.deployments:
            key = (deployment.namespace, deployment.name)
            if before.get(key) != deployment:
                self._generations[key] = self._generations.get(key, 0) + 1
                self._written[key] = now_ms()
        services_changed = desired.services != self._desired.services
        self._desired = desired
        self.look()
        if services_changed:
            await self._announce_clusters()
        replace_json(self._mesh / "rds.json", envoy_config.routes(desired.routes, revision))

    async def run(self) -> None:
        """Look again and again."""
        while True:
            self.look()
            await asyncio.sleep(_LOOK_EVERY_S)

    def look(self) -> None:
        """Start what is missing, let go what is too much, tell Envoy who is ready."""
        for life in [life for life in self._pods.values() if life.done()]:
            life.result()  # a pod's life ends by an error only: end loudly
        for deployment in self._desired.deployments:
            self._scale(deployment)
            key = (deployment.namespace, deployment.name)
            self._observed[key] = self._generations[key]
            if not self._status(deployment).complete:
                self._ready.pop(key, None)
            elif key not in self._ready:
                self._ready[key] = now_ms()
        wanted = {(d.namespace, d.name) for d in self._desired.deployments}
        self._let_go([p for p in self._staying() if _key(p.owner) not in wanted])
        for service in self._desired.services:
            self._tell(service)

    def metrics(self) -> str:
        """Write kube-state-metrics' exposition."""
        return render(self.statuses(), [p.status() for p in self._pods])

    def statuses(self) -> list[DeploymentStatus]:
        """Say how far each Deployment is."""
        return [self._status(d) for d in self._desired.deployments]

    async def stop(self) -> None:
        """End every process, without waiting for callers."""
        lives = list(self._pods.values())
        for pod in self._pods:
            pod.leaving = True
        for task in (*lives, *self._leaving):
            task.cancel()
        await asyncio.gather(*lives, *self._leaving, return_exceptions=True)

    def _scale(self, deployment: Deployment) -> None:
        pods = self._staying(deployment)
        current = [p for p in pods if p.owner.template == deployment.template]
        for _ in range(deployment.replicas - len(current)):
            pod = Pod(deployment, next(self._numbers), self._registry)
            self._pods[pod] = asyncio.create_task(pod.run())
        surplus = current[deployment.replicas :]
        kept = current[: deployment.replicas]
        old = [p for p in pods if p not in current]
        if sum(p.ready for p in kept) >= deployment.replicas:
            self._let_go(old)
        self._let_go(surplus)

    def _staying(self, deployment: Deployment | None = None) -> list[Pod]:
        return [
            p
            for p in self._pods
            if not p.leaving and (deployment is None or _key(p.owner) == _key(deployment))
        ]

    def _let_go(self, pods: Sequence[Pod]) -> None:
        for pod in pods:
            pod.leaving = True
            task = asyncio.create_task(self._farewell(pod))
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)

    async def _farewell(self, pod: Pod) -> None:
        await pod.let_go(self._unused)
        self._pods.pop(pod).cancel()

    def _tell(self, service: Service) -> None:
        ports = tuple(
            sorted(
                p.port
                for p in self._pods
                if p.serving
                and p.port is not None
                and envoy_config.selects(service, p.owner.namespace, p.owner.labels)
            )
        )
        name = envoy_config.endpoints_file(service)
        if self._endpoints.get(name) != ports:
            self._endpoints[name] = ports
            replace_json(self._mesh / name, envoy_config.endpoints(service, ports))

    def _status(self, deployment: Deployment) -> DeploymentStatus:
        key = _key(deployment)
        pods = self._staying(deployment)
        return DeploymentStatus(
            namespace=deployment.namespace,
            name=deployment.name,
            generation=self._generations[key],
            observed_generation=self._observed.get(key, 0),
            replicas=deployment.replicas,
            current=len(pods),
            updated=sum(p.owner.template == deployment.template for p in pods),
            available=sum(p.ready for p in pods),
            written_ms=self._written.get(key, 0),
            ready_ms=self._ready.get(key, 0),
        )

    async def _announce_clusters(self) -> None:
        replace_json(self._mesh / "cds.json", envoy_config.clusters(self._desired, self._mesh))
        wanted = {envoy_config.cluster_name(s.namespace, s.name) for s in self._desired.services}
        async with asyncio.timeout(_ENVOY_S):
            await eventually(partial(self._knows, wanted))

    async def _unused(self, port: int) -> None:
        """Wait until Envoy no longer chooses a port; one that does not answer sends nothing."""
        try:
            async with asyncio.timeout(_ENVOY_S):
                await eventually(partial(self._forgot, port))
        except (OSError, TimeoutError):
            return
        await asyncio.sleep(_LAST_REQUESTS_S)

    async def _knows(self, clusters: set[str]) -> bool:
        return clusters <= await asyncio.to_thread(envoy.cluster_names, self._admin)

    async def _forgot(self, port: int) -> bool:
        return port not in await asyncio.to_thread(envoy.endpoint_ports, self._admin)


def now_ms() -> int:
    """Read the clock, in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def _key(deployment: Deployment) -> tuple[str, str]:
    return deployment.namespace, deployment.name
