"""Where every canary stands after a look: what `status`, the page and Prometheus are told."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from gitops_canary.app.telling import words
from gitops_canary.app.tick import Report
from gitops_canary.core.units import BARE, Units, of
from gitops_canary.model.decision import Decision, Hold
from gitops_canary.model.names import CanaryId, Revision
from gitops_canary.model.observation import Measurement
from gitops_canary.model.rollout import Action, Move


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One canary as the newest look left it; None where it could not be read."""

    repository: str
    canary: CanaryId
    revision: Revision | None
    """The tip that was looked at."""
    state: str
    """What it does or waits for, in the words of `status`."""
    reason: str
    remedy: str
    attention: bool
    """Whether a person has to do something."""
    weight: Decimal | None
    """The canary's percent of the traffic, with what this look pushed."""
    version: str | None
    primary: str | None
    bypass: Revision | None = None
    """The commit that changed what the primary runs outside any rollout since the newest move."""
    measurements: tuple[Measurement, ...] = ()
    """The newest verdict's, at this weight."""
    units: Units = BARE
    """How their numbers are written."""
    moves: tuple[Move, ...] = ()
    """Of the newest rollout, oldest first; those that this look pushed have no revision yet."""

    @property
    def running(self) -> bool:
        """Whether another move is to be expected."""
        return bool(self.moves) and not self.moves[-1].record.over

    @property
    def rollout(self) -> str:
        """The newest rollout; empty where there was none."""
        return self.moves[-1].record.rollout if self.moves else ""

    @property
    def step(self) -> int:
        """The step of the ladder; 0 before the first, and while nothing rolls out."""
        return self.moves[-1].record.step if self.running else 0

    @property
    def ladder(self) -> str:
        """The step and how many there are, where a rollout runs."""
        return f"{self.step}/{self.moves[-1].record.steps}" if self.running else "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """How one repository's newest looks ended."""

    standings: tuple[Standing, ...] = ()
    """As the newest look that could see them left them."""
    seen_s: float | None = None
    """When that look ended, seconds since the epoch; None while there was none."""
    trouble: str = ""
    """Why the newest look saw nothing; empty where it did."""


class Newest:
    """The newest look at each repository of a controller, from its start on."""

    def __init__(self, repositories: Iterable[str]) -> None:
        self._looked = {name: Looked() for name in repositories}

    def take(self, report: Report, at_s: float) -> None:
        """Take a look in; one that saw nothing leaves what is known of the canaries."""
        name = report.repository
        if report.error:
            self._looked[name] = replace(self._looked[name], trouble=f"{report.error}")
        else:
            self._looked[name] = Looked(standings=tuple(standings(report)), seen_s=at_s)

    def looked(self) -> Mapping[str, Looked]:
        """Tell of every repository by name."""
        return self._looked

    def standings(self) -> Iterator[Standing]:
        """List every canary of every repository."""
        for one in self._looked.values():
            yield from one.standings


def standings(report: Report) -> Iterator[Standing]:
    """List the canaries of a look, by name."""
    for canary, decision in sorted(report.decisions.items()):
        yield _standing(report, canary, decision)


def _standing(report: Report, canary: CanaryId, decision: Decision) -> Standing:
    hold = decision if isinstance(decision, Hold) else None
    seen = report.seen.get(canary)
    owned = seen.tip.owned if seen else None
    verdicts = seen.situation.verdicts if seen else ()
    known = seen.rollout.moves if seen and seen.rollout else ()
    # A move that came by a pull request is known already when it is told.
    there = {(m.record.action, m.record.previous) for m in known}
    fresh = _pushed(report, canary)
    pushed = tuple(m for m in fresh if (m.record.action, m.record.previous) not in there)
    moves = (*known, *pushed)
    weight = owned.weight if owned else None
    return Standing(
        repository=report.repository,
        canary=canary,
        revision=report.tip,
        state=words(decision),
        reason=decision.reason,
        remedy=hold.remedy if hold else "",
        attention=hold is not None and hold.alert,
        weight=pushed[-1].record.weight_to if pushed else weight,
        version=owned.candidate.version if owned else None,
        primary=owned.primary.version if owned else None,
        bypass=seen.situation.bypass if seen else None,
        measurements=verdicts[-1].measurements if verdicts else (),
        units=of(seen.policy, verdicts[-1].judge) if seen and verdicts else BARE,
        moves=tuple(m for m in moves if m.record.rollout == moves[-1].record.rollout),
    )


def _pushed(report: Report, canary: CanaryId) -> Iterator[Move]:
    """List the moves that a look has pushed; what their commits are called is not known yet."""
    for plan in report.pushed:
        if plan.act.canary == canary and plan.act.action is not Action.INITIALISE:
            yield Move(record=plan.record, revision=Revision(""), date_ms=plan.commit.at_ms)
