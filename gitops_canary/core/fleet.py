"""Many rollouts in a period: how many, how they ended, how fast, and what was spared."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import median
from types import MappingProxyType

from gitops_canary.core.asked import Whys, reason
from gitops_canary.core.evidence import Json
from gitops_canary.core.text import duration, instant_ms, percent
from gitops_canary.core.told import Told

_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Fleet:
    """Rollouts that began in a period; instants in milliseconds, both ends included."""

    rollouts: tuple[Told, ...]
    since_ms: int
    until_ms: int
    asked_ms: Mapping[str, int]
    """Committer date of each source commit, by its id; those that the clone has."""
    whys: Whys
    """What persons said in the commits that asked for something."""

    def rows(self) -> Sequence[tuple[str, str, str]]:
        """Give (key, value, meaning) for a table; `-` where nothing can be said."""
        ended = [one for one in self.rollouts if one.end]
        taken = [one for one in ended if one.good]
        aborted = [one for one in ended if one.end and one.end["action"] == "abort"]
        days = max(Decimal(self.until_ms - self.since_ms) / _DAY_MS, Decimal(1))
        judged = [one for one in aborted if one.end and one.end["verdict"] != "none"]
        lead = [s for one in taken if (s := self._lead(one)) is not None]
        return (
            ("changes", str(len(self.rollouts)), "rollouts that began in the period"),
            ("rolledOut", str(len(taken)), "the primary took the version"),
            ("rolledBack", str(len(aborted)), "condemned, every owned value restored"),
            ("automatic", _share(_count(self.rollouts, _untouched), len(self.rollouts)),
             "no person moved, aborted or resumed"),
            ("rollbackRate", _share(len(aborted), len(ended)), "of those that ended"),
            ("detection", _median(map(_exposed, judged)),
             "median, commit of the first weight to verdict; without a person's aborts"),
            ("rollback", _median(map(_rollback, aborted)),
             "median, verdict to the restored state live, where the record tells"),
            ("failuresAvoided", _sum(map(_avoided, aborted)),
             "estimate where requests were counted: had all traffic met it for the same minutes"),
            ("overrides", str(len(self.overrides())), "listed below with their reasons"),
            ("deploymentFrequency", percent((len(taken) / days).quantize(Decimal("0.0001"))),
             "DORA: versions taken a day"),
            ("leadTime", _median(lead), "DORA: median, commit to all traffic"),
            ("changeFailureRate", _share(len(aborted), len(ended)), "DORA"),
            ("timeToRestore", _median(map(_exposed, aborted)),
             "DORA: median, commit of the first weight to the decision that restores"),
        )  # fmt: skip

    def overrides(self) -> Sequence[tuple[str, str, str]]:
        """List (when, canary, reason) of every decision on a person's word, or weight."""
        return [
            (decision["decidedAt"], decision["canary"], reason(decision, self.whys))
            for one in self.rollouts
            for decision in _touched(one)
        ]

    def changes(self) -> Sequence[Json]:
        """List one row a rollout: the population an auditor samples from."""
        return [self._change(one) for one in self.rollouts]

    def _change(self, one: Told) -> Json:
        minutes, requests, failed = one.exposed()
        return {
            "canary": one.last["canary"],
            "rollout": one.last["rollout"],
            "version": one.last["version"],
            "source": one.last["source"],
            "began": one.first["decidedAt"],
            "ended": one.end["decidedAt"] if one.end else "",
            "outcome": one.outcome,
            "automatic": "yes" if _untouched(one) else "no",
            "exposedMinutes": str(minutes),
            "requests": "" if requests is None else str(requests),
            "failedRequests": "" if failed is None else str(failed),
            "policy": one.last["policy"]["digest"],
            "reason": reason(one.end or one.last, self.whys),
        }

    def _lead(self, one: Told) -> int | None:
        asked = self.asked_ms.get(one.last["source"])
        return None if asked is None or not one.end else instant_ms(one.end["decidedAt"]) - asked


def fleet(
    found: Iterable[Told],
    since_ms: int,
    until_ms: int,
    asked_ms: Mapping[str, int],
    whys: Whys = MappingProxyType({}),
) -> Fleet:
    """Choose the rollouts that began in a period, oldest first; from 0: since the first one."""
    chosen = [one for one in found if since_ms <= instant_ms(one.first["decidedAt"]) <= until_ms]
    chosen.sort(key=lambda one: (one.first["decidedAt"], one.last["canary"]))
    if since_ms == 0 and chosen:
        since_ms = instant_ms(chosen[0].first["decidedAt"])
    return Fleet(tuple(chosen), since_ms, until_ms, asked_ms, whys)


def _by_person(decision: Json) -> bool:
    aborted = decision["action"] == "abort" and decision["verdict"] == "none"
    weight = decision["weight"]
    adopted = decision["action"] == "advance" and weight["from"] == weight["to"]
    return bool(aborted or adopted or decision.get("override"))


def _touched(one: Told) -> Iterator[Json]:
    """List the decisions on a person's word, or from a weight that no decision had left."""
    left: Decimal | None = None
    for number, decision in one.numbered():
        weight = decision["weight"]
        if number - 1 in one.missing:
            left = None
        if _by_person(decision) or (left is not None and left != Decimal(weight["from"])):
            yield decision
        left = Decimal(weight["to"])


def _untouched(one: Told) -> bool:
    return next(_touched(one), None) is None


def _count(found: Iterable[Told], test: Callable[[Told], bool]) -> int:
    return sum(test(one) for one in found)


def _share(part: int, whole: int) -> str:
    return f"{percent((Decimal(100 * part) / whole).quantize(Decimal('0.1')))} %" if whole else "-"


def _exposed(one: Told) -> int | None:
    """Tell the time from the commit of the first weight above 0 to the decision that took it away.

    Exposure counts from that commit too; what decided on it is older by what delivery took. Where a
    decision is missing the first weight may be another's, so nothing is told.
    """
    first = next((row for row in one.exposures() if Decimal(row["weight"]) > 0), None)
    if first is None or one.end is None or one.missing:
        return None
    return instant_ms(one.end["decidedAt"]) - instant_ms(first["from"])


def _rollback(one: Told) -> int | None:
    """Tell the time from an abort to the instant it was live, where a later move proves that."""
    aborts = (i for i, d in enumerate(one.decisions) if d["action"] == "abort")
    at = next(aborts, None)
    after = one.decisions[at + 1 :] if at is not None else ()
    live = next((d["live"]["since"] for d in after if d["live"]), None)
    if at is None or live is None:
        return None
    return instant_ms(live) - instant_ms(one.decisions[at]["decidedAt"])


def _avoided(one: Told) -> Decimal | None:
    """Estimate the failures spared: those seen at weight w, scaled to all traffic, less those.

    None where nobody counted requests.
    """
    counted = [row for row in one.exposures() if row["failedRequests"] is not None]
    if not counted:
        return None
    weights = ((row, Decimal(row["weight"])) for row in counted)
    return sum(
        (Decimal(row["failedRequests"]) * (100 / weight - 1) for row, weight in weights if weight),
        Decimal(0),
    )


def _sum(counts: Iterable[Decimal | None]) -> str:
    """Add up what is known; `-` where there is something, and nothing of it is known."""
    found = list(counts)
    known = [count for count in found if count is not None]
    return "-" if found and not known else percent(sum(known, Decimal(0)).to_integral_value())


def _median(spans: Iterable[int | None]) -> str:
    known = [span for span in spans if span is not None]
    return duration(int(median(known)) // 1000 * 1000) if known else "-"
