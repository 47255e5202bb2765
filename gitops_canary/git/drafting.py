"""Planned commits as objects: the same plan on the same parent gives the same ids anywhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from gitops_canary.errors import Conflict, EditRefused
from gitops_canary.git.editing import Draft
from gitops_canary.git.objects import (
    EMPTY_TREE,
    Identity,
    Kind,
    ObjectId,
    RawCommit,
    add_signature,
    build_commit,
    parse_commit,
)
from gitops_canary.git.reader import Reader
from gitops_canary.model.decision import PlannedCommit
from gitops_canary.model.names import Path, Revision


class Signer(Protocol):
    """A key that signs; `at_s` is the commit's date, which only some signatures name."""

    def sign(self, message: bytes, at_s: int) -> bytes:
        """Give the armoured signature of a commit's bytes."""

    def seal(self, statement: bytes, at_s: int) -> bytes:
        """Wrap a statement in a DSSE envelope."""

    def close(self) -> None:
        """Let go of what is open."""


@dataclass(frozen=True, slots=True)
class Sketch:
    """A chain of commits that lacks its commits: they can be signed beside storing the rest."""

    onto: ObjectId | None
    steps: Sequence[tuple[ObjectId, int]]
    """Of each commit the tree and the date, in seconds."""


@dataclass(frozen=True, slots=True)
class Drafting:
    """Who commits and signs."""

    reader: Reader
    identity: Identity
    key: Signer | None

    def close(self) -> None:
        """Let go of the key."""
        if self.key is not None:
            self.key.close()

    def chain(
        self, draft: Draft, onto: Revision | None, commits: Sequence[PlannedCommit]
    ) -> tuple[Revision, ...]:
        """Add one commit after another on top of `onto` (None: a root); their ids, oldest first.

        Raises:
            Conflict: `onto` was never fetched.
            EditRefused: a file cannot be written, or a message cannot be stored.
        """
        sketch = self.sketch(draft, onto, commits)
        return self.commit(draft, sketch, [planned.message for planned in commits])

    def sketch(
        self, draft: Draft, onto: Revision | None, commits: Sequence[PlannedCommit]
    ) -> Sketch:
        """Add the files of a chain and its directories, but no commit.

        Raises:
            Conflict: `onto` was never fetched.
            EditRefused: a file cannot be written.
        """
        parent = self._parent(onto) if onto and commits else None
        tree = parent.tree if parent else EMPTY_TREE
        date_s = parent.date_s if parent else 0
        start, steps = tree, []
        for planned in commits:
            if planned.now_ms is not None:
                date_s = min(date_s, planned.now_ms // 1000)
            date_s = max(planned.at_ms // 1000, date_s)
            tree = draft.edit(tree, {**planned.files, **self._seals(planned, date_s)})
            steps.append((tree, date_s))
        beyond = draft.differing(start, tree) - {
            f for one in commits for f in (*one.files, *one.statements)
        }
        if beyond:
            raise EditRefused(
                f"the commits would change {min(beyond)!a}, which none of them is to touch",
                remedy="report this: nothing was pushed",
            )
        return Sketch(ObjectId(onto) if onto else None, tuple(steps))

    def commit(self, draft: Draft, sketch: Sketch, messages: Sequence[str]) -> tuple[Revision, ...]:
        """Add the commits of a sketch, with a message each; their ids, oldest first.

        Raises:
            EditRefused: a message cannot be stored.
        """
        tip, made = sketch.onto, []
        for (tree, date_s), message in zip(sketch.steps, messages, strict=True):
            tip = self._commit(draft, tree, tip, date_s, message)
            made.append(Revision(tip))
        return tuple(made)

    def _seals(self, planned: PlannedCommit, date_s: int) -> dict[Path, bytes]:
        if self.key is None:
            return {}
        return {path: self.key.seal(text, date_s) for path, text in planned.statements.items()}

    def _parent(self, onto: Revision) -> RawCommit:
        name = ObjectId(onto)
        [(_, kind, _)] = self.reader.info([name])
        if kind != Kind.COMMIT.value.decode():
            raise Conflict(
                f"the revision {onto} to commit on was never fetched",
                remedy="nothing: the controller fetches and decides again",
            )
        [(_, body)] = self.reader.read([name], kind)
        return parse_commit(body)

    def _commit(
        self, draft: Draft, tree: ObjectId, parent: ObjectId | None, date_s: int, message: str
    ) -> ObjectId:
        if "\0" in message:
            raise EditRefused(
                "a commit message contains a NUL character",
                remedy="take it out of the name or version it comes from",
            )
        parents = [parent] if parent else []
        body = build_commit(
            tree=tree, parents=parents, who=self.identity, date_s=date_s, message=message
        )
        signed = add_signature(body, self.key.sign(body, date_s)) if self.key else body
        return draft.add(Kind.COMMIT, signed)
