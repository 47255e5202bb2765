"""The stand-in for GitHub with pull requests that really are merged, in a bare repository.

Merges are made as "About merge methods on GitHub" says: a merge commit without fast-forward, one
squashed commit, or the commit written anew by the forge.
"""

import re
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from typing import Any

from forge_server import REPO, ForgeServer

from gitops_canary.lab.origin import Origin

Answer = tuple[int, Any]
HUB = "GitHub <noreply@github.com>"


@dataclass
class Pull:
    """One pull request, as its page would show it."""

    number: int
    branch: str
    base: str
    title: str
    body: str
    head: str
    state: str = "open"
    merged_at: str | None = None
    made: str | None = None
    labels: list[str] = field(default_factory=list)
    fork: str = "acme/config"
    """The repository that the branch is in."""


class PullsServer(ForgeServer):
    """Serves pull requests of one repository; what people do to them is a method each."""

    def __init__(self, origin: Origin, now_s: Callable[[], int]) -> None:
        super().__init__()
        self.origin = origin
        self.now_s = now_s
        self.pull_requests: list[Pull] = []
        self.needs_approval = False
        self.approved: set[str] = set()
        """Heads that a reviewer approved; a push dismisses that."""
        self.strict = False
        """Whether a branch has to be up to date before it is merged."""
        self._asked = threading.local()
        """The path of the request that a thread answers."""
        self.meanwhile: Callable[[str], None] = lambda _call: None
        """What others do just before a request is answered."""
        self.queue = False
        """Whether the branch takes merges from its queue alone."""
        self.dies_before = ""
        self.limits_before = ""
        """Calls that begin so are answered with 429, and `refuses_with`."""
        """The beginning of a request that is answered with a server's error."""

    # What people do.

    def open_ones(self) -> list[Pull]:
        self._look()
        return [one for one in self.pull_requests if one.state == "open"]

    def approve(self, pull: Pull) -> None:
        self.approved.add(pull.head)

    def close(self, pull: Pull, *, deletes: bool = False) -> None:
        pull.state = "closed"
        if deletes:
            self.origin.git("update-ref", "-d", f"refs/heads/{pull.branch}")

    def reopen(self, pull: Pull) -> None:
        pull.state = "open"

    def merge(self, pull: Pull, method: str, message: str = "") -> str:
        """Merge as the button does, whatever the rules say; the branch's new tip."""
        made = self._made(pull, method, message)
        assert made, "it conflicts"
        self.origin.git("update-ref", f"refs/heads/{pull.base}", made)
        pull.state, pull.merged_at, pull.made = "closed", self._iso(), made
        return made

    def forked(self, pull: Pull, head: str, fork: str) -> Pull:
        """Open a request like another one, from a branch of the same name in a fork."""
        number = len(self.pull_requests) + 1
        made = Pull(number, pull.branch, pull.base, pull.title, pull.body, head, fork=fork)
        self.pull_requests.append(made)
        return made

    # What the API does.

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        self._asked.path = handler.path
        call = f"{handler.command} {handler.path}"
        self.meanwhile(call)
        dead = self.dies_before and call.startswith(self.dies_before)
        self.refuses = (502, {"message": "Bad Gateway"}) if dead else None
        if self.limits_before and call.startswith(self.limits_before):
            self.refuses = 429, {"message": "API rate limit exceeded"}
        super().answer(handler)

    def _routes(self) -> dict[str, Callable[[re.Match[str], Any], Answer]]:
        repo = re.escape(REPO)
        return super()._routes() | {
            rf"GET {repo}/pulls": lambda _, __: (200, self._listed()),
            rf"POST {repo}/pulls": self._create,
            rf"GET {repo}/pulls/(\d+)": lambda m, _: (200, self._shown(self._of(m), whole=True)),
            rf"PATCH {repo}/pulls/(\d+)": self._change,
            rf"PUT {repo}/pulls/(\d+)/merge": self._merged,
            rf"PUT {repo}/pulls/(\d+)/update-branch": self._updated,
            rf"POST {repo}/issues/(\d+)/labels": self._labelled,
        }

    def _listed(self) -> list[dict[str, Any]]:
        self._look()
        branch = re.search(r"head=acme%3A([^&]*)", self._asked.path)
        assert branch, "the controller asks for one branch"
        name = branch[1].replace("%2F", "/")
        found = [one for one in self.pull_requests if one.branch == name]
        return [self._shown(one) for one in reversed(found)]

    def _create(self, _: re.Match[str], body: Any) -> Answer:
        self._look()
        tip, base = self.origin.tip(body["head"]), self.origin.tip(body["base"])
        same = [one for one in self.open_ones() if one.branch == body["head"]]
        if tip is None or same or self._contains(base, tip):
            return 422, {"message": "Validation Failed"}
        number = len(self.pull_requests) + 1
        pull = Pull(number, body["head"], body["base"], body["title"], body["body"], tip)
        self.pull_requests.append(pull)
        return 201, self._shown(pull, whole=True)

    def _change(self, found: re.Match[str], body: Any) -> Answer:
        self._look()
        pull = self._of(found)
        for key, value in body.items():
            setattr(pull, key, value)
        return 200, self._shown(pull, whole=True)

    def _merged(self, found: re.Match[str], body: Any) -> Answer:
        self._look()
        pull = self._of(found)
        if pull.state != "open":
            return 405, {"message": "Pull Request is not mergeable"}
        if body["sha"] != pull.head:
            return 409, {"message": "Head branch was modified. Review and try the merge again."}
        state = self._state(pull)
        if self.queue:
            words = (
                "Repository rule violations found\n\nChanges must be made through the merge queue"
            )
            return 405, {"message": words}
        if state == "blocked":
            return 405, {"message": "At least 1 approving review is required."}
        if state != "clean":
            return 405, {"message": "Pull Request is not mergeable"}
        message = f"{body['commit_title']}\n\n{body['commit_message']}" if len(body) > 2 else ""
        made = self.merge(pull, body["merge_method"], message)
        return 200, {"sha": made, "merged": True, "message": "Pull Request successfully merged"}

    def _updated(self, found: re.Match[str], body: Any) -> Answer:
        self._look()
        pull = self._of(found)
        if body["expected_head_sha"] != pull.head:
            return 422, {"message": "expected head sha didn't match current head ref."}
        base = self._tip(pull.base)
        tree = self._tree(pull.head, base)
        if tree is None:
            return 422, {"message": "merge conflict between base and head"}
        if pull.state != "open" or self._contains(pull.head, base):
            return 422, {"message": "There are no new commits on the base branch."}
        message = f"Merge branch '{pull.base}' into {pull.branch}\n"
        made = self._commit(tree, message, pull.head, base)
        self.origin.git("update-ref", f"refs/heads/{pull.branch}", made)
        return 202, {"message": "Updating pull request branch."}

    def _labelled(self, found: re.Match[str], body: Any) -> Answer:
        pull = self._of(found)
        pull.labels += body["labels"]
        return 200, [{"name": name} for name in pull.labels]

    def _of(self, found: re.Match[str]) -> Pull:
        return self.pull_requests[int(found[1]) - 1]

    def _look(self) -> None:
        """Follow the branches, as GitHub does on a push: closed where one is gone."""
        for pull in self.pull_requests:
            if pull.state == "open" and pull.fork == "acme/config":
                tip = self.origin.tip(pull.branch)
                pull.head, pull.state = tip or pull.head, "open" if tip else "closed"
                if tip and self._contains(self.origin.tip(pull.base), tip):
                    pull.state, pull.merged_at = "closed", self._iso()
                    pull.made = self._tip(pull.base)

    def _shown(self, pull: Pull, *, whole: bool = False) -> dict[str, Any]:
        shown = {
            "number": pull.number,
            "url": f"{self.url}{REPO}/pulls/{pull.number}",
            "issue_url": f"{self.url}{REPO}/issues/{pull.number}",
            "state": pull.state,
            "title": pull.title,
            "body": pull.body,
            "merged_at": pull.merged_at,
            "merge_commit_sha": pull.made,
            "head": {"ref": pull.branch, "sha": pull.head, "repo": {"full_name": pull.fork}},
            "base": {"ref": pull.base},
        }
        return shown | ({"mergeable_state": self._state(pull)} if whole else {})

    def _state(self, pull: Pull) -> str:
        base = self._tip(pull.base)
        if pull.state != "open":
            return "unknown"
        if self._tree(base, pull.head) is None:
            return "dirty"
        if self.strict and not self._contains(pull.head, base):
            return "behind"
        return "blocked" if self.needs_approval and pull.head not in self.approved else "clean"

    # What Git does.

    def _made(self, pull: Pull, method: str, message: str) -> str | None:
        base = self._tip(pull.base)
        tree = self._tree(base, pull.head)
        if tree is None:
            return None
        if method == "merge":
            title = f"Merge pull request #{pull.number} from acme/{pull.branch}\n\n{pull.title}\n"
            return self._commit(tree, title, base, pull.head)
        own = self.origin.git("show", "-s", "--format=%B", self._first(pull.head))
        if method == "rebase":
            return self._commit(tree, own, base)
        return self._commit(tree, message or f"{pull.title} (#{pull.number})\n\n{pull.body}", base)

    def _first(self, head: str) -> str:
        """Find the move's commit behind updates of its branch."""
        while len(found := self.origin.git("show", "-s", "--format=%P", head).split()) > 1:
            head = found[0]
        return head

    def _tree(self, one: str, other: str) -> str | None:
        try:
            return self.origin.git("merge-tree", "--write-tree", one, other)
        except subprocess.CalledProcessError:
            return None

    def _commit(self, tree: str, message: str, *parents: str) -> str:
        name, _, email = HUB.rstrip(">").partition(" <")
        who = {
            f"GIT_{role}_{key}": value
            for role in ("AUTHOR", "COMMITTER")
            for key, value in (("NAME", name), ("EMAIL", email), ("DATE", f"{self.now_s()} +0"))
        }
        above = [word for parent in parents for word in ("-p", parent)]
        return self.origin.git("commit-tree", tree, *above, stdin=message.encode(), env=who)

    def _contains(self, revision: str | None, ancestor: str) -> bool:
        found = self.origin.git("rev-list", "--count", ancestor, f"^{revision}")
        return found == "0"

    def _tip(self, branch: str) -> str:
        tip = self.origin.tip(branch)
        assert tip
        return tip

    def _iso(self) -> str:
        return datetime.fromtimestamp(self.now_s(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
