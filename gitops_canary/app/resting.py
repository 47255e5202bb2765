"""A forge that limits requests: it is left alone as long as it asks for, and moves are held."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from gitops_canary.app.pushing import cannot
from gitops_canary.core.plan import Plan
from gitops_canary.errors import Limited
from gitops_canary.model.decision import Hold
from gitops_canary.model.names import CanaryId


@dataclass(slots=True)
class Resting:
    """Remembers until when; a restart forgets it, and is told again by the forge."""

    _until_ms: int = 0
    _why: str = ""

    def check(self, now_ms: int) -> None:
        """Ask nothing while it lasts.

        Raises:
            Limited: the forge is still to be left alone.
        """
        left_s = -((now_ms - self._until_ms) // 1000)
        if left_s > 0:
            remedy = f"nothing: it is asked again in {left_s} s"
            raise Limited(self._why, remedy=remedy, rest_s=left_s)

    def holds(self, error: Limited, plans: Iterable[Plan], now_ms: int) -> dict[CanaryId, Hold]:
        """Hold every due move until the forge may be asked again; a rollback calls somebody."""
        self._until_ms, self._why = now_ms + error.rest_s * 1000, error.problem
        acts = (plan.act for plan in plans)
        return {a.canary: replace(cannot(a.canary, error), alert=a.urgent) for a in acts}
