"""Branches of moves that are over: deleted last, so that none that stays holds a move up."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from gitops_canary.app.proposing import Proposing
from gitops_canary.app.worker import Worker
from gitops_canary.core.delivery import Proposal
from gitops_canary.errors import CanaryError, Conflict, Refused, Unavailable

log = logging.getLogger("gitops_canary")
CLEARED_MAX = 20
"""Branches that are deleted at a look: each is a push, and the next look is waited for."""


@dataclass(slots=True, kw_only=True)
class Clearing:
    """Deletes the branches of one repository's moves; what it keeps is which ones stayed."""

    proposing: Proposing
    worker: Worker
    _tries: dict[str, int] = field(default_factory=dict)
    """How often each branch that is still there could not be deleted."""

    async def clear(self, over: Sequence[Proposal]) -> Mapping[str, CanaryError | None]:
        """Delete branches up to the first that cannot be; what became of each that was tried.

        A server that limits requests is not asked on, and one that refuses is asked for another
        branch at the next look: those that were refused least go first.
        """
        self._tries = {one.branch: self._tries.get(one.branch, 0) for one in over}
        found: dict[str, CanaryError | None] = {}
        for one in sorted(over, key=lambda one: self._tries[one.branch])[:CLEARED_MAX]:
            found[one.branch] = await self._delete(one)
            if found[one.branch]:
                break
        return found

    async def _delete(self, one: Proposal) -> CanaryError | None:
        try:
            await self.worker.do(partial(self.proposing.delete, one))
        except Conflict:
            return None  # somebody pushed to it just now: the next look tells whose it is
        except (Refused, Unavailable) as error:
            if not self._tries[one.branch]:
                words = "%s is over and could not be deleted; it is tried again later: %s"
                log.warning(words, one.branch, error)
            self._tries[one.branch] += 1
            return error
        return None
