"""An application that knows no canary, and is initialised under faults: users always meet pods."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from gitops_canary.core.message import parse
from gitops_canary.model.names import Revision
from gitops_canary.model.rollout import Action

from .cluster import App, Cluster, Workload
from .controllers import Killed
from .manifests import Shape
from .pieces import Network, Setting
from .remote import CONFIG
from .simulation import ADA, EPOCH_MS, Simulation
from .watching import Broken, need

STEPS = 3
LIMIT_MS = 1_800_000
SERVICE, ROUTE = "apps/web/service.yaml", "apps/web/route.yaml"
WORKLOAD, PRIMARY = "apps/web/deployment.yaml", "apps/web/deployment-primary.yaml"
_FILES = {
    WORKLOAD: """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: prod}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: app
          image: registry.example/web:v0
""",
    SERVICE: """\
apiVersion: v1
kind: Service
metadata: {name: web, namespace: prod}
spec:
  selector: {app: web}
  ports: [{port: 80}]
""",
    ROUTE: """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: prod}
spec:
  hosts: [web]
  http:
    - route:
        - destination: {host: web}
""",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What one revision asks of the cluster, read by plain patterns."""

    canary: tuple[str, int]
    """Tag and replicas."""
    primary: tuple[str, int] | None
    to_primary: bool
    """Whether users are sent to the primary."""


class Newborn(Simulation):
    """One application and its Canary, and one or two controllers that initialise."""

    def __init__(self, seed: int, *, controllers: int = 1, kill_at: Sequence[int] = ()) -> None:
        self.passed: list[str] = []
        self.steps: list[int] = []
        """Of initialising, as they landed."""
        self._kill_at = set(kill_at)
        super().__init__(seed, Setting(controllers=controllers, poll_ms=10_000), deadline_s=180)
        self.remote.moved = self._moved
        self.boundaries = self._boundary

    def run_until(self, holds: Callable[[], bool]) -> None:
        """Let things happen until something is so, and look where users are after each."""
        end_ms = self.now_ms + LIMIT_MS
        while not holds():
            need(self.now_ms < end_ms, "L: nothing comes of it")
            self.event()
            self._users()

    @property
    def begun(self) -> bool:
        """Whether everything is committed, and applied."""
        return self.steps[-1:] == [STEPS] and self.applied == self.remote.refs[CONFIG]

    def asked(self, revision: Revision) -> Asked:
        """Read one revision."""
        files = {path: body.decode() for path, body in self.files(revision).items()}
        route, primary = files[ROUTE], files.get(PRIMARY)
        led = re.findall(r"host: web-primary\}?\s+weight: (\d+)", route)
        selected = "selector: {app: web-primary}" in files[SERVICE]
        return Asked(
            _workload(files[WORKLOAD]),
            _workload(primary) if primary else None,
            to_primary=led == ["100"] or (not led and selected),
        )

    def _build(self) -> None:
        shape = Shape(name="web", steps=(50,))
        self.shapes = {shape.id: shape}
        files = {path: text.encode() for path, text in _FILES.items()}
        files[shape.canary_path] = shape.canary().encode()
        self.actor = "person"
        date_s = EPOCH_MS // 1000 - 3600
        self.applied = self.remote.commit(files, "Begin\n", who=ADA, date_s=date_s)
        app = App(shape, Workload("v0", 2, "v0"), Workload("", 0, None))
        self.cluster = Cluster({"web": app}, self.quality, self.now_ms)
        self.network = {f"controller-{n}": Network() for n in range(self.setting.controllers)}
        self.controllers = {name: self._controller(name) for name in self.network}
        for controller in self.controllers.values():
            controller.initialises = True
            self.begin_life(controller, self.rng.randrange(10_000))
        self.engine, self.engine_lag_ms, self.to_primary = "up", 0, False
        self.later(1_000, self._sync)

    def _sync(self) -> None:
        self.later(self.rng.randrange(2_000, 6_000), self._sync)
        if self.engine == "down":
            return
        self.applied = self.remote.refs[CONFIG]
        asked, app = self.asked(self.applied), self.cluster.apps["web"]
        self.to_primary = asked.to_primary
        self.cluster.scale(app.canary, *asked.canary)
        self.cluster.scale(app.primary, *(asked.primary or ("", 0)))

    def _users(self) -> None:
        """I: Wherever users are sent, pods that are ready answer."""
        app = self.cluster.apps["web"]
        met = app.primary if self.to_primary else app.canary
        need(met.serving is not None, f"I: users meet nobody (primary: {self.to_primary})")

    def _moved(self, branch: str, old: Revision | None, new: Revision | None) -> None:
        if branch != CONFIG or new is None or not self.actor.startswith("controller"):
            return
        need(old is not None and self.remote.contains(new, old), "I6: commits were lost")
        record = parse(self.message(new), new)
        need(record is not None, "I3: a commit without a record")
        assert record is not None
        if record.action is not Action.INITIALISE:
            return
        self.tell(f"{self.actor} landed {self.message(new).splitlines()[0]}")
        self.steps.append(record.step)
        asked, app = self.asked(new), self.cluster.apps["web"]
        if asked.to_primary:
            need(asked.primary, "I: users are sent to what is not there")
            ready = app.primary.serving is not None and app.primary.serving == app.primary.tag
            need(ready, f"I: step {record.step} sends users to pods that are not ready")
        if asked.canary[1] == 0:
            need(asked.to_primary, "I: what users meet is scaled to zero")

    def _boundary(self, name: str, point: str) -> None:
        del name
        self.passed.append(point)
        if len(self.passed) in self._kill_at:
            raise Killed


def troubled(seed: int) -> Newborn:
    """Make a world in which much goes wrong for ten minutes: pods, sync, Prometheus, processes."""
    world = Newborn(seed, controllers=1 + seed % 2)
    rng = Random(f"newborn {seed}")  # noqa: S311 - for worlds, not for secrets
    for _ in range(6):
        at_ms, span_ms = rng.randrange(60_000), rng.choice((5_000, 40_000, 200_000))
        begin, end = rng.choice(_TROUBLES)(world, rng)
        world.later(at_ms, begin)
        world.later(at_ms + span_ms, end)
    return world


Trouble = tuple[Callable[[], None], Callable[[], None]]


def _no_pods(world: Newborn, _: Random) -> Trouble:
    return lambda: setattr(world.cluster, "starting", False), lambda: setattr(
        world.cluster, "starting", True
    )


def _no_sync(world: Newborn, _: Random) -> Trouble:
    return lambda: setattr(world, "engine", "down"), lambda: setattr(world, "engine", "up")


def _unscraped(world: Newborn, _: Random) -> Trouble:
    return lambda: setattr(world.cluster, "scraping", False), lambda: setattr(
        world.cluster, "scraping", True
    )


def _killed(world: Newborn, rng: Random) -> Trouble:
    controller = world.controllers[rng.choice(sorted(world.controllers))]
    wipe = rng.random() < 0.5
    return lambda: world.kill(controller, wipe=wipe, restart_ms=5_000), lambda: None


def _noted(world: Newborn, rng: Random) -> Trouble:
    path = rng.choice((WORKLOAD, SERVICE, ROUTE))

    def note() -> None:
        text = world.files(world.remote.refs[CONFIG])[path]
        world.commit({path: text + f"# {world.now_ms}\n".encode()}, "Note something\n")

    return note, lambda: None


_TROUBLES = (_no_pods, _no_sync, _unscraped, _killed, _noted)


def _workload(text: str) -> tuple[str, int]:
    tag = re.search(r"image: registry.example/web:(\S+)", text)
    count = re.search(r"replicas: (\d+)", text)
    if tag is None or count is None:
        raise Broken(f"I: no workload can be read: {text[:80]!r}")
    return tag[1], int(count[1])
