"""One metric of both sides by ranks, as Kayenta classifies it, and one kind of fault it misses."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from gitops_canary.core.judges import ranks


class Class(Enum):
    """What a metric is found to be."""

    PASS = "Pass"  # noqa: S105 - a class, not a password
    HIGH = "High"
    LOW = "Low"
    NO_DATA = "Nodata"
    NO_DATA_FAIL = "NodataFailMetric"
    ERROR = "Error"


RANKED = {
    "Pass": "no worse",
    "High": "higher than the primary",
    "Low": "lower than the primary",
    "Nodata": "no data",
    "NodataFailMetric": "no data, which fails it",
    "Error": "not comparable",
}
"""What the classes mean, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How one metric is compared. Defaults are Kayenta's."""

    direction: str = "either"
    """increase, decrease or either: what is bad."""
    tolerance: float = 0.25
    confidence: float = 0.98
    effect: str = "meanRatio"
    """meanRatio or cles."""
    allowed: tuple[float, float] | None = None
    """(decrease, increase) that is fine; None takes the measure's neutral value."""
    critical: bool = False
    critical_at: tuple[float, float] | None = None
    must_have_data: bool = False
    replace_nan: bool = False
    """Take NaN for 0 instead of leaving it out."""
    remove_outliers: bool = False
    outlier_factor: float = 3.0
    partial: float = 2.0
    """Mean ratio from which a significant shift of a part of the points counts too; 0 is off."""
    from_none: bool = True
    """Whether that holds where the other side has nothing but 0, of which nothing is a multiple;
    not in records before decision 61."""
    least_points: int = 5
    """Fewer points on a side are an error: at 2 points one healthy look in nine is called bad."""
    alike_too: bool = False
    """Whether that holds where both sides are the same, too, which Kayenta passes: in a Canary one
    scrape without a bad request says nothing yet."""

    @property
    def neutral(self) -> tuple[float, float]:
        """What effect no difference has."""
        return (0.5, 0.5) if self.effect == "cles" else (1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Found:
    """A class with its reason; `critical` where it decides everything."""

    kind: Class
    why: str
    critical: bool = False
    ratio: float = math.nan


def classify(rule: Rule, control: Sequence[float], experiment: Sequence[float]) -> Found:
    """Classify one metric: `control` is the primary, `experiment` the canary."""
    ours, theirs = _cleaned(rule, experiment), _cleaned(rule, control)
    empty = _empty(rule, theirs, ours)
    if empty:
        return empty
    ratio = ranks.mean_ratio(theirs, ours)
    few = min(len(ours), len(theirs)) < rule.least_points
    if not (few and rule.alike_too) and _alike(ours, theirs):
        return Found(Class.PASS, "both sides are the same", ratio=1.0)
    if few:
        why = f"{len(ours)} and {len(theirs)} points: {rule.least_points} are the least"
        return Found(Class.ERROR, why, ratio=ratio)
    effect = ranks.superiority(theirs, ours) if rule.effect == "cles" else ratio
    kind, why = _compared(rule, theirs, ours, effect, ratio)
    return Found(kind, why, critical=_critical(rule, kind, effect), ratio=ratio)


def _alike(ours: Sequence[float], theirs: Sequence[float]) -> bool:
    return sorted(ours) == sorted(theirs) or len({*ours, *theirs}) == 1


def _cleaned(rule: Rule, values: Sequence[float]) -> list[float]:
    """Deal with NaN first, then with outliers, each side by itself."""
    if rule.replace_nan:
        kept = [0.0 if math.isnan(value) else value for value in values]
    else:
        kept = [value for value in values if not math.isnan(value)]
    if not rule.remove_outliers:
        return kept
    out = ranks.iqr_outliers(kept, rule.outlier_factor, reduce=True)
    return [value for value, is_out in zip(kept, out, strict=True) if not is_out]


def _empty(rule: Rule, control: list[float], experiment: list[float]) -> Found | None:
    if control and experiment:
        return None
    if rule.replace_nan:
        return Found(Class.PASS, "a side has no points, and missing points count as 0")
    side = "the canary" if control else "the primary" if experiment else "either side"
    failing = rule.must_have_data and not rule.critical
    kind = Class.NO_DATA_FAIL if failing else Class.NO_DATA
    return Found(kind, f"no points of {side}", critical=rule.critical)


def _compared(
    rule: Rule, control: list[float], experiment: list[float], effect: float, ratio: float
) -> tuple[Class, str]:
    down, up = rule.allowed or rule.neutral
    may_rise = rule.direction in {"increase", "either"} and not effect < up
    may_fall = rule.direction in {"decrease", "either"} and not effect > down
    if len(set(control)) == 1 and len(set(experiment)) == 1:
        # Each side is constant, so it needs no ranks; Kayenta adds random noise here instead.
        return _constant(control[0], experiment[0], may_rise=may_rise, may_fall=may_fall)
    try:
        low, high, estimate = ranks.shift_interval(experiment, control, rule.confidence)
        z = ranks.rank_z(experiment, control)
    except ranks.Tied:
        return Class.ERROR, "all points are tied"
    band = rule.tolerance * abs(estimate)
    sure = f"{low:.4g} to {high:.4g}, {100 * rule.confidence:g} % sure"
    side = "below" if estimate < 0 else "above"
    told = f"typically {abs(estimate):.4g} {side} the primary ({sure}), and {band:.4g} is let by"
    if may_rise and low > band:
        return Class.HIGH, told
    if may_fall and high < -band:
        return Class.LOW, told
    times = _times(control, experiment) if rule.from_none and math.isnan(ratio) else ratio
    kind = _partial(rule, z, times, may_rise=may_rise, may_fall=may_fall)
    if kind is Class.PASS:
        return kind, told
    words = f"a part of the points is {times:.3g}x as high"
    if math.isnan(ratio):
        whose = "the primary's" if z > 0 else "the canary's"
        words = f"a part of the points is not 0, and all of {whose} are"
    return kind, f"{words} (rank test z {z:.3g}); {told}"


def _times(control: Sequence[float], experiment: Sequence[float]) -> float:
    """Say how many times as much one side has where the other has nothing but 0.

    >>> _times([0.0, 0.0], [0.0, 3.0]), _times([0.0, 3.0], [0.0, 0.0])
    (inf, 0.0)
    >>> _times([-1.0, 1.0], [0.0, 3.0]), _times([0.0, 0.0], [-1.0, 0.0])
    (nan, nan)
    """
    if min(*control, *experiment) < 0 or (any(control) and any(experiment)):
        return math.nan
    return math.inf if any(experiment) else 0.0


def _partial(rule: Rule, z: float, ratio: float, *, may_rise: bool, may_fall: bool) -> Class:
    """See a fault of a part of the points, which hardly moves the middle of all."""
    sure = ranks.quantile(1 - (1 - rule.confidence) / 2)
    if rule.partial and may_rise and z >= sure and ratio >= rule.partial:
        return Class.HIGH
    if rule.partial and may_fall and z <= -sure and ratio <= 1 / rule.partial:
        return Class.LOW
    return Class.PASS


def _constant(
    control: float, experiment: float, *, may_rise: bool, may_fall: bool
) -> tuple[Class, str]:
    told = f"always {experiment:.4g}, and {control:.4g} on the primary"
    # Where they are the same both sides are alike, which passed before.
    if experiment > control:
        return (Class.HIGH if may_rise else Class.PASS), told
    return (Class.LOW if may_fall else Class.PASS), told


def _critical(rule: Rule, kind: Class, effect: float) -> bool:
    """Whether this decides everything; an effect that is not a number does not hold it back."""
    if not rule.critical:
        return False
    down, up = rule.critical_at or rule.neutral
    return (kind is Class.HIGH and not effect < up) or (kind is Class.LOW and not effect > down)
