"""What kube-state-metrics would say about the lab's cluster; pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentStatus:
    """One Deployment as its controller reports it."""

    namespace: str
    name: str
    generation: int
    observed_generation: int
    replicas: int
    current: int
    """Pods that are not leaving."""
    updated: int
    """Pods of the newest template."""
    available: int
    """Ready pods, of whichever template."""
    written_ms: int = 0
    """When its newest form was applied, in milliseconds since the epoch."""
    ready_ms: int = 0
    """Since when every pod it asks for is of that form and ready; 0 while that is not so."""

    @property
    def complete(self) -> bool:
        """Whether every pod it asks for is of the newest template and ready, and no other left."""
        seen = self.observed_generation == self.generation
        return seen and self.current == self.updated == self.replicas == self.available


@dataclass(frozen=True, slots=True, kw_only=True)
class PodStatus:
    """One pod, until its process is gone."""

    namespace: str
    name: str
    images: Mapping[str, str]
    ready: bool


_DEPLOYMENT = {
    "kube_deployment_spec_replicas": "replicas",
    "kube_deployment_status_replicas": "current",
    "kube_deployment_status_replicas_available": "available",
    "kube_deployment_status_replicas_updated": "updated",
    "kube_deployment_metadata_generation": "generation",
    "kube_deployment_status_observed_generation": "observed_generation",
}


def render(deployments: Sequence[DeploymentStatus], pods: Sequence[PodStatus]) -> str:
    """Write the exposition text."""
    lines: list[str] = []
    for metric, field in _DEPLOYMENT.items():
        lines += _family(
            metric,
            (
                ({"namespace": d.namespace, "deployment": d.name}, int(getattr(d, field)))
                for d in deployments
            ),
        )
    lines += _family(
        "kube_pod_container_info",
        (
            (
                {
                    "namespace": p.namespace,
                    "pod": p.name,
                    "container": container,
                    "image": image,
                    "image_spec": image,
                },
                1,
            )
            for p in pods
            for container, image in p.images.items()
        ),
    )
    lines += _family(
        "kube_pod_container_status_ready",
        (
            ({"namespace": p.namespace, "pod": p.name, "container": container}, int(p.ready))
            for p in pods
            for container in p.images
        ),
    )
    return "\n".join(lines) + "\n"


def _family(metric: str, samples: Iterable[tuple[Mapping[str, str], int]]) -> list[str]:
    return [f"# TYPE {metric} gauge", *(_line(metric, *sample) for sample in samples)]


def _line(metric: str, labels: Mapping[str, str], value: int) -> str:
    inside = ",".join(f'{name}="{_escaped(text)}"' for name, text in labels.items())
    return f"{metric}{{{inside}}} {value}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
