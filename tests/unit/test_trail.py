"""Going from one commit that concerns a value to the next finds what reading each commit finds."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

import pytest

from gitops_canary.app.trail import Bearing, Stirred, Trail, Value, unknown
from gitops_canary.model.commits import Commit
from gitops_canary.model.names import Revision

LABELS = ("web", "api", "cart")
FILES = ("a", "b", "c", "d")


@dataclass
class Forest:
    """Random commits with merges; every one has a few files with a number, and what each names.

    The value of a label is what the files that name it hold, and None where one of them is broken.
    """

    rng: Random
    searched: frozenset[str]
    """The labels that an index looks for; of the others nothing is known."""
    parents: dict[Revision, tuple[Revision, ...]] = field(default_factory=dict)
    files: dict[Revision, dict[str, tuple[str, int]]] = field(default_factory=dict)
    unknown: float = 0.1
    """The share of commits of which nothing is known."""
    read: int = 0

    def grow(self, count: int) -> list[Revision]:
        made: list[Revision] = []
        for number in range(count):
            revision = Revision(f"{number:040x}")
            recent = made[-4:]
            wanted = min(len(recent), self.rng.choice((1, 1, 1, 1, 1, 2)))
            behind = tuple(self.rng.sample(recent, wanted)) if recent else ()
            if self.rng.random() < 0.7 and recent:
                behind = (recent[-1], *(p for p in behind[1:] if p != recent[-1]))
            held = dict(self.files[self.rng.choice(behind)]) if behind else {}
            for _ in range(self.rng.choice((0, 1, 1, 2))):
                name = self.rng.choice(FILES)
                held[name] = (self.rng.choice(LABELS), self.rng.randrange(3))
            self.parents[revision], self.files[revision] = behind, held
            made.append(revision)
        return made

    def walk(self, tip: Revision) -> Iterator[Commit]:
        """Children before parents."""
        reachable, todo = {tip}, [tip]
        while todo:
            todo += [p for p in self.parents[todo.pop()] if p not in reachable]
            reachable.update(todo)
        for revision in sorted(reachable, reverse=True):
            yield Commit(
                revision=revision,
                parents=self.parents[revision],
                author="", committer="", date_ms=0, message="", ours=False,
            )  # fmt: skip

    def stirred(self, child: Revision, parent: Revision) -> Stirred | None:
        if self.rng.random() < self.unknown:
            return None
        new, old = self.files[child], self.files[parent]
        moved = [name for name in FILES if new.get(name) != old.get(name)]
        named = {side[name][0] for name in moved for side in (new, old) if name in side}
        return Stirred(keys=frozenset(named & self.searched), labels=self.searched)

    def value(self, label: str) -> Value:
        def at(revision: Revision) -> str | None:
            self.read += 1
            found = sorted((n, v) for n, (own, v) in self.files[revision].items() if own == label)
            return None if any(v == 2 for _, v in found) else str(found)

        def bearing(revision: Revision) -> Bearing | None:
            broken = revision.endswith("7")
            return None if broken else Bearing(labels=frozenset({label}), others=frozenset())

        return Value(at, bearing)


@pytest.mark.parametrize("seed", range(60))
def test_a_trail_that_passes_commits_over_finds_what_reading_all_finds(seed: int) -> None:
    rng = Random(seed)  # noqa: S311 - for worlds, not for secrets
    forest = Forest(rng, frozenset(LABELS[: rng.choice((2, 3, 3))]))
    commits = forest.grow(40)
    quick = Trail(forest.walk(commits[-1]), forest.stirred)
    for _ in range(12):
        value = forest.value(rng.choice(LABELS))
        plain = Trail(forest.walk(commits[-1]), unknown)
        since = rng.choice([*commits, Revision("f" * 40)])
        sought = rng.choice(commits)
        same = Value(lambda r, at=value.at, s=sought: at(r) == at(s), value.bearing)  # type: ignore[misc]
        assert quick.kept(value, since) == plain.kept(value, since)
        assert quick.origin(value) == plain.origin(value)
        assert quick.first(same) == plain.first(same)


def test_each_value_is_read_where_a_commit_concerns_it_and_nowhere_else() -> None:
    forest = Forest(Random(1), frozenset(LABELS), unknown=0)  # noqa: S311 - as above
    before: dict[str, tuple[str, int]] = {}
    for number in range(1000):
        revision = Revision(f"{number:040x}")
        before = {**before, "abc"[number % 3]: (LABELS[number % 3], number // 500)}
        forest.files[revision] = before
        forest.parents[revision] = (Revision(f"{number - 1:040x}"),) if number else ()
    trail = Trail(forest.walk(revision), forest.stirred)
    origins = [trail.origin(forest.value(label)) for label in LABELS]
    assert [int(origin, 16) for origin in origins] == [500 + n for n in (1, 2, 0)]
    assert forest.read <= 3 * len(LABELS)
