"""Worlds in which every move has a pull request: the forge, who asks it, and what it may see."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gitops_canary.app.tick import Station
from gitops_canary.core.delivery import canary_of
from gitops_canary.core.footing import anchors
from gitops_canary.core.message import parse
from gitops_canary.errors import HistoryError
from gitops_canary.manifest import accepted
from gitops_canary.model.names import Revision
from gitops_canary.model.request import Method, Stage

from .arrival import Arrival
from .branching import Delivery, MemoryBranches, Way, equipped
from .controllers import Pause
from .forge import Forge, Pull
from .manifests import WORD, Shape
from .remote import CONFIG, EVIDENCE, ME
from .watching import need

if TYPE_CHECKING:
    from .simulation import Simulation

ABORTS = "gitops-canary-rollback"


def by_push(station: Station, git: MemoryBranches) -> None:
    """Leave a controller as it is: its moves are pushed."""
    del station, git


@dataclass(slots=True)
class Requested:
    """The forge of a world and the promises about what is asked of it."""

    world: "Simulation"
    delivery: Delivery
    forge: Forge = field(init=False)
    states: dict[str, str] = field(default_factory=dict)
    """How the forge answers each controller: up where nothing is said."""
    since: dict[str, list[str]] = field(default_factory=dict)
    """What each controller asked of the forge since it last asked for the tip."""
    polled: dict[str, Revision | None] = field(default_factory=dict)
    """The tip that each controller saw last."""

    named: set[str] = field(default_factory=set)
    """All branches below the prefix of moves there ever were."""
    unseen: dict[str, dict[str, int]] = field(default_factory=dict)
    """At how many looks in a row each controller left each of these out."""

    @classmethod
    def of(cls, world: "Simulation") -> "Requested | None":
        """Give a world its forge, if it is one of those."""
        return cls(world, world.setting.delivery) if world.setting.delivery else None

    @property
    def sealed(self) -> bool:
        """Whether the forge writes the commits, so that only a seal makes them ours."""
        return self.delivery.method is not Method.MERGE

    @property
    def count(self) -> int:
        """Count the requests there ever were."""
        return len(self.forge.pulls)

    def __post_init__(self) -> None:
        self.forge = Forge(
            remote=self.world.remote,
            now_ms=lambda: self.world.now_ms,
            opened=self._opened,
            merged=self._merged,
        )

    def equip(self, name: str) -> Callable[[Station, MemoryBranches], None]:
        """Let a controller deliver by pull request, from each of its starts on."""

        async def pause() -> None:
            await Pause(self.world.network[name].takes_ms("forge", self.world.rng))

        way = Way(
            forge=self.forge,
            pause=pause,
            boundary=lambda point: self.world.boundaries(name, point),
            state=lambda: self.states.get(name, "up"),
            asked=lambda call: self.since.setdefault(name, ["nothing"]).append(call),
        )

        def polled() -> None:
            self.since[name], self.polled[name] = [], self.world.remote.refs.get(CONFIG)

        def equip(station: Station, git: MemoryBranches) -> None:
            git.polled = polled
            git.looked = lambda found, chosen: self._looked(name, found, chosen)
            self.unseen[name] = {}
            equipped(station, git, way, self.delivery)

        return equip

    def _opened(self, pull: Pull) -> None:
        """D2: a no stands, and D3: an abort is asked for when no other move is any more."""
        looked_ms = self.world.looked_ms.get(self.world.actor, 0)
        newest = next(self.forge.of(pull.branch), None)
        # Nobody hears a no that is said to another controller's request after it asked for one.
        said = newest is not None and newest.refused and newest.closed_ms < looked_ms
        need(not said, f"D2: somebody closed {pull.branch}")
        need(WORD not in pull.title + pull.body, "I12: a secret was told")
        self.world.tell(f"{self.world.actor} opened #{pull.number} {pull.title}")
        if ABORTS in pull.labels:
            owner = canary_of(CONFIG, pull.branch)
            for other in self.forge.pulls:
                waits = other.stage is Stage.OPEN and other.opened_ms < looked_ms
                rival = waits and canary_of(CONFIG, other.branch) == owner and self._holds(other)
                hidden = other.branch in self.unseen[self.world.actor]
                need(
                    not rival or (hidden and not self._follows(other.branch)),
                    f"D3: #{other.number} is open while an abort is asked for",
                )

    def _looked(self, name: str, found: Collection[str], chosen: Collection[str]) -> None:
        """D6: of more branches than are looked at, each has its turn before any has it twice."""
        self.named.update(found)
        before = self.unseen[name]
        self.unseen[name] = {one: before.get(one, 0) + 1 for one in found if one not in chosen}
        longest = max(self.unseen[name].values(), default=0)
        need(longest <= len(self.named), f"D6: {name} left a branch out {longest} times")

    def _follows(self, branch: str) -> bool:
        """Whether a branch is named for a move after one that landed."""
        return any(branch.endswith(f"-{one[:8]}") for one in self.world.watch.landed)

    def _merged(self, pull: Pull, head: Revision, base: Revision, made: Sequence[Revision]) -> None:
        """D1: merges are asked for on the newest tip, D4: of what is ours alone, D5: as moves."""
        by, every = self.world.actor, self.forge.commits(head, base)
        own = [one for one in every if self._ours(one)]
        self.world.tell(f"{by} merged #{pull.number} {pull.title}")
        decided = by in self.world.controllers
        if decided:
            need(self.delivery.merges, "D1: only people merge here")
            asked = self.since.get(by)
            need(asked == ["merge"], f"D1: between the tip and its merge it asked for {asked}")
            need(own == every, f"D4: #{pull.number} holds somebody's commits")
            decided = self.polled.get(by) == base
        if len(self.world.remote.parents(made[0])) > 1:
            arrivals = [(one, one, made[0]) for one in own]
        elif self.delivery.method is Method.MERGE or len(made) not in {1, len(every)}:
            arrivals = []  # what nothing vouches for is a person's
        else:
            # A squash is one of several where the branch was squashed below the request, too.
            pairs = zip(every, made if len(made) > 1 else [made[0]] * len(every), strict=True)
            # One of a move that landed before, and is no part of the squash, is that move again.
            moves = {*own, *(one for one in every if one in self.world.watch.landed)}
            arrivals = [(o, new, new) for o, new in pairs if o in moves and self._same(o, new)]
        need(arrivals or not decided, f"D5: what was merged of #{pull.number} is no move")
        self.world.watch.waiting += [
            Arrival(revision=new, planned=one, base=base, by=by, tip=tip, decided=decided)
            for one, new, tip in arrivals
        ]

    def squashed(self, gone: Sequence[Revision], made: Revision) -> None:
        """Take a person's squash for the move whose words end it, if it does just that: the seal of
        a move vouches for it whoever squashed."""
        try:
            record = parse(self.world.message(made), made)
        except HistoryError:
            return  # its last words are those of several
        landed = [self.world.watch.landed.get(one) for one in gone]
        for move in landed:
            if move and move.record == record and self._same(move.revision, made):
                [base] = self.world.remote.parents(made)
                arrival = Arrival(
                    revision=made, planned=move.revision, base=base, by="person", decided=False
                )
                self.world.watch.waiting.append(arrival)

    def meant(self, gone: Revision, text: str) -> bool:
        """Whether a move may be gone: what held it was given up, or no decision rests on it."""
        remote = self.world.remote
        if any(remote.contains(Revision(one.lost), gone) for one in accepted.parse(text)):
            return True
        proofs = remote.refs.get(EVIDENCE)
        every = remote.reachable(proofs) if proofs else ()
        named = (name for one in every for name in anchors(self.world.message(one)))
        return not any(remote.contains(name, gone) for name in named)

    def _holds(self, pull: Pull) -> bool:
        """Whether anything of ours would be merged."""
        return any(map(self._ours, self.forge.commits(pull.head, self.forge.main)))

    def _ours(self, revision: Revision) -> bool:
        return self.world.remote.raw(revision).committer == str(ME)

    def _same(self, planned: Revision, written: Revision) -> bool:
        """Whether a commit that the forge wrote does just what was decided, where it was.

        Values cannot be compared where somebody broke the files before the merge; files can.
        """
        remote = self.world.remote
        sides = [(one, *remote.parents(one)) for one in (planned, written)]
        touched, too = ({*remote.differing(*(remote.tree(one) for one in side))} for side in sides)
        record = parse(self.world.message(planned), planned)
        assert record is not None, "it is ours"
        shape = self.world.shapes[record.canary]
        return touched == too and all(
            self._owned(other, shape) in (None, self._owned(one, shape))
            and all(self._file(one, path) == self._file(other, path) for path in touched)
            for one, other in zip(*sides, strict=True)
        )

    def _file(self, revision: Revision, path: str) -> bytes | None:
        return self.world.remote.file(self.world.remote.tree(revision), path)

    def _owned(self, revision: Revision, shape: Shape) -> object:
        found = self.world.facts(revision, shape)
        owned = ("candidate", "primary", "weight", "replicas", "primary_replicas")
        return found and [getattr(found, name) for name in owned]
