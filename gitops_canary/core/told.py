"""A rollout as its decisions on the evidence branch tell it: what its pages are made of."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from itertools import count
from typing import Any

from gitops_canary.core.met import Stage, most, stages
from gitops_canary.core.stopping import condemned_by, limits
from gitops_canary.core.text import duration, percent
from gitops_canary.core.units import FAST, Units, recorded

Json = dict[str, Any]
_NONE = Decimal(0)
ENDS = {
    "finish": "rolled out",
    "abort": "rolled back",
    "retreat": "taken off traffic, without a verdict",
}


@dataclass(frozen=True, slots=True)
class Told:
    """The decisions of one rollout, oldest first; those that are missing are counted."""

    decisions: tuple[Json, ...]
    """Never empty."""
    missing: tuple[int, ...] = ()
    """Numbers of decisions that are not on the evidence branch, counted from 1."""

    @property
    def first(self) -> Json:
        """The oldest decision there is."""
        return self.decisions[0]

    @property
    def last(self) -> Json:
        """The newest decision."""
        return self.decisions[-1]

    @property
    def end(self) -> Json | None:
        """The newest decision that ended the rollout or an attempt; None while it goes on."""
        for decision in reversed(self.decisions):
            if decision["action"] in ENDS:
                return decision
            if decision["action"] != "idle":
                return None
        return None

    def numbered(self) -> Iterator[tuple[int, Json]]:
        """List the decisions with their numbers, counted from 1, missing ones among them."""
        there = (n for n in count(1) if n not in self.missing)
        return zip(there, self.decisions, strict=False)

    @property
    def outcome(self) -> str:
        """How it ended, or where it stands, in words."""
        return ENDS[self.end["action"]] if self.end else f"at {self.last['weight']['to']} %"

    @property
    def good(self) -> bool | None:
        """Whether the version was taken, or not; None while that is open."""
        return None if self.end is None else self.end["action"] == "finish"

    @property
    def policy(self) -> Json:
        """The effective policy of the newest decision."""
        effective: Json = self.last["policy"]["effective"]
        return effective

    def units(self, verdict: Json) -> Units:
        """Say how the numbers of one of its verdicts are written."""
        return recorded(self.policy["checks"], verdict.get("judge", "threshold"))

    def checked(self, verdict: Json) -> Iterator[tuple[str, ...]]:
        """List a verdict's (check, canary, primary, limit, outcome, samples), with units."""
        units = self.units(verdict)
        for one in verdict["checks"]:
            name = one["name"]
            values = (units.value(name, one[side]) for side in ("value", "baseline"))
            yield name, *values, units.limit(name, one["limit"]), one["verdict"], one["samples"]

    def exposures(self) -> Iterator[Json]:
        """List what each weight exposed, in order."""
        return (d["exposure"] for d in self.decisions if d["exposure"])

    @property
    def stages(self) -> tuple[Stage, ...]:
        """What each weight exposed, with what came after the decision that ended it."""
        return stages(self.numbered())

    def exposed(self) -> tuple[Decimal, Decimal | None, Decimal | None]:
        """Add up minutes above 0 %, requests and failed requests; None where nobody counted.

        What met a weight while it was on its way is among them, where that was counted.
        """
        found = self.stages
        minutes = sum((one.minutes + one.late for one in found), _NONE)
        seen = [part for one in found for part in one.parts]
        if not seen:
            return minutes, None, None
        requests = sum((requests for _, requests, _ in seen), _NONE)
        return minutes, requests, sum((failed for _, _, failed in seen), _NONE)

    def failures(self) -> Iterator[Json]:
        """List the checks that failed in the verdict that ended the rollout."""
        end = self.end
        if end and end["verdicts"]:
            yield from (c for c in end["verdicts"][-1]["checks"] if c["verdict"] == "fail")

    def silences(self) -> Iterator[Json]:
        """List the checks that said nothing when the rollout ended without a verdict."""
        end = self.end
        if end and end["verdicts"] and end["action"] == "retreat":
            yield from (c for c in end["verdicts"][-1]["checks"] if c["verdict"] == "inconclusive")

    def conditions(self) -> Iterator[str]:
        """Say what would have rolled this back, or took it off traffic."""
        return conditions(self.policy)

    def remedies(self) -> Iterator[str]:
        """Say what failed, what the measured differences point to, and how to try again."""
        end = self.end
        if end is None or end["action"] == "finish":
            return
        for check in self.failures():
            units, name = self.units(end["verdicts"][-1]), check["name"]
            was, limit = units.value(name, check["value"]), units.limit(name, check["limit"])
            yield f"{name} was {was} (limit {limit}): {check['why']}."
            yield _cause(check, self.policy, units)
        for check in self.silences():
            said = "gave no number" if check["value"] is None else "decided nothing"
            yield f"{check['name']} {said}: {check['why']}."
        if not end["verdicts"]:
            yield end["reason"]
        canary, rollout = end["canary"], end["rollout"]
        if end["action"] == "abort":
            yield "Fix it in a new version and commit that: a new candidate starts by itself."
            yield f"If the cause was outside the version: gitops-canary retry {canary}"
        else:
            mend = "Mend what kept it from being live or measured; it starts again by itself"
            yield f"{mend}, or after the last attempt by: gitops-canary retry {canary}"
        yield f"What was measured and decided: decision-*.json of rollout {rollout}."

    @property
    def _unseen(self) -> bool:
        """Whether some of what was counted was not seen."""
        parts = ((row, row.get("arriving") or {}) for row in self.exposures())
        return any("unseen" in part for pair in parts for part in pair)

    def unknown(self) -> Iterator[str]:
        """Say what this record does not show."""
        for number in self.missing:
            yield f"decision {number} is not on the evidence branch, or not as its commit says"
        if any(row["requests"] is None for row in self.exposures()):
            yield "requests were not counted at every weight: no check counts them, or no answer"
        if any(d["live"] is None and d["action"] not in {"start", "abort"} for d in self.decisions):
            yield "not every move was proven live before the next decision"
        if missed := most(self.stages):
            yield (
                f"in {missed[0]} of the minutes above 0 % requests were not counted: up to "
                f"{missed[1]} more may have met it then, at the highest rate that was counted"
            )
        elif self._unseen:
            yield (
                "for some of the minutes above 0 % there is no sample, and nothing says how many "
                "requests met it then"
            )
        if any(one.open for one in self.stages):
            yield "requests that met it after the decision to end its traffic, until that was live"
        yield "between a decision and when it was live, requests are counted at the weight before"
        yield "whether the metric source told the truth: it is believed as it answered"


def conditions(policy: Json) -> Iterator[str]:
    """Say what rolls a canary back, or takes it off traffic, under a policy."""
    yield from limits(policy)
    yield f"{condemned_by(policy)}: all it owns in Git goes back, and the version is quarantined"
    if policy.get("watchMs") and policy["watchAction"] == "abort":
        span = duration(policy["watchMs"])
        yield f"the same within {span} after the finish: the stable revision before this rollout"
    deadline = duration(policy["progressDeadlineMs"])
    yield f"nothing clear measured for {deadline}: weight 0, no verdict on the version"
    yield f"a weight not live within {deadline}: weight 0, no verdict on the version"
    yield "a person's abort (control.abort in the Canary): all it owns in Git goes back"


def _cause(check: Json, policy: Json, units: Units) -> str:
    """Compare canary and primary: the difference says where the cause is to be looked for."""
    if check["baseline"] is None:
        return "The primary was not measured beside it, so the cause may lie outside the version."
    limits: Json = next((c for c in policy["checks"] if c["name"] == check["name"]), {})
    had = f"The primary had {units.value(check['name'], check['baseline'])} in the same window"
    if units.judge == "mannwhitney":
        return f"{had}, which it is compared with: the likely cause is this version."
    if _within(Decimal(check["baseline"]), check, limits):
        return f"{had}, within the limit: the likely cause is this version."
    rest = _rest(check.get("numbers", {}))
    if rest is not None and _within(rest, check, limits):
        pod = check["numbers"]["leftOut"]
        return (
            f"{had} for its pod {pod}, which is left out; its others had {percent(rest)} %, within "
            "the limit: the likely cause is this version."
        )
    return (
        f"{had}, outside the limit too: the likely cause is something both share, not this version."
    )


def _within(value: Decimal, check: Json, limits: Json) -> bool:
    """Whether a value keeps a check's limit; counted, it is the percentage of good requests."""
    low, high = limits.get("minimum"), limits.get("maximum")
    if "primaryBad" in check.get("numbers", {}) and high is not None:
        return value >= Decimal(FAST)
    return (low is None or value >= Decimal(low)) and (high is None or value <= Decimal(high))


def _rest(numbers: Json) -> Decimal | None:
    """Give the percentage of good requests on the primary without the pod that was left out."""
    requests = Decimal(numbers.get("restPrimary", 0))
    if not requests:
        return None
    good = 100 * (requests - Decimal(numbers["restPrimaryBad"])) / requests
    return good.quantize(Decimal("0.0001"), ROUND_FLOOR)


def told(files: Sequence[bytes]) -> Told | None:
    """Read a rollout's decisions, oldest first, empty bytes for missing ones; None if all are."""
    found = [data for data in files if data]
    if not found:
        return None
    return Told(
        decisions=tuple(map(json.loads, found)),
        missing=tuple(number for number, data in enumerate(files, 1) if not data),
    )
