"""Weights and checks of a rollout on one time axis, as SVG: a function of its decisions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, InvalidOperation
from html import escape
from typing import Any

from gitops_canary.core.pace import through
from gitops_canary.core.text import change, instant_ms, iso, one_line
from gitops_canary.core.told import Told

Json = dict[str, Any]
WIDTH, LEFT, RIGHT = 960, 64, 36
WEIGHT_HEIGHT, CHECK_HEIGHT = 150, 130
TOP, BOTTOM = 26, 30
_CLEAR = 12
"""Rows below the title in which nothing is written above its line."""
_TICKS, _ROWS = 6, 3
"""At most so many intervals along an axis."""
_SECOND, _MINUTE, _HOUR, _DAY = 1000, 60_000, 3_600_000, 86_400_000
_SPANS_MS = (
    *(n * unit for unit in (_SECOND, _MINUTE) for n in (1, 2, 5, 10, 15, 30)),
    *(n * _HOUR for n in (1, 2, 3, 6, 12)),
    *(_DAY << n for n in range(12)),
)


@dataclass(frozen=True, slots=True)
class Axis:
    """Maps instants to columns; the same for every plot of one rollout."""

    start_ms: int
    end_ms: int

    def x(self, at_ms: int) -> float:
        """Give the column of an instant."""
        span = max(self.end_ms - self.start_ms, 1)
        return LEFT + (at_ms - self.start_ms) / span * (WIDTH - LEFT - RIGHT)

    def ticks(self) -> Iterator[int]:
        """Choose round instants to write below.

        >>> list(Axis(400, 9_500).ticks())
        [2000, 4000, 6000, 8000]
        """
        span = self.end_ms - self.start_ms
        step = next((one for one in _SPANS_MS if span <= one * _TICKS), _SPANS_MS[-1])
        yield from through(-(-self.start_ms // step) * step, self.end_ms, step)

    def label(self, at_ms: int) -> str:
        """Write an instant, with its day where there are several."""
        text = iso(at_ms)
        return text[11:19] if self.end_ms - self.start_ms < _DAY else text[5:16].replace("T", " ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One check at one evaluation time."""

    at_ms: int
    value: Decimal | None
    baseline: Decimal | None
    verdict: str


def axis(story: Told) -> Axis:
    """Span from the first decision to the last."""
    times = [instant_ms(decision["decidedAt"]) for decision in story.decisions]
    return Axis(min(times), max(times))


def weights(story: Told, line: Axis) -> str:
    """Draw the weight as a stair, with a mark where each move was seen live."""
    rows = tuple(map(Decimal, range(0, 101, 25)))
    scale = Scale(rows, WEIGHT_HEIGHT)
    path, x = [f"M{LEFT} {scale.y(0):.1f}"], float(LEFT)
    for decision in story.decisions:
        x = line.x(instant_ms(decision["decidedAt"]))
        path.append(f"H{x:.1f}V{scale.y(float(decision['weight']['to'])):.1f}")
    path.append(f"H{WIDTH - RIGHT}")
    area = "".join(path) + f"V{scale.y(0):.1f}H{LEFT}Z"
    marks = "".join(_live(decision, line, scale) for decision in story.decisions)
    moves = "".join(_move(decision, line, scale) for decision in story.decisions)
    body = f'<path class="area" d="{area}"/><path class="canary" d="{"".join(path)}"/>'
    parts = grid(scale, line) + body + marks + moves
    return drawing(WEIGHT_HEIGHT, "Weight of the canary in percent", parts)


def check(name: str, story: Told, line: Axis, ends: Sequence[str | None], title: str) -> str:
    """Draw one check: canary, primary, limits, and how each evaluation came out."""
    points = tuple(points_of(name, story))
    bounds = [v for v in map(_number, ends) if v is not None]
    known = [v for p in points for v in (p.value, p.baseline) if v is not None]
    scale = fit([*bounds, *known], CHECK_HEIGHT)
    parts = [
        grid(scale, line),
        *(_limit(bound, scale) for bound in bounds),
        _line("primary", [(p.at_ms, p.baseline) for p in points], line, scale),
        _line("canary", [(p.at_ms, p.value) for p in points], line, scale),
        *(_mark(point, line, scale) for point in points),
    ]  # fmt: skip
    return drawing(CHECK_HEIGHT, title, "".join(parts))


def points_of(name: str, story: Told) -> Iterator[Point]:
    """List a check's evaluations, oldest first."""
    for decision in story.decisions:
        for verdict in decision["verdicts"]:
            for one in verdict["checks"]:
                if one["name"] == name:
                    yield Point(
                        at_ms=instant_ms(verdict["at"]),
                        value=_number(one["value"]),
                        baseline=_number(one["baseline"]),
                        verdict=one["verdict"],
                    )


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps values to rows."""

    rows: Sequence[Decimal]
    """The values that lines are drawn for, evenly spaced, lowest first."""
    height: int

    def y(self, value: float) -> float:
        """Give the row of a value; what lies outside is drawn at the edge."""
        low, high = float(self.rows[0]), float(self.rows[-1])
        share = (value - low) / (high - low)
        return TOP + (1 - min(max(share, 0.0), 1.0)) * (self.height - TOP - BOTTOM)


def fit(values: Sequence[Decimal], height: int) -> Scale:
    """Choose round values around some others.

    >>> [str(row) for row in fit([Decimal("95.65"), Decimal(99), Decimal(100)], 1).rows]
    ['94', '96', '98', '100']
    """
    low, high = min(values, default=Decimal(0)), max(values, default=Decimal(1))
    step = _round((high - low or abs(high) or Decimal(1)) / _ROWS)
    first = (low / step).to_integral_value(ROUND_FLOOR)
    last = (high / step).to_integral_value(ROUND_CEILING)
    count = max(int(last - first), 1)
    return Scale([(first + index) * step for index in range(count + 1)], height)


def _round(least: Decimal) -> Decimal:
    """Give 1, 2 or 5 times a power of ten, no smaller than a number above 0."""
    power = Decimal(1).scaleb(least.adjusted())
    return next(n * power for n in (1, 2, 5, 10) if n * power >= least)


def drawing(height: int, title: str, body: str) -> str:
    """Put a plot's parts together under its title."""
    name = escape(one_line(title))
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{name}">'
        f'<text class="title" x="{LEFT}" y="16">{name}</text>{body}</svg>'
    )


def grid(scale: Scale, line: Axis) -> str:
    """Draw lines at round values, and write those and the instants beside them."""
    bottom = scale.height - BOTTOM
    rows = []
    for row in scale.rows:
        y = scale.y(float(row))
        rows.append(f'<path class="grid" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>')
        rows.append(f'<text class="y" x="{LEFT - 8}" y="{y + 4:.1f}">{_short(row)}</text>')
    for at_ms in line.ticks():
        x = line.x(at_ms)
        rows.append(f'<text class="x" x="{x:.1f}" y="{bottom + 18}">{line.label(at_ms)}</text>')
    return "".join(rows)


def _live(decision: Json, line: Axis, scale: Scale) -> str:
    """Mark when the move before a decision was seen live."""
    live = decision["live"]
    if live is None or not line.start_ms <= instant_ms(live["since"]) <= line.end_ms:
        return ""
    x, bottom = line.x(instant_ms(live["since"])), scale.height - BOTTOM
    title = f"<title>live {live['since']}</title>"
    return (
        f'<path class="live" d="M{x:.1f} {TOP}V{bottom}"/>'
        f'<path class="flag" d="M{x:.1f} {bottom}l-4 7h8z">{title}</path>'
    )


def _move(decision: Json, line: Axis, scale: Scale) -> str:
    x = line.x(instant_ms(decision["decidedAt"]))
    y = scale.y(float(decision["weight"]["to"]))
    weight = change(decision["weight"]["from"], decision["weight"]["to"])
    title = escape(f"{decision['action']} {weight}")
    return f'<circle class="move" cx="{x:.1f}" cy="{y:.1f}" r="4"><title>{title}</title></circle>'


def _limit(bound: Decimal, scale: Scale) -> str:
    y = scale.y(float(bound))
    below = y < TOP + _CLEAR  # else it would stand in the title
    return (
        f'<path class="limit" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>'
        f'<text class="limit" x="{LEFT + 4}" y="{y + 14 if below else y - 5:.1f}">'
        f"limit {bound:f}</text>"
    )


def _line(kind: str, values: Sequence[tuple[int, Decimal | None]], line: Axis, scale: Scale) -> str:
    """Join neighbouring values; a gap stays a gap."""
    path, pen = [], "M"
    for at_ms, value in values:
        if value is None:
            pen = "M"
            continue
        path.append(f"{pen}{line.x(at_ms):.1f} {scale.y(float(value)):.1f}")
        pen = "L"
    return f'<path class="{kind}" d="{"".join(path)}"/>' if path else ""


def _mark(point: Point, line: Axis, scale: Scale) -> str:
    """Show a verdict by its shape, so that it does not hang on colour."""
    x = line.x(point.at_ms)
    y = scale.y(float(point.value)) if point.value is not None else float(scale.height - BOTTOM)
    title = f"<title>{point.verdict} {iso(point.at_ms)}</title>"
    if point.verdict == "fail":
        cross = f"M{x - 5:.1f} {y - 5:.1f}l10 10m0 -10l-10 10"
        return f'<path class="fail" d="{cross}">{title}</path>'
    kind = "pass" if point.verdict == "pass" else "open"
    return f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="4">{title}</circle>'


def _number(text: str | None) -> Decimal | None:
    try:
        value = Decimal(text) if text else None
    except InvalidOperation:
        return None
    return value if value is not None and value.is_finite() else None


def _short(value: Decimal) -> str:
    return f"{value.normalize():f}"
