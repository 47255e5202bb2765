"""GitHub: a commit status and one comment on the pull request, kept up to date in place."""

import asyncio
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import quote

from github import Auth, Github, GithubException
from github.Commit import Commit
from github.GithubObject import NotSet
from github.Issue import Issue
from github.IssueComment import IssueComment

from gitops_canary.core.notice import marker
from gitops_canary.core.text import one_line
from gitops_canary.errors import Limited, Refused, Unavailable
from gitops_canary.http import Failed, Opening, secrets_of
from gitops_canary.model.names import EVIDENCE_BRANCH
from gitops_canary.model.notice import Notice

PULLS_MAX: Final = 3
"""Pull requests told of one commit."""
COMMENTS_MAX: Final = 1000
"""Comments looked through for our own."""
TIMEOUT_S: Final = 15
REST_S: Final = 60
REST_MAX_S: Final = 3600
"""Seconds it is left alone where it limits requests and does not say how long, and at the most."""
_TOO_MANY: Final = 429
DENIED: Final = frozenset({401, 403, 404, 410, 422})
"""Statuses that say no, whatever the next try."""
_TELLING: Final = "allow the token to write commit statuses and pull request comments"
T = TypeVar("T")


class GitHub:
    """Tells one repository on GitHub, or on GitHub Enterprise, through PyGithub.

    Args:
        url: base URL of the REST API.
        repository: `owner/name`.
        token_file: holds a token with write access to statuses and pull requests; read for every
            notice, so that it may rotate.
        pause_s: seconds between two writes, which GitHub asks of its clients.
    """

    def __init__(
        self, *, url: str, repository: str, token_file: Path, pause_s: float = 1.0
    ) -> None:
        self._url = url
        self._repository = repository
        self._opening = Opening(url=url, timeout_ms=TIMEOUT_S * 1000, token_file=token_file)
        self._pause_s = pause_s

    async def tell(self, notice: Notice) -> None:
        """Bring status and comment up to date; what is there already is left alone.

        A token that may only do one of the two does that one.

        Raises:
            Refused: the token may not, or GitHub will not have it.
            Unavailable: GitHub did not answer, or asks to wait.
        """
        await asyncio.to_thread(self.within, lambda client: self._tell(client, notice))

    async def comment(self, request: int, key: str, body: str, *, create: bool = True) -> None:
        """Keep one comment of ours on a pull request up to date, or make it where it lacks.

        Raises:
            Refused: the token may not, or GitHub will not have it.
            Unavailable: GitHub did not answer, or asks to wait.
        """

        def write(client: Github) -> None:
            issue = client.get_repo(self._repository).get_issue(request)
            self._comment(client, issue, key, body, create=create)

        await asyncio.to_thread(self.within, write)

    async def rules(self, branch: str) -> tuple[str, ...]:
        """List the kinds of active rules for a branch, e.g. `pull_request`; any token may ask.

        As in GitHub's "Get rules for a branch"; who may bypass them it does not tell.

        Raises:
            Refused: the token may not.
            Unavailable: GitHub did not answer.
        """
        found: list[str] = []

        def read(client: Github) -> None:
            path = f"/repos/{self._repository}/rules/branches/{quote(branch, safe='')}"
            _, rules = client.requester.requestJsonAndCheck("GET", path, {"per_page": 100})
            found.extend(str(one.get("type")) for one in rules if isinstance(one, dict))

        await asyncio.to_thread(self.within, read)
        return tuple(dict.fromkeys(found))

    def within(self, work: Callable[[Github], T], remedy: str = "") -> T:
        """Do something with a client of its own, in whatever thread.

        Raises:
            Refused: GitHub will not have it; `remedy` says what helps.
            Unavailable: GitHub did not answer, or asks to wait.
        """
        client = Github(
            auth=Auth.Token(self._token()),
            base_url=self._url,
            timeout=TIMEOUT_S,
            user_agent="gitops-canary",
            retry=None,  # PyGithub would repeat writes and sleep; the next notice comes anyway
            seconds_between_requests=0,
            seconds_between_writes=self._pause_s,
            lazy=True,  # an object is asked for only where its content is needed
        )
        try:
            return work(client)
        except GithubException as error:
            raise _told(error, remedy or _TELLING) from None
        except OSError as error:  # requests' errors are OSErrors
            raise Unavailable(
                f"GitHub cannot be reached ({type(error).__name__}).",
                remedy="nothing: it is tried again; look at the network if it stays",
            ) from None
        finally:
            client.close()

    def _tell(self, client: Github, notice: Notice) -> None:
        repository = client.get_repo(self._repository)
        commit = repository.get_commit(notice.source)
        link = self._link(notice.page)
        refused: GithubException | None = None
        try:
            self._status(commit, notice, link)
        except GithubException as error:
            if error.status not in DENIED or _limited(error):
                raise
            refused = error
        body = f"{notice.body}\n\n[The record so far]({link})" if link else notice.body
        for pull in islice(commit.get_pulls(), PULLS_MAX):
            self._comment(client, repository.get_issue(pull.number), notice.key, body)
        if refused:
            raise refused

    def _link(self, page: str) -> str:
        """Say where GitHub shows a file of the evidence branch; empty for no file."""
        web = self._url.rstrip("/").removesuffix("/api/v3")  # which GitHub Enterprise has
        web = "https://github.com" if web == "https://api.github.com" else web
        where = f"{self._repository}/blob/{EVIDENCE_BRANCH}/{quote(page)}"
        return f"{web}/{where}" if page else ""

    def _status(self, commit: Commit, notice: Notice, link: str) -> None:
        context = f"gitops-canary/{notice.canary}"
        newest = next((s for s in commit.get_statuses() if s.context == context), None)
        wanted = (notice.mark.value, notice.summary)
        if newest is None or (newest.state, newest.description) != wanted:
            commit.create_status(
                state=notice.mark.value,
                description=notice.summary,
                context=context,
                target_url=link or NotSet,
            )

    def _comment(
        self, client: Github, request: Issue, key: str, body: str, *, create: bool = True
    ) -> None:
        ours = self._ours(client, request, marker(key))
        if ours is None:
            if create:
                request.create_comment(body)
        elif ours.body.replace("\r\n", "\n") != body:
            ours.edit(body)

    def _ours(self, client: Github, request: Issue, mark: str) -> IssueComment | None:
        """Find our comment: the marker alone is text that anybody can write."""
        marked = [
            one for one in islice(request.get_comments(), COMMENTS_MAX) if one.body.startswith(mark)
        ]
        if not marked:
            return None
        try:
            login = client.get_user().login
        except GithubException:
            # A GitHub App's token has no user; its comments are those of a bot.
            return next((one for one in marked if one.user.type == "Bot"), None)
        return next((one for one in marked if one.user.login == login), None)

    def _token(self) -> str:
        try:
            return secrets_of(self._opening)["token"]
        except Failed as error:
            problem, _, remedy = str(error).rpartition(": ")
            raise Refused(f"The forge {problem}.", remedy=remedy) from None


def _limited(error: GithubException) -> bool:
    return "rate limit" in said(error).lower()


def said(error: GithubException) -> str:
    """Give GitHub's own words about an error."""
    return str(error.data.get("message", "")) if isinstance(error.data, dict) else ""


def _rest_s(error: GithubException) -> int:
    """Read how long GitHub wants to be left alone; a minute where it does not say.

    As in "Rate limits for the REST API": `retry-after` in seconds, or the second of the epoch at
    which the primary limit is reset.
    """
    told = {key.lower(): value for key, value in (error.headers or {}).items()}
    after, reset = told.get("retry-after", ""), told.get("x-ratelimit-reset", "")
    if after.isascii() and after.isdigit():
        return min(int(after[:9]), REST_MAX_S)
    if told.get("x-ratelimit-remaining") == "0" and reset.isascii() and reset.isdigit():
        return min(max(int(reset[:12]) - int(time.time()), 1), REST_MAX_S)
    return REST_S


def _told(error: GithubException, remedy: str) -> Refused | Unavailable:
    what = f"GitHub answered {error.status} ({one_line(said(error))[:200]})."
    if error.status == _TOO_MANY or _limited(error):
        rest_s = _rest_s(error)
        again = f"nothing: it is asked again in {rest_s} s; let less else ask with this token"
        return Limited(what, remedy=again, rest_s=rest_s)
    if error.status in DENIED:
        return Refused(what, remedy=remedy)
    return Unavailable(what, remedy="nothing: it is tried again")
