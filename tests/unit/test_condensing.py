"""A look that begins at a checkpoint sees what one over the whole history sees."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from records import record, revision

from gitops_canary.app.ancestry import Graph
from gitops_canary.app.checkpointing import Checkpoint, _digest
from gitops_canary.core.condensing import Past, condensed
from gitops_canary.core.message import compose
from gitops_canary.core.replay import NEXT
from gitops_canary.errors import Unavailable
from gitops_canary.model.commits import Commit
from gitops_canary.model.names import CanaryId, Revision, RolloutId
from gitops_canary.model.rollout import Action, Move

CANARIES = [CanaryId("prod/web"), CanaryId("prod/api"), CanaryId("prod/old")]
BEGIN_MS = 1_770_000_000_000


class Commits:
    """Commits in memory: the part of `ports.Git` that a graph asks."""

    def __init__(self) -> None:
        self.known: dict[Revision, Commit] = {}
        self.walked = 0

    def add(
        self, message: str, date_ms: int, parents: Sequence[Revision], *, ours: bool
    ) -> Revision:
        name = revision(len(self.known) + 1)
        self.known[name] = Commit(
            revision=name, parents=tuple(parents), author="a", committer="a",
            date_ms=date_ms, message=message, ours=ours,
        )  # fmt: skip
        return name

    def commit(self, name: Revision) -> Commit:
        return self.known[name]

    def several(self, names: Sequence[Revision]) -> Sequence[Commit]:
        if lost := [name for name in names if name not in self.known]:
            raise Unavailable(f"{lost} is not there", remedy="nothing")
        return [self.known[name] for name in names]

    def reachable(self, tip: Revision) -> set[Revision]:
        found, todo = set(), [tip]
        while todo:
            name = todo.pop()
            if name in self.known and name not in found:
                found.add(name)
                todo += self.known[name].parents
        return found

    def contains(self, tip: Revision, ancestor: Revision) -> bool:
        return ancestor in self.reachable(tip)

    def history(
        self, tip: Revision, *, since: Revision | None = None, mentioning: str | None = None
    ) -> Iterator[Commit]:
        """Walk as `git rev-list --topo-order` does: a merge's last parent comes first."""
        left = self.reachable(tip) - (self.reachable(since) if since else set())
        children = dict.fromkeys(left, 0)
        for name in left:
            for parent in self.known[name].parents:
                children[parent] = children.get(parent, 0) + 1
        ready = [tip] if left else []
        while ready:
            commit = self.known[ready.pop()]
            self.walked += 1
            if (mentioning or "") in commit.message:
                yield commit
            for parent in commit.parents:
                children[parent] -= 1
                ready += [parent] if children[parent] == 0 and parent in left else []


class Seen:
    words = frozenset({"web"})


class Shelf:
    def __init__(self) -> None:
        self.what: Any = None

    def read(self) -> Any:
        return self.what

    def write(self, what: Any) -> None:
        self.what = dict(what)


def grown(rng: Random, length: int) -> tuple[Commits, list[Revision]]:
    """Make a history with merges, rightful moves, wrong ones and people's commits; and its tips."""
    git = Commits()
    tips = [git.add("Begin", BEGIN_MS, [], ours=False)]
    side: Revision | None = None
    for number in range(1, length):
        date_ms = BEGIN_MS + 1000 * (number + rng.choice((0, 0, 0, -20, 20)))
        at = side if side and rng.random() < 0.4 else tips[-1]
        parents = [at]
        if side and rng.random() < 0.15:
            parents, at, side = [tips[-1], side], tips[-1], None
        message = moved(rng, git, at) if rng.random() < 0.8 else "A person's"
        new = git.add(message, date_ms, parents, ours=rng.random() < 0.95)
        if at == side:
            side = new
        else:
            tips.append(new)
        if side is None and rng.random() < 0.2:
            side = rng.choice(tips)
    return git, tips


def moved(rng: Random, git: Commits, at: Revision) -> str:
    canary = rng.choice(CANARIES)
    moves = [m for m in Graph(git, at).all_moves if isinstance(m, Move)]  # type: ignore[arg-type]
    own = [m for m in moves if m.record.canary == canary]
    last = next(iter(own), None) if rng.random() < 0.9 else (rng.choice(own) if own else None)
    over = last is None or last.record.over or rng.random() < 0.1
    before = None if over else last
    after = NEXT[before.record.action if before else None] if rng.random() < 0.9 else set(Action)
    action = rng.choice(sorted(after, key=str) or [Action.START])
    rollout = RolloutId(f"{rng.randrange(1, 40):012x}")
    weight = before.record.weight_to if before else Decimal(0)
    if rng.random() < 0.02:
        return "Odd\n\nCanary-Format: 99\n"
    to = Decimal(rng.choice((0, 10, 20))) if action is Action.ADVANCE else weight
    made = record(
        canary=canary,
        rollout=before.record.rollout if before else rollout,
        action=action,
        weight_from=weight,
        weight_to=to,
        previous=before.revision if before else None,
    )
    return compose("Move", paragraphs=(), verdict=None, record=made)


def agree(seen: Graph, known: Graph, rng: Random) -> None:
    assert set(seen.history.misfits) == set(known.history.misfits)
    assert seen.history.moves.keys() == known.history.moves.keys()
    for canary in CANARIES:
        assert seen.history.rollout(canary) == known.history.rollout(canary)
        assert seen.history.beginning(canary) == known.history.beginning(canary)
        since_ms = BEGIN_MS + 1000 * rng.randrange(-5, 80)
        recent = [
            [m for m in g.moves(canary, since_ms) if m.date_ms >= since_ms] for g in (seen, known)
        ]
        assert recent[0] == recent[1]


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**9))
def test_a_checkpoint_changes_nothing_that_is_seen(seed: int) -> None:
    rng = Random(seed)  # noqa: S311 - for histories, not for secrets
    git, tips = grown(rng, 45)
    past: Past | None = None
    for tip in tips:
        if rng.random() < 0.3:
            continue
        seen = Graph(git, tip, past)  # type: ignore[arg-type] # the part of a Git it asks
        past = seen.past
        if rng.random() < 0.5:
            newest = max((m.date_ms for m in past.moves if isinstance(m, Move)), default=0)
            past = condensed(past, newest - 1000 * rng.randrange(0, 30))
        agree(Graph(git, tip, past), Graph(git, tip), rng)  # type: ignore[arg-type]


def begun(length: int = 200) -> tuple[Commits, Revision, Shelf, Past]:
    """Make a history, and a checkpoint at its tip."""
    git, tips = grown(Random(7), length)  # noqa: S311 - as above
    shelf = Shelf()
    past = Graph(git, tips[-1]).past  # type: ignore[arg-type] # as above
    Checkpoint(shelf, "mark", kept_ms=10_000).keep(past, 0, Seen())
    return git, tips[-1], shelf, past


def test_a_start_at_a_checkpoint_walks_only_what_came_since() -> None:
    walked = []
    for more in (0, 1000):
        git, tip, shelf, _ = begun()
        for number in range(more):
            tip = git.add("A person's", BEGIN_MS + 500_000 + number, [tip], ours=False)
        past = Graph(git, tip, Checkpoint(shelf, "mark").restore(git, tip)).past  # type: ignore[arg-type]
        Checkpoint(shelf, "mark").keep(past, 0, Seen())
        tip = git.add("The newest", BEGIN_MS + 900_000, [tip], ours=False)
        git.walked = 0
        seen = Graph(git, tip, Checkpoint(shelf, "mark").restore(git, tip))  # type: ignore[arg-type]
        walked.append(git.walked)
        assert seen.past.dropped
        assert shelf.what["words"] == ["web"]
        agree(seen, Graph(git, tip), Random(1))  # type: ignore[arg-type] # noqa: S311
    assert walked == [1, 1]


def test_a_checkpoint_is_written_at_once_and_then_every_few_minutes() -> None:
    git, tip, shelf, past = begun()
    checkpoint = Checkpoint(shelf, "mark")
    for now_ms, number, written in ((0, 1, True), (299_999, 2, False), (300_000, 3, True)):
        tip = git.add("Next", BEGIN_MS + 500_000 + number, [tip], ours=False)
        past = Graph(git, tip, past).past  # type: ignore[arg-type] # as above
        checkpoint.keep(past, now_ms, Seen())
        assert (shelf.what["tip"] == tip) == written


def altered(what: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    again = {key: value for key, value in what.items() if key != "digest"}
    yield "is damaged", {}
    yield "is damaged", {**what, "moves": what["moves"][1:]}
    yield "is damaged", {**what, "more": 1}
    for wrong, changes in (
        ("another version", {"mark": "other"}),
        ("another version", {"format": 2}),
        ("none of ours", {"moves": ["-x"]}),
        ("none of ours", {"moves": None}),
        ("none of ours", {"dropped": {}}),
        ("none of ours", {"droppedMs": "1"}),
        ("none of ours", {"droppedMs": None}),
        ("none of ours", {"tip": 1}),
        ("none of ours", {"words": ["a b"]}),
        ("cannot be read", {"moves": ["f" * 40]}),
        ("does not belong", {"tip": "f" * 40}),
        ("does not belong", {"moves": [revision(1)]}),
    ):
        changed = {**again, **changes}
        yield wrong, {**changed, "digest": _digest(changed)}


def test_what_is_no_checkpoint_of_ours_is_told_and_costs_one_pass(
    caplog: pytest.LogCaptureFixture,
) -> None:
    git, tip, shelf, _ = begun()
    assert Checkpoint(Shelf(), "mark").restore(git, tip) is None  # type: ignore[arg-type]
    assert Checkpoint(None, "mark").restore(git, tip) is None  # type: ignore[arg-type]
    assert not caplog.messages
    for wrong, what in altered(shelf.what):
        caplog.clear()
        other = Shelf()
        other.write(what)
        assert Checkpoint(other, "mark").restore(git, tip) is None, wrong  # type: ignore[arg-type]
        (said,) = caplog.messages
        assert wrong in said
        assert said.endswith("the whole history is passed over once")
