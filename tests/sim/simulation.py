"""One seed, one world: controllers, people and faults on a virtual clock, one event at a time."""

import asyncio
import heapq
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from random import Random
from typing import Any

from gitops_canary.app.tick import Report
from gitops_canary.git.objects import Identity, ObjectId
from gitops_canary.git.signing import SigningKey
from gitops_canary.model.decision import Decision
from gitops_canary.model.kept import turn
from gitops_canary.model.names import Revision
from gitops_canary.model.observation import Answer, Question

from .cluster import App, Cluster, Quality, Workload
from .controllers import Controller, Killed, keep
from .ears import Ear, Ears, listeners
from .halting import answer
from .invariants import Watch
from .looping import VirtualLoop
from .manifests import Facts, Shape, begin, facts
from .phones import Phone, Switchboard
from .pieces import AHEAD, Figures, Network, Setting, by_request, mark, shapes, surrounded
from .promql import measure
from .remote import CONFIG, Files, Remote
from .requested import Requested, by_push
from .settling import settle
from .syncing import sync
from .turning import turns

EPOCH_MS = 1_770_000_000_000
ADA = Identity(name="Ada Example", email="ada@example.com")
STORY = 40
HEALTHY = Quality()


class Simulation:
    """A world from a seed; `shape` sets what would be drawn about each canary."""

    def __init__(
        self,
        seed: int,
        setting: Setting | None = None,
        key: SigningKey | None = None,
        **shape: Any,
    ) -> None:
        self.seed = seed
        self.ahead = mark(seed, "ahead") < AHEAD
        self.rng = Random(f"gitops-canary {seed}")  # noqa: S311 - for worlds, not for secrets
        self.more = Random(f"around the checks {seed}")  # noqa: S311 - as above, for what came later
        self.setting = setting or by_request(Setting.of(self.rng, key), seed)
        self.now_ms = EPOCH_MS
        self.actor = "nobody"
        self.story: deque[str] = deque(maxlen=STORY)
        self.figures = Figures(seeds=1)
        drawn = shapes(self.rng, self.setting.canaries)
        drawn = drawn if setting else surrounded(self.more, seed, drawn)
        shape = ({} if setting else listeners(seed)) | shape
        self.shapes = {s.id: replace(s, **shape) for s in drawn}
        self.remote = Remote(atomic=self.setting.atomic, clock=lambda: self.now_ms)
        self.qualities: dict[tuple[str, str], Quality] = {}
        self.reports: dict[str, Report] = {}
        self.ears = Ears(self)
        self.watch = Watch(self, noted=[self.ears.note, lambda move: turns(self, move)])
        self.remote.moved = self.watch.moved
        self.offsets: dict[str, Callable[[], int]] = {}
        self.usual_ms: dict[str, int] = {}
        """By how much each controller's clock is wrong whenever no spell says otherwise."""
        self.boundaries: Callable[[str, str], None] = lambda _name, _point: None
        self.answering: Callable[[str, Question, Answer], Answer] = lambda _name, _q, answer: answer
        self.before_push: Callable[[str], None] = lambda _name: None
        self.calm = self.unproven = self.twinless = False
        self.untrue = self.untrue_ms = 0  # spells in which Prometheus says little or wrong
        self.rewound_ms = self.back_ms = self.on_trial_ms = self.disturbed_ms = self.spells = 0
        self.looked_ms, self.began_ms = dict[str, int](), dict[str, int]()  # asked last, began
        self.asked_ms: dict[str, dict[Question, int]] = {}
        self._queue: list[tuple[int, int, Callable[[], None]]] = []
        self._count = 0
        self._files: dict[ObjectId, Mapping[str, bytes]] = {}
        self._facts: dict[tuple[ObjectId, str], Facts | None] = {}
        self.ends: list[Callable[[], None]] = []
        self.board = Switchboard(self)
        self.requested = Requested.of(self)
        self.loop = VirtualLoop(self.later, lambda: self.now_ms)
        self._build()

    # The clock and the queue. --------------------------------------------------------------------

    def later(self, span_ms: int, call: Callable[[], None]) -> None:
        """Do something after some virtual time."""
        self._count += 1
        heapq.heappush(self._queue, (self.now_ms + span_ms, self._count, call))

    def event(self) -> None:
        """Let the next thing happen, and hold everything against the promises."""
        at_ms, _, call = heapq.heappop(self._queue)
        self.now_ms = max(self.now_ms, at_ms)
        self.cluster.advance(self.now_ms)
        self.figures.events += 1
        call()
        self.actor = "nobody"
        self.watch.after_event()
        self.ears.check()

    def run(self) -> Figures:
        """Run the whole seed.

        Raises:
            Broken: a promise does not hold; the message says which, `story` what led to it.
        """
        end_ms = self.now_ms + self.setting.chaos_ms
        while self._queue and self._queue[0][0] <= end_ms:
            self.event()
        self.now_ms = max(self.now_ms, end_ms)
        self.quiet()
        settle(self)
        self.ears.settled()
        self.loop.end()
        self.figures.virtual_ms = self.now_ms - EPOCH_MS
        self.figures.commits = len(self.watch.landed)
        self.figures.requests = self.requested.count if self.requested else 0
        for move in self.watch.landed.values():
            action = move.record.action.value
            self.figures.actions[action] = self.figures.actions.get(action, 0) + 1
        return self.figures

    def quiet(self) -> None:
        """End all faults; people mend what they broke and go home."""
        self.tell("calm")
        self.calm = True
        for end in self.ends:
            end()
        self.watch.after_event()

    # What others ask of the world. ---------------------------------------------------------------

    @property
    def sees_live(self) -> bool:
        """Whether the controllers look at what is live at all."""
        return self.setting.sync == "traffic"

    def tell(self, text: str) -> None:
        """Add a line to the story."""
        self.story.append(f"{(self.now_ms - EPOCH_MS) / 1000:8.1f}s  {text}")

    def files(self, revision: Revision) -> Mapping[str, bytes]:
        """Read all files of a revision."""
        tree = self.remote.tree(revision)
        if tree not in self._files:
            self._files[tree] = Files(self.remote, tree)
        return self._files[tree]

    def facts(self, revision: Revision, shape: Shape) -> Facts | None:
        """Read one canary's facts at a revision, without the product."""
        key = (self.remote.tree(revision), shape.name)
        if key not in self._facts:
            self._facts[key] = facts(self.files(revision), shape)
        return self._facts[key]

    def decisions(self) -> Iterable[Decision]:
        """List what the controllers decided last."""
        return (one for report in self.reports.values() for one in report.decisions.values())

    def message(self, revision: Revision) -> str:
        """Read a commit's message."""
        return self.remote.raw(revision).message

    def quality(self, name: str, tag: str) -> Quality:
        """Say what a version is like; as healthy as the first one unless drawn otherwise."""
        return self.qualities.get((name, tag), HEALTHY)

    def commit(
        self,
        files: Mapping[str, bytes | None],
        message: str,
        *,
        date_s: int | None = None,
        parents: list[Revision] | None = None,
    ) -> Revision:
        """Commit as a person."""
        self.actor = "person"
        date_s = self.now_ms // 1000 if date_s is None else date_s
        made = self.remote.commit(files, message, who=ADA, date_s=date_s, parents=parents)
        self.tell(f"person committed {message.splitlines()[0]}")
        return made

    # The parts. ----------------------------------------------------------------------------------

    def _build(self) -> None:
        own = tuple(self.shapes.values())
        self.actor = "person"
        self.remote.commit(begin(own), "Begin\n", who=ADA, date_s=EPOCH_MS // 1000 - 3600)
        tip = self.remote.refs[CONFIG]
        apps = {}
        for shape in own:
            now = self.facts(tip, shape)
            assert now is not None
            idle = now.replicas == 0
            apps[shape.name] = App(
                shape,
                Workload(now.candidate, now.replicas, None if idle else now.candidate),
                Workload(now.primary, now.primary_replicas, now.primary),
            )
        self.cluster = Cluster(apps, self.quality, self.now_ms)
        self.network = {f"controller-{n}": Network() for n in range(self.setting.controllers)}
        self.controllers = {name: self._controller(name) for name in self.network}
        for controller in self.controllers.values():
            self.begin_life(controller, self.rng.randrange(20_000))
        self.applied, self.engine_lag_ms, self.engine = tip, 0, "up"
        self.later(self.rng.randrange(3_000), lambda: sync(self))

    def _controller(self, name: str) -> Controller:
        self.usual(name)
        return Controller(
            name=name,
            remote=self.remote,
            key=self.setting.key,
            clock=lambda: self._time(name),
            steady=lambda: self.now_ms,
            answer=lambda question: self._answer(name, question),
            latency=lambda what: self.network[name].takes_ms(what, self.rng),
            boundary=lambda point: self.boundaries(name, point),
            network=lambda what: self.reach(name, what),
            hooks=Phone(self.board, name),
            listeners=lambda life: Ear(self.ears, (name, life)),
            loop=self.loop,
            equip=self.requested.equip(name) if self.requested else by_push,
            sync=self.setting.sync,
            poll_ms=self.setting.poll_ms,
            forget=turn if self.setting.forgets else keep,
        )

    def begin_life(self, controller: Controller, delay_ms: int) -> None:
        """Start a controller after a while."""
        controller.life += 1
        life = controller.life

        def start() -> None:
            if controller.life == life:
                controller.born_ms = self.now_ms
                controller.start()
                self._go_on(controller, controller.life)

        self.later(delay_ms, start)

    def kill(self, controller: Controller, *, wipe: bool, restart_ms: int) -> None:
        """End a controller wherever it is, and start it again later."""
        self.figures.kills += 1
        self.tell(f"{controller.name} is killed{', its disk lost' if wipe else ''}")
        controller.kill(wipe=wipe)
        self.reports.pop(controller.name, None)
        self.begin_life(controller, restart_ms)

    def _go_on(self, controller: Controller, life: int) -> None:
        if controller.life != life:
            return
        self.actor = controller.name
        try:
            outcome = controller.step()
        except Killed:
            wipe = self.rng.random() < 0.2
            self.kill(controller, wipe=wipe, restart_ms=self.rng.randrange(1_000, 30_000))
            return
        if isinstance(outcome, Report):
            self.figures.ticks += 1
            self.reports[controller.name] = outcome
            self.ears.looked((controller.name, life), outcome)
            self.watch.reported(outcome)
            answer(outcome, self)
            outcome = controller.poll_ms
        if isinstance(outcome, asyncio.Future):
            outcome.add_done_callback(lambda _: self._go_on(controller, life))
        else:
            self.later(outcome, lambda: self._go_on(controller, life))

    def reach(self, name: str, what: str) -> None:
        """Stand between a controller and the Git server; replaced by faults."""
        if what == "push":
            self.before_push(name)

    def usual(self, name: str) -> None:
        """Let a controller's clock say what it says without a spell."""
        self.offsets[name] = lambda: self.now_ms + self.usual_ms.get(name, 0)

    def _time(self, name: str) -> int:
        """Tell a controller the time as it begins to look; faults replace its offset."""
        self.looked_ms[name] = self.began_ms[name] = self.now_ms
        self.asked_ms[name] = {}
        return self.offsets[name]()

    def _answer(self, name: str, question: Question) -> Answer:
        """Answer as Prometheus would at this moment."""
        self.looked_ms[name] = self.asked_ms[name][question] = self.now_ms
        clock_ms = self.now_ms // 1000 * 1000
        return self.answering(name, question, measure(self.cluster.db, question, clock_ms))
