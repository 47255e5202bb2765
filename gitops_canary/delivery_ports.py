"""What delivery by pull request needs of Git and of the forge; more of `ports`."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Protocol

from gitops_canary.model.decision import PlannedCommit
from gitops_canary.model.names import Revision
from gitops_canary.model.request import Draft, Merging, Method, Request

Choice = Callable[[Collection[str]], Collection[str]]
"""Chooses some of the names of branches that there are."""


class Branches(Protocol):
    """Branches of single moves, beside the config branch. One thread with `Git`."""

    def below(self, folder: str, choose: Choice) -> Mapping[str, Revision]:
        """Fetch branches below a folder of names, e.g. `gitops-canary/main/`; their tips.

        Anybody may have pushed any number of them: `choose` says which ones are looked at.
        """

    def create(
        self,
        *,
        onto: Revision,
        commits: Mapping[str, PlannedCommit],
        evidence_onto: Revision | None,
        evidence: Sequence[PlannedCommit],
    ) -> Mapping[str, Revision]:
        """Push each commit as a new branch, with its evidence, all at once; the branches' tips.

        Raises:
            Conflict: a branch is there with something else, or the evidence branch moved.
            Refused: the server will not have it.
        """

    def delete(self, branch: str, tip: Revision) -> None:
        """Delete a branch that still has this tip.

        Raises:
            Conflict: somebody pushed to it.
            Refused: the server will not have it.
        """


class Requests(Protocol):
    """Pull requests into one branch. Every method may raise Refused and Unavailable."""

    async def find(self, branch: str) -> tuple[Request, ...]:
        """List the requests from a branch of the same repository, newest first."""

    async def open(self, draft: Draft) -> Request:
        """Open a request; where another process was faster, give its."""

    async def withdraw(self, request: Request, title: str) -> None:
        """Close a request under another title."""

    async def update(self, request: Request) -> None:
        """Have the target branch merged into a request's."""

    async def merge(self, request: Request, draft: Draft, method: Method) -> Merging:
        """Merge a request if its head is still the same and the branch's rules allow it."""
