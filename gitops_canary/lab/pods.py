"""One pod: a service process that is started, watched, restarted and let go."""

import asyncio
import hashlib
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Awaitable, Callable
from pathlib import Path

from gitops_canary.lab.desired import Deployment
from gitops_canary.lab.kube_state import PodStatus
from gitops_canary.lab.loopback import HOST, get
from gitops_canary.lab.patience import eventually
from gitops_canary.lab.service import read_registry

_PULL_AGAIN_S = 1.0
_PROBE_EVERY_S = 0.05
_BACK_OFF_S = 1.0
_BACK_OFF_MAX_S = 8.0
_GRACE_S = 20.0
_OK = 200


class Pod:
    """A pod of one Deployment's template; `run` is its whole life."""

    def __init__(self, owner: Deployment, number: int, registry: Path) -> None:
        suffix = hashlib.sha256(f"{owner.template}/{number}".encode()).hexdigest()[:5]
        self.owner = owner
        self.name = f"{owner.name}-{owner.template[:10]}-{suffix}"
        self.port: int | None = None
        self.ready = False
        self.leaving = False
        self._registry = registry
        self._process: Process | None = None

    @property
    def serving(self) -> bool:
        """Whether it belongs into the endpoints of its Services."""
        return self.ready and not self.leaving

    def status(self) -> PodStatus:
        """Say what kube-state-metrics says about it."""
        return PodStatus(
            namespace=self.owner.namespace,
            name=self.name,
            images=self.owner.images,
            ready=self.ready,
        )

    async def run(self) -> None:
        """Keep its container running, with growing pauses, until cancelled."""
        pause_s = _BACK_OFF_S
        while True:
            await self._pull()
            await self._run_once()
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, _BACK_OFF_MAX_S)

    async def let_go(self, unused: Callable[[int], Awaitable[None]]) -> None:
        """Leave the endpoints, wait until nobody sends any more, then end the process.

        `unused` returns once callers have stopped choosing the port.
        """
        self.leaving = True
        if self.ready and self.port is not None:
            await unused(self.port)
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), _GRACE_S)
        except TimeoutError:
            process.kill()
            await process.wait()

    async def _pull(self) -> None:
        """Wait until the registry has the image; until then it is ImagePullBackOff."""
        await eventually(self._published, every_s=_PULL_AGAIN_S)

    async def _published(self) -> bool:
        return self.tag in read_registry(self._registry)

    @property
    def tag(self) -> str:
        """The version its first container runs."""
        return next(iter(self.owner.images.values())).rpartition(":")[2]

    async def _run_once(self) -> None:
        self._process = process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "gitops_canary.lab.service", "--port", "0"),
            *("--version", self.tag, "--behaviour", str(self._registry)),
            stdin=PIPE,  # it leaves when this end is closed, even if we are killed
            stdout=PIPE,
            stderr=DEVNULL,
        )
        try:
            assert process.stdout is not None
            line = await process.stdout.readline()
            if line.startswith(b"listening "):
                self.port = int(line.split()[1])
                await self._probe(self.port)
            await process.wait()
        finally:
            self.ready = False
            self.port = None
            if process.returncode is None:
                process.kill()
                await process.wait()

    async def _probe(self, port: int) -> None:
        """Wait until it answers its readiness probe, or ends."""
        assert self._process is not None
        while self._process.returncode is None:
            if await asyncio.to_thread(_healthy, port):
                self.ready = True
                return
            await asyncio.sleep(_PROBE_EVERY_S)


def _healthy(port: int) -> bool:
    try:
        return get(f"http://{HOST}:{port}/healthz", timeout_s=1)[0] == _OK
    except OSError:
        return False
