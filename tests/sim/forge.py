"""A forge with pull requests over a server in memory; held to the stand-in for GitHub.

Merges are made as "About merge methods on GitHub" says: a merge commit without fast-forward, one
squashed commit, or each commit of the branch written anew. Files merge whole: two changes of one
file conflict, where Git would look at lines.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from gitops_canary.errors import Refused
from gitops_canary.git.objects import Identity
from gitops_canary.model.names import Path, Revision
from gitops_canary.model.request import Draft, Merging, Method, Ready, Request, Stage

from .remote import CONFIG, Remote

HUB = Identity(name="GitHub", email="noreply@github.com")
Found = Callable[["Pull"], None]
Merged = Callable[["Pull", Revision, Revision, Sequence[Revision]], None]


@dataclass(slots=True, kw_only=True)
class Pull:
    """One pull request."""

    number: int
    branch: str
    title: str
    body: str
    head: Revision
    first: Revision
    """The head that it was opened with."""
    labels: tuple[str, ...] = ()
    stage: Stage = Stage.OPEN
    opened_ms: int = 0
    brought: Revision | None = None
    closed_ms: int = 0
    changed_ms: int = 0
    """When it was last known that the forge had to look at it again."""

    @property
    def refused(self) -> bool:
        """Whether a person closed it: what a controller takes back says so in its title."""
        return self.stage is Stage.CLOSED and not self.title.startswith("withdrawn: ")


@dataclass(slots=True, kw_only=True)
class Forge:
    """One repository's requests, and the rules of its branch."""

    remote: Remote
    now_ms: Callable[[], int]
    opened: Found = lambda _pull: None
    """Is told of each new request, before it is there."""
    merged: Merged = lambda _pull, _own, _base, _made: None
    """Is told of each merge: the branch's head, the tip before, and the commits that it wrote."""
    pulls: list[Pull] = field(default_factory=list)
    approved: set[Revision] = field(default_factory=set)
    """Heads that a reviewer approved; a push dismisses that."""
    needs_approval: bool = False
    checks_hang: bool = False
    """Whether a required check never ends."""
    strict: bool = False
    """Whether a branch has to be up to date before it is merged."""
    queue: bool = False
    thinks_ms: int = 0
    """How long it does not know whether a request can be merged."""
    _merges: dict[tuple[Revision, Revision], Mapping[Path, bytes | None] | None] = field(
        default_factory=dict
    )

    # What the API does. --------------------------------------------------------------------------

    def find(self, branch: str) -> tuple[Request, ...]:
        """List the requests from a branch, newest first."""
        self.look()
        return tuple(self._shown(one) for one in reversed(self.pulls) if one.branch == branch)

    def open(self, draft: Draft) -> Request:
        """Open a request, or give the one that is open."""
        self.look()
        for pull in self.of(draft.branch):
            if pull.stage is Stage.OPEN:
                return self._shown(pull)
        tip = self.remote.refs.get(draft.branch)
        if tip is None or self.remote.contains(self.main, tip):
            raise Refused("GitHub answered 422 (Validation Failed).", remedy="look at it")
        pull = Pull(
            number=len(self.pulls) + 1,
            branch=draft.branch,
            title=draft.title,
            body=draft.text,
            head=tip,
            first=tip,
            labels=draft.labels,
            opened_ms=self.now_ms(),
            changed_ms=self.now_ms(),
        )
        self.opened(pull)
        self.pulls.append(pull)
        return self._shown(pull)

    def withdraw(self, request: Request, title: str) -> None:
        """Close a request under another title; a merged one stays merged."""
        self.look()
        pull = self.pulls[request.number - 1]
        pull.title = title
        if pull.stage is Stage.OPEN:
            pull.stage = Stage.CLOSED

    def update(self, request: Request) -> None:
        """Merge the target branch into a request's, unless its head is another or it conflicts."""
        self.look()
        pull, base = self.pulls[request.number - 1], self.main
        change = self._merge(pull.head, base)
        behind = pull.stage is Stage.OPEN and not self.remote.contains(pull.head, base)
        if behind and pull.head == request.head and change is not None:
            message = f"Merge branch '{CONFIG}' into {pull.branch}\n"
            self.remote.point(pull.branch, self._commit(change, message, [pull.head, base]))
            self.look()

    def merge(self, request: Request, draft: Draft, method: Method) -> Merging:
        """Merge a request if its head is still the same and every rule is met."""
        self.look()
        pull = self.pulls[request.number - 1]
        if pull.stage is not Stage.OPEN:
            return Merging(tip=None, why="Pull Request is not mergeable")
        if pull.head != request.head:
            return Merging(tip=None, why="Head branch was modified")
        if self.queue:
            why = "Changes must be made through the merge queue"
            return Merging(tip=None, why=why, queued=True)
        if self.ready(pull) is not Ready.YES:
            return Merging(tip=None, why="Pull Request is not mergeable")
        message = f"{draft.title}\n\n{draft.body}" if method is Method.SQUASH else ""
        return Merging(tip=self.press(pull, method, message))

    # What people do, and what becomes of it. -----------------------------------------------------

    @property
    def main(self) -> Revision:
        """The tip of the target branch."""
        return self.remote.refs[CONFIG]

    def of(self, branch: str) -> Iterator[Pull]:
        """List the requests of a branch, newest first."""
        return (one for one in reversed(self.pulls) if one.branch == branch)

    def close(self, pull: Pull) -> None:
        """Close a request, which says no to it."""
        pull.stage, pull.closed_ms = Stage.CLOSED, self.now_ms()

    def reopen(self, pull: Pull) -> None:
        """Reopen a request, with its branch where that is gone."""
        self.remote.refs.setdefault(pull.branch, pull.head)
        if self.remote.refs[pull.branch] == pull.head:
            pull.stage, pull.opened_ms = Stage.OPEN, self.now_ms()
            pull.changed_ms = pull.opened_ms

    def press(self, pull: Pull, method: Method, message: str = "") -> Revision | None:
        """Merge as the button does, whatever the rules say; None where it conflicts."""
        if CONFIG not in self.remote.refs:
            return None
        self.look()
        base = self.main
        change = self._merge(base, pull.head)
        if change is None or pull.stage is not Stage.OPEN:
            return None
        made = [*self._made(pull, method, message, base, change)]
        pull.stage, pull.brought = Stage.MERGED, made[-1]
        # Told first: the commits are known for what they are before anybody sees them.
        self.merged(pull, pull.head, base, made)
        self.remote.point(CONFIG, made[-1])
        self.look()
        return made[-1]

    def ready(self, pull: Pull) -> Ready:
        """Say whether an open request could be merged."""
        if self._merge(self.main, pull.head) is None:
            return Ready.CONFLICT
        if self.now_ms() - pull.changed_ms < self.thinks_ms:
            return Ready.UNKNOWN
        if self.strict and not self.remote.contains(pull.head, self.main):
            return Ready.BEHIND
        waits = self.needs_approval and pull.head not in self.approved
        return Ready.BLOCKED if waits or self.checks_hang else Ready.YES

    def look(self) -> None:
        """Follow the branches, as GitHub does on a push: closed or merged where they say so."""
        if CONFIG not in self.remote.refs:
            return
        for pull in self.pulls:
            if pull.stage is Stage.OPEN:
                tip = self.remote.refs.get(pull.branch)
                if tip is None:
                    self.close(pull)
                elif tip != pull.head:
                    pull.head, pull.changed_ms = tip, self.now_ms()
                if tip and self.remote.contains(self.main, tip):
                    pull.stage, pull.brought = Stage.MERGED, self.main

    def _shown(self, pull: Pull) -> Request:
        is_open = pull.stage is Stage.OPEN
        return Request(
            number=pull.number,
            stage=pull.stage,
            head=pull.head,
            title=pull.title,
            ready=self.ready(pull) if is_open else Ready.UNKNOWN,
            merged=pull.brought if pull.stage is Stage.MERGED else None,
        )

    # What Git does. ------------------------------------------------------------------------------

    def _made(
        self,
        pull: Pull,
        method: Method,
        message: str,
        base: Revision,
        change: Mapping[Path, bytes | None],
    ) -> Iterator[Revision]:
        if method is Method.MERGE:
            text = f"Merge pull request #{pull.number} from acme/{pull.branch}\n\n{pull.title}\n"
            yield self._commit(change, text, [base, pull.head])
        elif method is Method.SQUASH:
            text = message or f"{pull.title} (#{pull.number})\n\n{pull.body}"
            yield self._commit(change, text, [base])
        else:
            tip = base
            for one in self.commits(pull.head, base):
                [parent] = self.remote.parents(one)
                tip = self._commit(self._change(parent, one), self.remote.raw(one).message, [tip])
                yield tip

    def commits(self, head: Revision, base: Revision) -> list[Revision]:
        """List what a branch adds, oldest first, without the merges by which it was updated."""
        found, one = [], head
        while not self.remote.contains(base, one):
            parents = self.remote.parents(one)
            if len(parents) == 1:
                found.append(one)
            one = parents[0]
        return found[::-1]

    def _change(self, before: Revision, after: Revision) -> dict[Path, bytes | None]:
        old, new = self.remote.tree(before), self.remote.tree(after)
        return {Path(p): self.remote.file(new, p) for p in self.remote.differing(old, new)}

    def _merge(self, ours: Revision, theirs: Revision) -> Mapping[Path, bytes | None] | None:
        """Say what a merge changes of `ours`; None where both changed a file."""
        if (ours, theirs) not in self._merges:
            self._merges[ours, theirs] = self._merged_files(ours, theirs)
        return self._merges[ours, theirs]

    def _merged_files(self, ours: Revision, theirs: Revision) -> dict[Path, bytes | None] | None:
        fork = self._fork(ours, theirs)
        change = self._change(fork, theirs)
        was, now = self.remote.tree(fork), self.remote.tree(ours)
        merged: dict[Path, bytes | None] = {}
        for path, wanted in change.items():
            mine = self.remote.file(now, path)
            if mine == wanted:
                continue
            if mine != self.remote.file(was, path):
                return None
            merged[path] = wanted
        return merged

    def _fork(self, one: Revision, other: Revision) -> Revision:
        """Find the best common ancestor: none of the others has it."""
        contains = self.remote.contains
        edge: set[Revision] = set()
        todo, seen = [other], set[Revision]()
        while todo:
            revision = todo.pop()
            if contains(one, revision):
                edge.add(revision)
            elif revision not in seen:
                seen.add(revision)
                todo += self.remote.parents(revision)
        return min(a for a in edge if not any(b != a and contains(b, a) for b in edge))

    def _commit(
        self, change: Mapping[Path, bytes | None], message: str, parents: Sequence[Revision]
    ) -> Revision:
        tree = self.remote.tree(parents[0])
        gone = {path for path, text in change.items() if text is None}
        gone = {path for path in gone if self.remote.file(tree, path) is None}  # there already
        files = {str(path): text for path, text in change.items() if path not in gone}
        date_s = self.now_ms() // 1000
        return self.remote.make(files, message, who=HUB, date_s=date_s, parents=parents)
