"""The sync engine and its cluster: does what the config repository says, as Argo CD or Flux would.

`python -m gitops_canary.lab.agent --config FILE`

While the control file says `{"paused": true}` it fetches but applies nothing; `{"delayMs": 2000}`
makes it apply that late. Over HTTP: `/metrics`, `/state`, and `/refresh`, which has it look now.
"""

import argparse
import asyncio
import json
import signal
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gitops_canary.errors import CanaryError
from gitops_canary.lab import snapshot
from gitops_canary.lab.cluster import Cluster, now_ms
from gitops_canary.lab.desired import Desired, read
from gitops_canary.lab.disk import read_json, replace_json
from gitops_canary.lab.lifeline import leave_with_parent
from gitops_canary.lab.loopback import HOST, Reply, Server, basic_auth, get

_OK = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentConfig:
    """What the agent is told; paths are absolute."""

    url: str
    branch: str
    username: str
    password_file: str
    directory: str
    """Its own: the clone, the status."""
    mesh: str
    """The directory Envoy watches."""
    admin: str
    """Base URL of Envoy's admin interface."""
    registry: str
    """The JSON file that says what each image tag does."""
    poll_ms: int = 300

    @property
    def status_file(self) -> Path:
        """Where it says how far it is."""
        return Path(self.directory) / "status.json"

    @property
    def control_file(self) -> Path:
        """Where it is told to pause."""
        return Path(self.directory) / "control.json"

    def write(self, path: Path) -> None:
        """Write it for `--config`."""
        replace_json(path, asdict(self))


@dataclass(slots=True, kw_only=True)
class Status:
    """How far the agent is."""

    metrics_port: int = 0
    fetched: str = ""
    applied: str = ""
    error: str = ""
    """Why the newest revision is not applied, or could not be fetched."""


def read_status(config: AgentConfig) -> Status:
    """Read what the agent says; all empty before it started."""
    return Status(**(read_json(config.status_file) or {}))


class Clone:
    """The agent's copy of the config branch."""

    def __init__(self, config: AgentConfig) -> None:
        self._config = config
        self._path = Path(config.directory) / "clone.git"
        password = Path(config.password_file).read_text(encoding="utf-8").strip()
        self._authorization = basic_auth(config.username, password)

    def create(self) -> None:
        """Make an empty one."""
        snapshot.git(self._path, "init", "-q", "--bare")

    def remote_tip(self) -> str:
        """Ask the server for the branch's tip with one request and no process of ours.

        Raises:
            OSError: it does not answer, refuses, or has no such branch.
        """
        url = f"{self._config.url}/info/refs?service=git-upload-pack"
        status, body = get(url, headers={"Authorization": self._authorization})
        if status != _OK:
            raise OSError(f"the Git server answered {status}")
        suffix = f" refs/heads/{self._config.branch}".encode()
        for line in body.split(b"\n"):
            if line.split(b"\0")[0].endswith(suffix):
                return line.split(b" ")[0][-40:].decode()
        raise OSError(f"the repository has no branch {self._config.branch}")

    def fetch(self, revision: str) -> dict[str, str]:
        """Fetch the branch and read the manifests of a revision, by path.

        Raises:
            OSError: git failed.
        """
        branch = self._config.branch
        spec = f"+refs/heads/{branch}:refs/heads/{branch}"
        argv = ("fetch", "-q", "--no-tags", self._config.url, spec)
        secret = {  # here and not in argv, which every user may read
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "http.extraHeader",
            "GIT_CONFIG_VALUE_0": f"Authorization: {self._authorization}",
        }
        snapshot.git(self._path, *argv, extra=secret)
        return snapshot.manifests(snapshot.files(self._path, revision))


class Agent:
    """Follows the branch."""

    def __init__(self, config: AgentConfig) -> None:
        self.config = config
        self.status = Status()
        self.cluster = Cluster(
            mesh=Path(config.mesh), admin=config.admin, registry=Path(config.registry)
        )
        self._clone = Clone(config)
        self._next: tuple[str, Desired] | None = None
        self._history: list[tuple[str, int]] = []
        """Every revision applied, and when in milliseconds since the epoch."""
        self._wake = asyncio.Event()

    async def run(self) -> None:
        """Serve the metrics, keep the pods, follow the branch; forever."""
        server = Server(self._answer)
        self.status.metrics_port = await server.start(0)
        await asyncio.to_thread(self._clone.create)
        self._say("")
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.cluster.run())
            tasks.create_task(self._follow())

    async def _follow(self) -> None:
        while True:
            await self._sync()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), self.config.poll_ms / 1000)
            self._wake.clear()

    async def _sync(self) -> None:
        """Take one look at the branch; what goes wrong is told and tried again."""
        try:
            tip = await asyncio.to_thread(self._clone.remote_tip)
            if tip != self.status.fetched:
                texts = await asyncio.to_thread(self._clone.fetch, tip)
                self.status.fetched = tip
                self._say("")
                self._next = (tip, read(texts))
            if self._next is not None and not await self._held():
                revision, desired = self._next
                await self.cluster.apply(desired, revision)
                self._next = None
                self.status.applied = revision
                self._history.append((revision, now_ms()))
                self._say("")
        except (OSError, TimeoutError, CanaryError) as error:
            self._say(str(error) or repr(error))

    async def _held(self) -> bool:
        control: dict[str, Any] = read_json(self.config.control_file) or {}
        if control.get("paused"):
            return True
        await asyncio.sleep(control.get("delayMs", 0) / 1000)
        return False

    def _say(self, error: str) -> None:
        self.status.error = error
        replace_json(self.config.status_file, asdict(self.status))

    async def _answer(self, path: str) -> Reply:
        if path == "/metrics":
            headers = {"content-type": "text/plain; version=0.0.4"}
            return Reply(body=self.cluster.metrics().encode(), headers=headers)
        if path == "/state":
            return Reply(body=json.dumps(self._state()).encode())
        if path == "/refresh":
            self._wake.set()
            return Reply()
        return Reply(status=404)

    def _state(self) -> dict[str, Any]:
        """Say what an engine's and a cluster's API would be asked for."""
        return {
            "history": self._history,
            "waiting": self._next is not None,
            "error": self.status.error,
            "deployments": [asdict(one) for one in self.cluster.statuses()],
        }


async def _run(config: AgentConfig) -> None:
    agent = Agent(config)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    running = asyncio.create_task(agent.run())
    ends = {asyncio.create_task(stop.wait()), asyncio.create_task(leave_with_parent())}
    await asyncio.wait({running, *ends}, return_when=asyncio.FIRST_COMPLETED)
    if running.done():
        await running  # it never ends by itself but by an exception
    running.cancel()
    await agent.cluster.stop()
    for end in ends:
        end.cancel()


def agent_url(status: Status) -> str:
    """Write the base URL of the agent's metrics."""
    return f"http://{HOST}:{status.metrics_port}"


def main() -> None:
    """Run one agent process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, required=True)
    config = AgentConfig(**json.loads(parser.parse_args().config.read_text(encoding="utf-8")))
    asyncio.run(_run(config))


if __name__ == "__main__":
    main()
