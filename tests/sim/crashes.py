"""One canonical rollout, killed at any boundary between two effects, beside a twin that lives."""

from collections.abc import Sequence

from gitops_canary.model.request import Method

from .branching import Delivery
from .controllers import Killed
from .manifests import with_tag
from .pieces import KEY, Setting
from .remote import CONFIG, EVIDENCE
from .simulation import Simulation

SEED = 2026
STEPS = (5, 10, 20, 40, 60, 80)
LIMIT_MS = 3_600_000
Log = tuple[tuple[str, str, str], ...]


class Canonical:
    """Six steps from start to finish; every boundary passed is counted."""

    def __init__(
        self,
        kill_at: Sequence[int] = (),
        steps: tuple[int, ...] = STEPS,
        method: Method | None = None,
    ) -> None:
        self.passed: list[str] = []
        self._kill_at = set(kill_at)
        delivery = Delivery(method=method) if method else None
        key = KEY if method else None
        setting = Setting(poll_ms=20_000, atomic=True, delivery=delivery, key=key)
        self.world = Simulation(SEED, setting, steps=steps)
        self.world.boundaries = self._boundary
        [self.shape] = self.world.shapes.values()
        self.world.later(5_000, self._bump)

    def run(self) -> Log:
        """Run until the rollout is over; what every move did, without the moment it was made."""
        world = self.world
        end_ms = world.now_ms + LIMIT_MS
        while not any(m.record.action.value == "finish" for m in world.watch.landed.values()):
            assert world.now_ms < end_ms, "\n".join(world.story)
            world.event()
        return self.log()

    def log(self) -> Log:
        """Name action, step and weight of every move on the branch, as they came."""
        remote, landed = self.world.remote, self.world.watch.landed.values()
        moves = (m.record for m in landed if remote.contains(remote.refs[CONFIG], m.revision))
        return tuple((m.action.value, str(m.step), str(m.weight_to)) for m in moves)

    def requests(self) -> int:
        """Count the pull requests there were."""
        return len(self.world.requested.forge.pulls) if self.world.requested else 0

    def evidence(self) -> int:
        """Count the decisions on the evidence branch."""
        files = self.world.files(self.world.remote.refs[EVIDENCE])
        return sum("/decision-" in path for path in files)

    def _boundary(self, name: str, point: str) -> None:
        del name
        self.passed.append(point)
        if len(self.passed) in self._kill_at:
            raise Killed

    def _bump(self) -> None:
        path = self.shape.workload_path
        text = self.world.files(self.world.remote.refs[CONFIG])[path]
        self.world.commit({path: with_tag(text, self.shape.name, "v1")}, "Bump to v1\n")
