"""GitHub: pull requests opened, brought up to date, merged and closed.

REST API, "Pulls": a merge names the head it is meant for, and every rule of the branch is GitHub's
to hold: 405 where one is not met, 409 where head or base moved meanwhile.
"""

import asyncio
import logging
from collections.abc import Mapping
from itertools import islice
from typing import Final

from github import Github, GithubException
from github.GithubObject import NotSet
from github.PullRequest import PullRequest
from github.Repository import Repository

from gitops_canary.core.text import one_line
from gitops_canary.forge.github import DENIED, GitHub, said
from gitops_canary.model.names import Revision
from gitops_canary.model.request import Draft, Merging, Method, Ready, Request, Stage

log = logging.getLogger("gitops_canary")
REQUESTS_MAX: Final = 10
"""Requests of one branch that are looked at, newest first."""
_LISTED_MAX: Final = 100
"""Requests among which they are looked for: forks may have a branch of the same name."""
TITLE_MAX: Final = 256
"""Characters of a request's title that GitHub takes."""
_QUEUE: Final = "merge queue"
"""In GitHub's words where a branch takes merges from its queue alone."""
_REMEDY: Final = "allow the token to read and write contents and pull requests"
_NOT_NOW: Final = frozenset({405, 409})
_UNFIT: Final = 422
"""Of a new request: there is one; of an update: the head is another."""
_READY: Final[Mapping[str, Ready]] = {
    "clean": Ready.YES,
    "has_hooks": Ready.YES,
    "unstable": Ready.YES,  # a check fails or runs that no rule asks for
    "blocked": Ready.BLOCKED,
    "draft": Ready.BLOCKED,
    "behind": Ready.BEHIND,
    "dirty": Ready.CONFLICT,
}
"""By GitHub's `mergeable_state`, which GraphQL's MergeStateStatus describes."""


class GitHubRequests:
    """Pull requests into one branch of one repository.

    Args:
        github: how it is reached; its token has to read and write contents and pull requests.
        repository: `owner/name`.
        target: short name of the branch they are merged into.
    """

    def __init__(self, github: GitHub, repository: str, target: str) -> None:
        self._github = github
        self._repository = repository
        self._target = target

    async def find(self, branch: str) -> tuple[Request, ...]:
        """List the requests from a branch, newest first; whether one is ready is asked for each.

        Raises:
            Refused: the token may not.
            Unavailable: GitHub did not answer, or asks to wait.
        """

        def read(client: Github) -> tuple[Request, ...]:
            return tuple(map(_request, self._of(client, branch)))

        return await asyncio.to_thread(self._github.within, read, _REMEDY)

    async def open(self, draft: Draft) -> Request:
        """Open a request, or give the one that another process has just opened.

        Raises:
            Refused, Unavailable: as `find`.
        """

        def write(client: Github) -> Request:
            repository = client.get_repo(self._repository)
            try:
                pull = repository.create_pull(
                    self._target, draft.branch, title=draft.title[:TITLE_MAX], body=draft.text
                )
            except GithubException as error:
                if error.status != _UNFIT:
                    raise
                pulls = self._of(client, draft.branch)
                known = next((one for one in pulls if one.state == Stage.OPEN.value), None)
                if known is None:
                    raise
                pull = known
            self._label(pull, draft)
            return _request(pull)

        return await asyncio.to_thread(self._github.within, write, _REMEDY)

    async def withdraw(self, request: Request, title: str) -> None:
        """Close a request under another title.

        Raises:
            Refused, Unavailable: as `find`.
        """

        def write(client: Github) -> None:
            pull = client.get_repo(self._repository).get_pull(request.number)
            pull.edit(title=title[:TITLE_MAX], state="closed")

        await asyncio.to_thread(self._github.within, write, _REMEDY)

    async def update(self, request: Request) -> None:
        """Have the target branch merged into a request's, as its button does.

        One whose head has moved meanwhile is left alone.

        Raises:
            Refused, Unavailable: as `find`.
        """

        def write(client: Github) -> None:
            pull = client.get_repo(self._repository).get_pull(request.number)
            try:
                pull.update_branch(expected_head_sha=request.head)
            except GithubException as error:
                if error.status != _UNFIT:
                    raise

        await asyncio.to_thread(self._github.within, write, _REMEDY)

    async def merge(self, request: Request, draft: Draft, method: Method) -> Merging:
        """Merge a request if its head is still the same and the branch's rules allow it.

        Raises:
            Refused, Unavailable: as `find`.
        """
        own = method is Method.SQUASH  # the one way in which GitHub writes the message itself

        def write(client: Github) -> Merging:
            pull = client.get_repo(self._repository).get_pull(request.number)
            try:
                done = pull.merge(
                    commit_title=draft.title if own else NotSet,
                    commit_message=draft.body if own else NotSet,
                    merge_method=method.value,
                    sha=request.head,
                )
            except GithubException as error:
                if error.status in _NOT_NOW:
                    why = one_line(said(error))[:200].rstrip(".")
                    why = why or "GitHub will not merge it yet"
                    return Merging(tip=None, why=why, queued=_QUEUE in why.lower())
                raise
            return Merging(tip=Revision(done.sha))

        return await asyncio.to_thread(self._github.within, write, _REMEDY)

    def _of(self, client: Github, branch: str) -> list[PullRequest]:
        repository: Repository = client.get_repo(self._repository)
        owner = self._repository.partition("/")[0]
        pulls = repository.get_pulls(
            state="all",
            head=f"{owner}:{branch}",
            base=self._target,
            sort="created",
            direction="desc",
        )
        # The filter is GitHub's; one it does not know it ignores, and it lets through forks that
        # the same organization owns.
        ours = (one for one in islice(pulls, _LISTED_MAX) if self._here(one, branch))
        return list(islice(ours, REQUESTS_MAX))

    def _here(self, pull: PullRequest, branch: str) -> bool:
        """Whether a request is from this repository's branch; a fork that is gone has no name."""
        fork = pull.head.repo is None or not _same(pull.head.repo.full_name, self._repository)
        return pull.head.ref == branch and not fork

    def _label(self, pull: PullRequest, draft: Draft) -> None:
        """Mark a request; a token that may not does without, as nothing rests on it."""
        try:
            # PyGithub's own call sends a bare list, which the description does not know.
            path = f"{pull.issue_url}/labels"
            labels = {"labels": list(draft.labels)}
            pull.requester.requestJsonAndCheck("POST", path, input=labels)
        except GithubException as error:
            if error.status not in DENIED:
                raise
            log.warning("pull request #%d could not be labelled: %s", pull.number, said(error))


def _same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()


def _request(pull: PullRequest) -> Request:
    stage = Stage.MERGED if pull.merged_at else Stage(pull.state)
    is_open, merged = stage is Stage.OPEN, pull.merge_commit_sha
    return Request(
        number=pull.number,
        stage=stage,
        head=Revision(pull.head.sha),
        title=pull.title,
        ready=_READY.get(pull.mergeable_state, Ready.UNKNOWN) if is_open else Ready.UNKNOWN,
        merged=Revision(merged) if merged and stage is Stage.MERGED else None,
    )
