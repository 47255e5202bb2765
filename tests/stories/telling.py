"""Plays a story: a text of what people and the world do, and what every look then decides.

A line is `MM:SS what happens`. What a `tick` decides stands below it behind `>`; a line behind `#`
is for the reader. `STORIES=rewrite` in the environment writes the decisions down anew.
"""

import asyncio
import hashlib
import re
from dataclasses import dataclass, field

from ledger import Ledger
from scene import beginning, change, state
from world import Phone, World

from gitops_canary.app.announcing import Announcer
from gitops_canary.app.beginnings import Beginner
from gitops_canary.app.hooking import Hooking
from gitops_canary.app.measuring import Measuring, Timing
from gitops_canary.app.pushing import Budget
from gitops_canary.app.reading import Reader, Rules
from gitops_canary.app.retelling import Heard, Retelling
from gitops_canary.app.tick import Report, Station
from gitops_canary.app.timekeeping import Timekeeper
from gitops_canary.core.text import percent
from gitops_canary.errors import Halted
from gitops_canary.manifest import accepted
from gitops_canary.model.decision import Hold
from gitops_canary.model.names import CanaryId, Path, Revision
from gitops_canary.routing import ROUTERS

EPOCH_MS = 1_770_000_000_000
WEB = CanaryId("prod/web")
_LINE = re.compile(r"(\d+):(\d\d) (.*)")


@dataclass
class Telling:
    """One story being played."""

    ledger: Ledger = field(default_factory=Ledger)
    now_ms: int = EPOCH_MS
    settings: list[str] = field(default_factory=list)
    lost: Revision | None = None
    """What the newest alert says is gone."""
    reports: list[Report] = field(default_factory=list)
    """What every tick of the story said."""
    marks: dict[str, str] = field(default_factory=dict)
    """Names that the text gives to rollouts and revisions, and what they stand for."""

    def __post_init__(self) -> None:
        self.world = World(self.ledger)
        self.station = self._station()
        self.announcer = self._announcer()

    def play(self, text: str) -> str:
        """Play a whole story; the same text with what its ticks really decided."""
        told: list[str] = []
        for line in text.split("\n"):
            if line.startswith("given "):
                self.settings.append(line.removeprefix("given "))
                self._restarts("")
            found = _LINE.fullmatch(line)
            if not line.lstrip().startswith(">"):
                told.append(line)
            if found:
                self.now_ms = EPOCH_MS + (int(found[1]) * 60 + int(found[2])) * 1000
                told += [f"      > {words}" for words in self._happens(found[3])]
        self.station.close()
        return "\n".join(told)

    def _station(self) -> Station:
        timing = Timing(scrape_ms=500, lag_ms=0)
        rules = Rules(paths=(), default_provider=None)
        return Station(
            name="story",
            git=self.ledger,
            reader=Reader(self.ledger, rules, ROUTERS, sift=self.ledger),
            beginner=Beginner(store=self.ledger, rules=rules) if "plain" in self.settings else None,
            measuring=Measuring(
                metrics=self.world, sync=[self.world], timing=timing, settle_ms=30_000
            ),
            budget=Budget(1000),
            hooking=Hooking(hooks=Phone(self.world)),
            time=Timekeeper.of(lambda: self.now_ms + timing.delay_ms),
        )

    def _announcer(self) -> Announcer:
        async def message(revision: Revision) -> str:
            return self.ledger.commit(revision).message

        return Announcer(Phone(self.world), Retelling(message, Heard()))

    def _happens(self, what: str) -> list[str]:
        if self.ledger.tip is None:
            self.ledger.record(beginning(self.settings), "begin", EPOCH_MS - 3_600_000)
        verb, _, rest = what.partition(" ")
        if verb == "tick":
            return self._tick()
        if what == "evidence":
            return [self._named(words) for words in self._evidence()]
        deeds = {
            "commits": self._commits,
            "forces": self._forces,
            "synced": self._synced,
            "checks": lambda word: self.world.checks.append((self.now_ms, word)),
            "webhook": self.world.turns,
            "restarts": self._restarts,
        }
        deeds[verb](rest)
        return []

    def _synced(self, _: str) -> None:
        assert self.ledger.tip is not None
        self.world.synced.append((self.now_ms, self.ledger.tip))

    def _restarts(self, _: str) -> None:
        self.station.close()
        self.station = self._station()
        self.announcer = self._announcer()

    def _commits(self, what: str) -> None:
        """Let a person commit; several changes of one commit are joined by ` and `."""
        what = re.sub(r"\$(\w+)", lambda name: self.marks[name[1]], what)
        side = re.fullmatch(r"on a branch from (.*?): (.*): (merged|merged backwards)", what)
        revert = re.fullmatch(r"revert of (.*)", what)
        if side:
            self._aside(self.ledger.find(side[1]), side[2], backwards=side[3] != "merged")
        elif revert:
            self._reverts(self.ledger.find(revert[1]))
        elif what == "that the loss is meant":
            self._accepts()
        elif what == "a forged move":
            self._forges()
        else:
            self.ledger.record(self._changed(self.ledger.tip, what), what, self.now_ms)

    def _changed(self, base: Revision | None, what: str) -> dict[Path, bytes | None]:
        assert base is not None
        files = dict(self.ledger.tree(base))
        changed: dict[Path, bytes | None] = {}
        for one in what.split(" and "):
            new = change(files, one)
            changed |= new
            files |= {path: body for path, body in new.items() if body is not None}
        return changed

    def _aside(self, base: Revision, what: str, *, backwards: bool) -> None:
        """Commit on a branch and merge; `backwards` makes our commits the second parent."""
        main = self.ledger.tip
        assert main is not None
        changed = self._changed(base, what)
        side = self.ledger.record(changed, what, self.now_ms, parents=(base,))
        parents = (side, main) if backwards else (main, side)
        merged: dict[Path, bytes | None] = dict.fromkeys(self.ledger.tree(parents[0]))
        merged.update(self.ledger.tree(main))
        merged.update(changed)
        self.ledger.record(merged, "merge", self.now_ms, parents=parents)

    def _reverts(self, revision: Revision) -> None:
        now, (parent,) = self.ledger.tree(revision), self.ledger.commits[revision].parents
        before = self.ledger.tree(parent)
        touched = {p for p in {*now, *before} if now.get(p) != before.get(p)}
        changed = {path: before.get(path) for path in touched}
        self.ledger.record(changed, f'Revert "{revision[:8]}"', self.now_ms)

    def _forces(self, what: str) -> None:
        """Let the branch be what nobody may make it: `back to <words of a commit>`, or other."""
        if what == "the evidence branch away":
            self.ledger.proof = None
        elif what == "another history":
            self.ledger.record(beginning(self.settings), "other", self.now_ms, parents=())
        else:
            words = what.removeprefix("back to ")
            known = [one for one in self.ledger.commits.values() if words in one.message]
            self.ledger.tip = [o.revision for o in known if "evidence:" not in o.message][-1]

    def _accepts(self) -> None:
        """Commit the line that `resume --accept-history` writes."""
        assert self.ledger.tip is not None
        assert self.lost is not None
        one = accepted.Acceptance(accepted=self.ledger.tip, lost=self.lost)
        line = accepted.add("", one).encode()
        self.ledger.record({Path(accepted.FILE): line}, "Accept it", self.now_ms)

    def _forges(self) -> None:
        """Commit the newest move's message once more, under our key, with a weight of 50."""
        assert self.ledger.tip is not None
        message = self.ledger.commits[self.ledger.find("Canary-Format: 1")].message
        changed = change(self.ledger.tree(self.ledger.tip), "weight 50")
        self.ledger.record(changed, message, self.now_ms, ours=True)

    def _tick(self) -> list[str]:
        report = asyncio.run(self._look())
        told = [f"error: {report.error}"] if report.error else []
        if isinstance(report.error, Halted) and report.error.lost:
            self.lost = Revision(report.error.lost)
        told += self.world.called
        self.world.called.clear()
        for canary, decision in sorted(report.decisions.items()):
            if isinstance(decision, Hold):
                name = "" if canary == WEB else f"{canary}: "
                told.append(f"{name}{decision.wait.value}: {decision.reason}")
                told += [f"  try: {decision.remedy}"] if decision.remedy else []
        return [self._named(words) for words in (*told, *self._moves(report))] or ["nothing"]

    async def _look(self) -> Report:
        report = await self.station.tick(write=True)
        self.reports.append(report)
        self.announcer.take(report, self.now_ms)
        await self.announcer.drain()
        return report

    def _moves(self, report: Report) -> list[str]:
        told = []
        for plan in report.pushed:
            record, tip = plan.record, self.ledger.tip
            assert tip is not None
            self.marks.setdefault(f"r{1 + sum(k[0] == 'r' for k in self.marks)}", record.rollout)
            date = (self.ledger.commits[tip].date_ms - EPOCH_MS) // 1000
            facts = (
                f"{record.action.value} {record.step}/{record.steps}",
                f"{percent(record.weight_from)}->{percent(record.weight_to)}",
                record.verdict.value,
                f"failed {record.failed}/{record.threshold}",
                record.rollout,
                f"dated {date // 60:02}:{date % 60:02}",
            )
            told += [
                plan.commit.message.partition("\n")[0],
                f"  {', '.join(facts)}",
                f"  {plan.act.reason}",
                f"  {state(self.ledger.tree(tip))}",
            ]
        return told

    def _evidence(self) -> list[str]:
        """List the decisions on the evidence branch, and whether a commit names those bytes."""
        assert self.ledger.tip is not None
        messages = "".join(c.message for c in self.ledger.history(self.ledger.tip))
        told = []
        files = self.ledger.tree(self.ledger.proof) if self.ledger.proof else {}
        for path, body in sorted(files.items()):
            if path.endswith(".json"):
                named = f"Canary-Evidence: sha256:{hashlib.sha256(body).hexdigest()}" in messages
                told.append(f"{path}{', named by its commit' if named else ''}")
        return told

    def _named(self, words: str) -> str:
        """Write rollouts by the names the story gives them, so that texts stay readable."""
        names: dict[str, str] = {}
        for name, rollout in self.marks.items():
            names.setdefault(rollout, name)
        for rollout, name in names.items():
            words = words.replace(rollout, f"${name}")
        words = re.sub(r"\b([0-9a-f]{40}|[0-9a-f]{12})\b", "<id>", words)
        return re.sub(r"\s*\n\s*", " ", words)
