"""Playing the stories: pushes, waits, one crash; what happened is judged from Git and Envoy."""

import sys
import time
from dataclasses import replace

from gitops_canary.app.places import CACHE
from gitops_canary.lab.children import Child
from gitops_canary.lab.loopback import HOST, get
from gitops_canary.lab.patience import until
from gitops_canary.lab.screen import Screen
from gitops_canary.lab.story import LADDER, State, Story, cut, over, problems
from gitops_canary.lab.telling import Began, Ended, Landed, Noted
from gitops_canary.lab.watching import Watch
from gitops_canary.lab.world import APEX, World

_LOOK_EVERY_S = 0.2
_STALLED_S = 60.0
_LOOKED = "prod/checkout: idle"
"""What the controller says when it has looked and there is nothing to do."""
_MID_STEP_S = 1.0
"""How long after a weight is live the controller is killed, and how long it stays dead."""


class Performance:
    """One demo in one world."""

    def __init__(self, world: World, screen: Screen) -> None:
        self._world = world
        self._screen = screen
        self._watch = Watch(
            repository=world.origin.path, branch=world.origin.branch, envoy=world.envoy
        )
        self._controller = self._start()
        self._seen: list[State] = []
        self._progress_s = time.monotonic()
        self._trouble = ""
        self.asked = 0
        """Requests of our own, which no user has counted."""

    def prepare(self) -> None:
        """Wait for the first measurements and the controller's first look, and look around."""
        self._world.measuring()
        until(
            lambda: True if _LOOKED in self._controller.tail() else None,
            what="the controller's first look",
            timeout_s=_STALLED_S,
            meanwhile=self._world.children.require,
        )
        self._look()

    def play(self, story: Story, *, last: bool) -> bool:
        """Tell one story; whether it ended as told.

        The last one may end with the commit it is about, without the rest of its way.
        """
        before = self._watch.now
        assert before is not None
        self._seen.clear()
        self._progress_s = time.monotonic()
        self._screen.show(Began(story=story))
        self._world.person.release(story.version)
        found = self._stuck(story, before, last=last)
        until = self._seen[-1].weight if last and story.kill_at and self._seen else None
        found = found or problems(story, before, self._seen, until=until)
        self._screen.show(Ended(story=story, problems=found))
        return not found

    def controller_log(self) -> str:
        """Read the end of the controller's log."""
        return self._controller.tail()

    def _start(self) -> Child:
        argv = [sys.executable, "-m", "gitops_canary", "run", "--config", str(self._world.config)]
        cache = {CACHE: str(self._world.directory / "controller")}
        return self._world.children.start("controller", argv, env=cache)

    def _stuck(self, story: Story, before: State, *, last: bool) -> tuple[str, ...]:
        """Play until nothing more is to come; what kept it from its end, if anything."""
        killed = story.kill_at is None
        while True:
            self._look()
            if not killed and self._in_step(story.kill_at):
                killed = self._crashed_in(story.kill_at)
                if not killed and story.kill_at not in LADDER[:-2]:
                    return (f"the step at {story.kill_at} % was over before the crash",)
                # Where a busy machine kept us from acting in time, the next step does as well.
                story = story if killed else replace(story, kill_at=cut(story))
            until = cut(story) if killed and last else None
            if until is not None and self._seen and self._seen[-1].weight >= until:
                return ()
            if self._over(story, before):
                break
            if trouble := self._hopeless():
                return (trouble,)
            time.sleep(_LOOK_EVERY_S)
        final = story.version if story.good else before.candidate
        served = self._served()
        wrong = () if served == final else (f"users are served by {served}, not by {final}",)
        return wrong if killed else ("the controller was never killed", *wrong)

    def _hopeless(self) -> str:
        """Say why nothing more will happen; empty while it may."""
        if not self._controller.alive():
            code = self._controller.process.returncode
            return f"the controller ended by itself with exit code {code}"
        if time.monotonic() - self._progress_s > _STALLED_S:
            return f"nothing happened for {_STALLED_S:g} s {self._trouble}".strip()
        return ""

    def _over(self, story: Story, before: State) -> bool:
        watch = self._watch
        if watch.now is None or watch.live is None or not self._seen:
            return False
        return over(story, before, watch.now, watch.live, watch.tip)

    def _in_step(self, weight: int | None) -> bool:
        watch = self._watch
        if watch.now is None or watch.live is None:
            return False
        return watch.now.weight == weight and watch.live.revision == watch.tip

    def _crashed_in(self, weight: int | None) -> bool:
        """Kill the controller in the middle of a step, and start it again; False if it was over."""
        self._look_for(_MID_STEP_S)
        if not self._in_step(weight):
            return False
        self._controller.kill()
        self._controller.end()
        self._world.children.forget(self._controller)
        self._screen.show(Noted(words="the controller is killed (kill -9) in the middle of a step"))
        self._look_for(_MID_STEP_S)
        self._controller = self._start()
        self._screen.show(Noted(words="started again: Git and Prometheus are all it knows"))
        return True

    def _look(self) -> None:
        """Show what is new; what cannot be seen now is looked at again next time."""
        self._trouble = ""
        try:
            for event in self._watch.look():
                self._progress_s = time.monotonic()
                if isinstance(event, Landed):
                    self._seen.append(event.state)
                self._screen.show(event)
        except OSError as error:
            self._trouble = f"({error})"
        self._screen.refresh(self._world.counts())

    def _look_for(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._look()
            time.sleep(_LOOK_EVERY_S)

    def _served(self) -> str:
        self.asked += 1
        url = f"http://{HOST}:{self._world.envoy.port}/"
        return get(url, headers={"host": APEX})[1].decode(errors="replace").partition(" ")[0]
