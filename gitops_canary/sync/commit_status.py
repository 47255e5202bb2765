"""Seeing in commit statuses that a move is live: the engine tells the forge what it has applied.

Flux's notification-controller writes `kustomization/<name>/<part of its id>`, Argo CD's
notifications whatever their template says. GitHub REST API, "List commit statuses for a reference";
check runs are something else and are not read. A status knows no pods: which version runs another
source has to tell.
"""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import quote

from gitops_canary.core.text import iso, one_line
from gitops_canary.model.names import Revision
from gitops_canary.model.observation import Expectation, Liveness
from gitops_canary.ports import Metrics
from gitops_canary.sync.api import Api
from gitops_canary.sync.cluster import observed
from gitops_canary.sync.fact import Fact
from gitops_canary.sync.live_object import instant_ms, mapping
from gitops_canary.sync.options import Later

Status = Mapping[str, Any]
PAGE = 100
"""Statuses of one commit that are looked at, the newest first; GitHub gives no more at once."""
_DONE = "success"
_OWN = "gitops-canary/"
"""Begins the statuses that the controller itself tells authors by."""


class CommitStatus:
    """Reads the statuses of a move's commit and of those after it; it never writes.

    Args:
        repository: `owner/name`.
        contexts: names of statuses; `*` stands for anything. Each has to be there and succeed.
        later: lists commits of the branch that contain a revision, the oldest first.
    """

    def __init__(
        self,
        api: Api,
        *,
        repository: str,
        contexts: Sequence[str],
        later: Later,
        timeout_ms: int,
    ) -> None:
        self._api = api
        self._repository = repository
        self._contexts = contexts
        self._later = later
        self._timeout_ms = timeout_ms

    async def observe(
        self,
        expected: Sequence[Expectation],
        metrics: Metrics,  # noqa: ARG002 - the port's shape
        now_ms: int,  # noqa: ARG002 - the forge's own times count
    ) -> Mapping[Expectation, Liveness]:
        """Tell for each move since when every context has succeeded."""
        return await observed(expected, self._look, self._timeout_ms)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._api.aclose()

    async def _look(self, expected: Expectation) -> Sequence[Fact]:
        """Ask commit after commit until each context has succeeded on one of them."""
        found = dict.fromkeys(self._contexts, Fact(None, ""))
        after = await self._later(expected.revision)
        for revision in (expected.revision, *after):
            statuses = await self._statuses(revision)
            for context, known in found.items():
                if known.at_ms is None:
                    here = applied(statuses, context, revision, expected.since_ms)
                    found[context] = here or known
            if all(fact.at_ms is not None for fact in found.values()):
                break
        where = f"{expected.revision[:12]} or {len(after)} commits after it"
        return [
            fact if fact.words else Fact(None, f"no commit status {one_line(context)} on {where}")
            for context, fact in found.items()
        ]

    async def _statuses(self, revision: Revision) -> Sequence[Status]:
        owner, _, name = self._repository.partition("/")
        path = f"/repos/{quote(owner, safe='')}/{quote(name, safe='')}/commits/{revision}/statuses"
        return [mapping(one) for one in await self._api.list(path, {"per_page": str(PAGE)})]


def applied(
    statuses: Sequence[Status], context: str, revision: Revision, since_ms: int
) -> Fact | None:
    """Tell what the statuses of one commit say in a context; None where they say nothing.

    Its first success counts, by the forge's time: once applied, a commit stays so, and what fails
    afterwards is for the checks to judge. Until then the newest status tells what is missing.
    """
    named = [(str(one.get("context", "")), one) for one in statuses]
    mine = [one for name, one in named if fnmatchcase(name, context) and not name.startswith(_OWN)]
    done = [
        (at_ms, one)
        for one in mine
        if one.get("state") == _DONE and (at_ms := instant_ms(one.get("created_at"))) is not None
    ]
    if done:
        at_ms, first = min(done, key=lambda found: found[0])
        at_ms = max(at_ms, since_ms)
        name = one_line(str(first.get("context")))[:100]
        return Fact(at_ms, f"{name} succeeded on {revision[:12]} at {iso(at_ms)}.")
    if not mine:
        return None
    newest = mine[0]
    name, state = (one_line(str(newest.get(key)))[:100] for key in ("context", "state"))
    why = one_line(str(newest.get("description") or "no description"))[:200]
    return Fact(None, f"{name} is {state} on {revision[:12]}: {why}")
