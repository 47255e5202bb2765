"""A Git host that is away while a canary takes traffic: nothing can be rolled back through Git."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gitops_canary.app.looking import Seen
from gitops_canary.app.tick import Report
from gitops_canary.core.breakglass import breakglass
from gitops_canary.errors import Unavailable
from gitops_canary.model.names import CanaryId
from gitops_canary.routing import ROUTERS

PATIENCE_S = 60
"""Seconds a Git host may be away before a person is told."""


@dataclass(slots=True)
class Outage:
    """Remembers since when one repository is out of reach, and what was last seen of it.

    Losing this memory only delays: the next look starts to count anew.
    """

    _since_s: float | None = None
    _told: bool = False
    _seen: Mapping[CanaryId, Seen] = field(default_factory=dict)

    def note(self, report: Report, now_s: float) -> str:
        """Take a look's report in; the alarm where it is due, once an outage, else empty."""
        if report.error is None:
            self._seen = report.seen
        if not isinstance(report.error, Unavailable):
            self._since_s, self._told = None, False
            return ""
        if self._since_s is None:
            self._since_s = now_s
        if self._told or now_s - self._since_s < PATIENCE_S:
            return ""
        commands = "".join(_command(one) for _, one in sorted(self._seen.items()))
        self._told = bool(commands)
        if not commands:
            return ""
        return (
            f"{report.repository}: Git has been out of reach for {PATIENCE_S} s while canaries "
            f"take traffic; nothing can be rolled back through Git.\nBy hand, if it has to be:\n"
            f"{commands}Afterwards commit weight 0, or the controller will."
        )


def _command(one: Seen) -> str:
    return breakglass(one.spec, one.tip, one.situation.last, ROUTERS[one.spec.provider])
