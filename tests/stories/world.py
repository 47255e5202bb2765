"""What a story's controller meets besides Git: syncs, measurements, webhooks and notifiers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ledger import Ledger

from gitops_canary.model.announcement import Announcement
from gitops_canary.model.names import Revision
from gitops_canary.model.observation import Answer, Expectation, Liveness, Question, Sample, Series
from gitops_canary.model.webhooks import Call, Reply, Webhook
from gitops_canary.ports import Metrics

_VALUES = {"good": "0", "bad": "7", "broken": "NaN"}


@dataclass
class World:
    """What the controller sees besides Git: what was synced when, and how the checks are."""

    ledger: Ledger
    synced: list[tuple[int, Revision]] = field(default_factory=list)
    checks: list[tuple[int, str]] = field(default_factory=lambda: [(0, "good")])
    hooks: dict[str, str] = field(default_factory=dict)
    """What a webhook answers by its name: `says 403`, or `is away`; 200 where it is not told."""
    called: list[str] = field(default_factory=list)
    """Who was called or told since the last look."""

    async def observe(
        self, expected: Sequence[Expectation], metrics: Metrics, now_ms: int
    ) -> Mapping[Expectation, Liveness]:
        """A sync source: live since the first sync that contains the revision."""
        del metrics
        return {one: self._live(one, now_ms) for one in expected}

    async def ask(self, questions: Sequence[Question]) -> Mapping[Question, Answer]:
        """A metric source: one number at every instant, or none."""
        return {question: self._answer(question) for question in questions}

    def turns(self, how: str) -> None:
        """Let the webhook named first answer otherwise from now on."""
        name, _, word = how.partition(" ")
        self.hooks[name] = word

    def answers(self, call: Call, body: Mapping[str, object]) -> Reply:
        """Answer one call."""
        self.called.append(f"calls {body['type']} {call.hook.name} at {body['weight']} %")
        word = self.hooks.get(call.hook.name, "says 200")
        if word == "is away":
            return Reply(passed=None, status=None, why="no answer within 10000 ms")
        status = int(word.removeprefix("says "))
        return Reply(passed=status <= 202, status=status, why=f"HTTP {status}")

    def _live(self, one: Expectation, now_ms: int) -> Liveness:
        for at_ms, tip in self.synced:
            if one.since_ms <= at_ms <= now_ms and self.ledger.contains(tip, one.revision):
                return Liveness(live_ms=at_ms, proof=("The story says so.",), waiting="")
        return Liveness(live_ms=None, proof=(), waiting="nothing was synced")

    def _answer(self, question: Question) -> Answer:
        instants = range(question.start_ms, question.end_ms + 1, question.step_ms or 1)
        samples = []
        for at_ms in instants:
            now = [word for since_ms, word in self.checks if since_ms < at_ms][-1]
            if now == "timing out":
                return Answer(error="the source did not answer in time")
            if now in _VALUES:
                samples.append(Sample(at_ms, _VALUES[now]))
        return Answer(series=(Series(labels={}, samples=tuple(samples)),) if samples else ())


@dataclass
class Phone:
    """The way to the world's webhooks."""

    world: World

    async def ask(self, call: Call, body: Mapping[str, object]) -> Reply:
        return self.world.answers(call, body)

    async def hear(self, hook: Webhook, key: str, body: Mapping[str, object]) -> str:
        del key
        words = f"tells {body['type']} {hook.name}: {body['event']}, {body['phase']}"
        self.world.called.append(words)
        return ""

    async def notify(self, notifier: str, told: Announcement) -> str:
        words = f"tells {notifier}: {told.severity.name.lower()}, {told.sentence}"
        self.world.called.append(words)
        return ""
