"""The whole lab, up and down: `python -m gitops_canary.lab.world DIR` keeps one up until Ctrl-C."""

import argparse
import secrets
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from gitops_canary.errors import Unavailable
from gitops_canary.lab.agent import AgentConfig, Status, agent_url, read_status
from gitops_canary.lab.children import Child, Children, interruptible
from gitops_canary.lab.controller_config import write_config
from gitops_canary.lab.disk import replace, replace_json
from gitops_canary.lab.envoy import Envoy, endpoint_ports, find_envoy
from gitops_canary.lab.load import Counts, read_counts
from gitops_canary.lab.loopback import HOST
from gitops_canary.lab.origin import Origin
from gitops_canary.lab.patience import until
from gitops_canary.lab.person import Person
from gitops_canary.lab.prometheus import Prometheus, find_prometheus
from gitops_canary.lab.service import Behaviour, write_registry

APEX = "checkout"
RATE = 250.0
_SECONDS_MAX = 600.0
_START_S = 60.0
_USERS = ("bot", "agent", "mira")
HEALTHY: Mapping[str, Behaviour] = {
    "1.0.0": Behaviour(),
    "1.1.0": Behaviour(),
    "1.3.0": Behaviour(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A running lab; made by `World.start`."""

    directory: Path
    children: Children
    origin: Origin
    person: Person
    agent: AgentConfig
    envoy: Envoy
    prometheus: Prometheus
    load: Child
    counts_file: Path
    config: Path
    """A controller.yaml that fits."""

    @classmethod
    @contextmanager
    def start(
        cls,
        directory: Path,
        registry: Mapping[str, Behaviour],
        *,
        rate: float = RATE,
        seconds: float = _SECONDS_MAX,
        begin: Path | None = None,
    ) -> Iterator["World"]:
        """Build everything in a new or empty directory, and end it all when the context ends.

        Call it from a thread that outlives the world (see `Children`). `registry` says what each
        image tag does, `rate` is in requests a second, and the users leave after `seconds`. The
        repository begins with the files in `begin`, by default the example.
        Prometheus may still be without a sample on return: `measuring` waits for it.

        Raises:
            Unavailable: a program is missing, or something does not start.
        """
        find_envoy()
        find_prometheus()
        directory = directory.resolve()
        (directory / "logs").mkdir(parents=True)
        passwords = {user: secrets.token_urlsafe(18) for user in _USERS}
        for user, password in passwords.items():
            _secret(directory / "secrets" / user, password)
        with (
            Origin.start(directory, passwords) as origin,
            Children(directory / "logs") as children,
        ):
            world = _build(
                directory,
                children,
                origin,
                passwords=passwords,
                registry=registry,
                rate=rate,
                seconds=seconds,
                begin=begin or example(),
            )
            try:
                yield world
            finally:
                if world.load.alive():
                    world.end_load()

    def counts(self) -> Counts:
        """Count what the users have met so far; up to half a second old."""
        return read_counts(self.counts_file)

    def synced(self) -> Status:
        """Ask how far the agent is."""
        return read_status(self.agent)

    def pause_sync(self, *, paused: bool) -> None:
        """Let the agent fetch without applying, or apply again."""
        replace_json(self.agent.control_file, {"paused": paused})

    def measuring(self) -> None:
        """Wait until Prometheus has samples of the mesh and of the cluster."""
        for series in ("istio_requests_total", "kube_deployment_spec_replicas"):
            until(
                partial(self._first, series),
                what=f"the first sample of {series}",
                timeout_s=_START_S,
                meanwhile=self.children.require,
            )

    def end_load(self) -> Counts:
        """Send the users away, let them finish, count."""
        self.load.ask()
        self.load.end()
        self.children.forget(self.load)
        return self.counts()

    def _first(self, series: str) -> object:
        return self.prometheus.ask(series) or None


def example() -> Path:
    """Find the example config repository.

    Raises:
        Unavailable: it was not installed.
    """
    here = Path(__file__).resolve()
    for place in (here.parent / "example", here.parents[2] / "manifests" / "example"):
        if place.is_dir():
            return place
    raise Unavailable("The example config repository is missing.", remedy="reinstall gitops-canary")


def _build(
    directory: Path,
    children: Children,
    origin: Origin,
    *,
    passwords: Mapping[str, str],
    registry: Mapping[str, Behaviour],
    rate: float,
    seconds: float,
    begin: Path,
) -> World:
    replace(directory / "registry.json", write_registry(dict(registry)))
    envoy = Envoy.start(children, directory / "mesh")
    person = Person(
        directory=directory / "mira", url=origin.url, username="mira", password=passwords["mira"]
    )
    person.clone()
    person.begin(begin)
    agent = _agent(directory, children, origin, envoy)
    status = until(
        lambda: s if (s := read_status(agent)).metrics_port else None,
        what="the agent to start",
        timeout_s=_START_S,
        meanwhile=children.require,
    )
    prometheus = Prometheus.start(
        children, directory / "prometheus", envoy=envoy.admin, cluster=agent_url(status)
    )
    until(
        lambda: _serving(envoy, read_status(agent)),
        what="the first sync",
        timeout_s=_START_S,
        meanwhile=children.require,
    )
    return World(
        directory=directory,
        children=children,
        origin=origin,
        person=person,
        agent=agent,
        envoy=envoy,
        prometheus=prometheus,
        load=_load(directory, children, envoy, rate, seconds),
        counts_file=directory / "counts.json",
        config=write_config(directory, origin.url, origin.branch, prometheus.url),
    )


def _agent(directory: Path, children: Children, origin: Origin, envoy: Envoy) -> AgentConfig:
    config = AgentConfig(
        url=origin.url,
        branch=origin.branch,
        username="agent",
        password_file=str(directory / "secrets" / "agent"),
        directory=str(directory / "agent"),
        mesh=str(envoy.directory),
        admin=envoy.admin,
        registry=str(directory / "registry.json"),
    )
    (directory / "agent").mkdir()
    file = directory / "agent" / "config.json"
    config.write(file)
    children.start("agent", [*_module("agent"), "--config", str(file)])
    return config


def _load(directory: Path, children: Children, envoy: Envoy, rate: float, seconds: float) -> Child:
    return children.start(
        "load",
        [
            *_module("load"),
            *("--port", str(envoy.port), "--host", APEX, "--rate", str(rate)),
            *("--seconds", str(seconds), "--counts", str(directory / "counts.json")),
        ],
    )


def _secret(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(text + "\n", encoding="utf-8")


def _module(name: str) -> list[str]:
    return [sys.executable, "-m", f"gitops_canary.lab.{name}"]


def _serving(envoy: Envoy, status: Status) -> bool | None:
    """Tell whether routes and all pods are there, without a request that would be counted."""
    live = envoy.live()
    synced = status.applied and live.revision == status.applied
    return True if synced and len(endpoint_ports(envoy.admin)) >= len(live.weights) else None


def main() -> None:
    """Keep a world up until a signal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    directory = parser.parse_args().directory
    with interruptible(), World.start(directory, HEALTHY) as world:
        world.measuring()
        print(
            f"origin      {world.origin.url}\n"
            f"mesh        http://{HOST}:{world.envoy.port} (Host: {APEX})\n"
            f"prometheus  {world.prometheus.url}\n"
            f"controller  gitops-canary run --config {world.config}",
            flush=True,
        )
        threading.Event().wait()


if __name__ == "__main__":
    main()
