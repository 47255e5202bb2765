"""A Git server in memory: objects and branches."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

from gitops_canary.git.commands import Update
from gitops_canary.git.editing import Draft
from gitops_canary.git.objects import (
    EMPTY_TREE,
    Entry,
    Identity,
    Kind,
    ObjectId,
    RawCommit,
    build_commit,
    parse_commit,
    parse_tree,
)
from gitops_canary.git.pack import Made
from gitops_canary.model.commits import Blob, Commit
from gitops_canary.model.names import Path, Revision

from .lanes import Lanes

CONFIG = "main"
EVIDENCE = "gitops-canary/evidence"
ME = Identity(name="gitops-canary", email="canary@example.com")
Move = Callable[[str, Revision | None, Revision | None], None]


def nobody(branch: str, old: Revision | None, new: Revision | None) -> None:
    """Look away."""
    del branch, old, new


class Files(Mapping[str, bytes]):
    """The files under a tree: one is found quickly, all are listed only when asked."""

    def __init__(self, remote: "Remote", tree: ObjectId) -> None:
        self._remote = remote
        self._tree = tree
        self._known: dict[str, bytes | None] = {}
        self._paths: list[str] | None = None

    def __getitem__(self, path: str) -> bytes:
        if path not in self._known:
            self._known[path] = self._remote.file(self._tree, path)
        found = self._known[path]
        if found is None:
            raise KeyError(path)
        return found

    def __iter__(self) -> Iterator[str]:
        if self._paths is None:
            self._paths = list(self._remote.paths(self._tree))
        return iter(self._paths)

    def __len__(self) -> int:
        return len(list(iter(self)))


@dataclass(slots=True)
class Remote:
    """A server: every object it ever got, and the branches as they are now."""

    atomic: bool = True
    clock: Callable[[], int | None] = lambda: None
    """What time it takes it for; None where it does not say."""
    objects: dict[ObjectId, Made] = field(
        default_factory=lambda: {EMPTY_TREE: Made(Kind.TREE, b"")}
    )
    refs: dict[str, Revision] = field(default_factory=dict)
    moved: Move = nobody
    """Is told of every change of a branch, after it."""
    refuses: Callable[[Sequence[Update], Mapping[ObjectId, Made]], str] = lambda _updates, _made: ""
    """Why a push is declined by a hook; empty where it is not."""
    lagging: Mapping[str, Revision] = field(default_factory=dict)
    """What whoever asks is told of some branches instead, by a server that lags behind itself."""
    read: dict[ObjectId, Commit] = field(default_factory=dict)
    """Commits as the controllers read them, so that each signature is checked once."""
    changed: dict[tuple[ObjectId, ObjectId], Mapping[Path, Blob | None]] = field(
        default_factory=dict
    )
    """What differs between two trees, as the controllers read it."""
    lanes: Lanes = field(init=False)
    _entries: dict[ObjectId, Mapping[bytes, Entry]] = field(default_factory=dict)
    _parsed: dict[Revision, RawCommit] = field(default_factory=dict)
    _parents: dict[Revision, tuple[Revision, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.lanes = Lanes(self.parents)

    def shown(self) -> Mapping[str, Revision]:
        """Tell what branches there are, as whoever asks is told."""
        return {**self.refs, **self.lagging} if self.lagging else self.refs

    def says(self) -> int | None:
        """Tell the time as a `Date` header does: whole seconds."""
        now_ms = self.clock()
        return None if now_ms is None else now_ms // 1000 * 1000

    def contains(self, revision: Revision, ancestor: Revision) -> bool:
        """Tell whether a commit is another one or reachable from it."""
        there = ObjectId(ancestor) in self.objects
        return there and self.lanes.contains(revision, ancestor)

    def point(self, branch: str, new: Revision | None) -> None:
        """Move, make or delete a branch, as somebody with all permissions may."""
        old = self.refs.get(branch)
        if new is None:
            self.refs.pop(branch, None)
        else:
            self.refs[branch] = new
        if old != new:
            self.moved(branch, old, new)

    def push(self, updates: Sequence[Update]) -> bool:
        """Move all branches whose old tips still hold, or none."""
        if any(self.refs.get(update.branch) != update.old for update in updates):
            return False
        for update in updates:
            self.point(update.branch, Revision(update.new))
        return True

    def commit(
        self,
        files: Mapping[str, bytes | None],
        message: str,
        *,
        who: Identity,
        date_s: int,
        branch: str = CONFIG,
        parents: Sequence[Revision] | None = None,
    ) -> Revision:
        """Commit as a person does; the tree starts from the first parent. Moves the branch."""
        tip = self.refs.get(branch)
        parents = parents if parents is not None else [tip] if tip else []
        revision = self.make(files, message, who=who, date_s=date_s, parents=parents)
        self.point(branch, revision)
        return revision

    def make(
        self,
        files: Mapping[str, bytes | None],
        message: str,
        *,
        who: Identity,
        date_s: int,
        parents: Sequence[Revision],
    ) -> Revision:
        """Make a commit that no branch points to."""
        draft = Draft(self.body)
        tree = self.tree(parents[0]) if parents else EMPTY_TREE
        tree = draft.edit(tree, {Path(path): content for path, content in files.items()})
        body = build_commit(
            tree=tree,
            parents=[ObjectId(parent) for parent in parents],
            who=who,
            date_s=date_s,
            message=message,
        )
        name = draft.add(Kind.COMMIT, body)
        self.objects.update(draft.made)
        return Revision(name)

    def tree(self, revision: Revision) -> ObjectId:
        """Name the tree of a commit."""
        return self.raw(revision).tree

    def raw(self, revision: Revision) -> RawCommit:
        """Take a commit apart, each once: an id always names the same bytes."""
        if revision not in self._parsed:
            self._parsed[revision] = parse_commit(self.body(ObjectId(revision)))
        return self._parsed[revision]

    def body(self, name: ObjectId) -> bytes:
        """Read any object."""
        return self.objects[name].body

    def parents(self, revision: Revision) -> tuple[Revision, ...]:
        """Name the parents of a commit."""
        known = self._parents.get(revision)
        if known is None:
            known = tuple(Revision(p) for p in self.raw(revision).parents)
            self._parents[revision] = known
        return known

    def entries(self, tree: ObjectId) -> Mapping[bytes, Entry]:
        """Take a tree apart, each once."""
        if tree not in self._entries:
            self._entries[tree] = parse_tree(self.body(tree))
        return self._entries[tree]

    def file(self, tree: ObjectId, path: str) -> bytes | None:
        """Read one file under a tree; None where there is none."""
        *above, name = path.encode().split(b"/")
        for part in above:
            entry = self.entries(tree).get(part)
            if entry is None or not entry.is_tree:
                return None
            tree = ObjectId(entry.id.hex())
        found = self.entries(tree).get(name)
        return self.body(ObjectId(found.id.hex())) if found and not found.is_tree else None

    def paths(self, tree: ObjectId, prefix: str = "") -> Iterator[str]:
        """List every file under a tree."""
        for name, entry in self.entries(tree).items():
            place = prefix + name.decode()
            if entry.is_tree:
                yield from self.paths(ObjectId(entry.id.hex()), place + "/")
            else:
                yield place

    def differing(self, one: ObjectId, other: ObjectId, prefix: str = "") -> Iterator[str]:
        """List the files that two trees hold differently."""
        old, new = self.entries(one), self.entries(other)
        for name in sorted({name for name, _ in old.items() ^ new.items()}):
            place = prefix + name.decode()
            sides = [side.get(name) for side in (old, new)]
            was, now = (ObjectId(e.id.hex()) if e and e.is_tree else EMPTY_TREE for e in sides)
            yield from self.differing(was, now, place + "/") if was != now else ()
            if any(entry and not entry.is_tree for entry in sides):
                yield place

    def reachable(
        self, *tips: Revision, known: AbstractSet[Revision] = frozenset()
    ) -> set[Revision]:
        """List what is reachable from some commits without passing through known ones."""
        found: set[Revision] = set()
        todo = [tip for tip in tips if tip not in known]
        while todo:
            revision = todo.pop()
            if revision not in found:
                found.add(revision)
                todo += [p for p in self.parents(revision) if p not in known and p not in found]
        return found

    def beyond(self, tip: Revision, since: Revision | None) -> set[Revision]:
        """List what is reachable from a commit and not from another one."""
        found: set[Revision] = set()
        todo = [tip]
        while todo:
            revision = todo.pop()
            if revision not in found and not (since and self.contains(since, revision)):
                found.add(revision)
                todo += self.parents(revision)
        return found


@dataclass(slots=True)
class Disk:
    """What a clone keeps between two lives of its controller."""

    known: set[Revision] = field(default_factory=set)
    local: dict[str, Revision] = field(default_factory=dict)
    damaged: bool = False
    """Nothing can be read until the next fetch makes it anew."""
    lacking: bool = False
    """Something that was asked for is not there; the next fetch makes it anew."""
    checkpoint: Mapping[str, Any] | None = None
    heard: dict[str, int] = field(default_factory=dict)
    """What was told lately, and when."""

    def read(self) -> Mapping[str, Any] | None:
        """Give the checkpoint, as a shelf does."""
        return self.checkpoint

    def write(self, what: Mapping[str, Any]) -> None:
        """Keep a checkpoint, as a shelf does."""
        self.checkpoint = dict(what)
