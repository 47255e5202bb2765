"""The page of a backtest: one file with its plots in it, nothing loaded from elsewhere."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from html import escape
from itertools import pairwise

from gitops_canary.core import plot
from gitops_canary.core.backtest import periods
from gitops_canary.core.markup import scrolling, table
from gitops_canary.core.normal_days import LeftOut
from gitops_canary.core.past import Backtest, Range
from gitops_canary.core.report import head
from gitops_canary.core.suggesting import QUIET, leaving, suggested
from gitops_canary.core.text import iso, percent
from gitops_canary.core.units import bounded, joined

HEIGHT = 220
COLUMNS = 400
"""Of these each shows its least and its largest value, so that no spike gets lost."""
_STOPPED_MAX = 200
_APART = 3.0
"""Columns between two strokes that are told apart."""
_STYLE = "svg rect.odd{fill:var(--open);opacity:.16}"
_LEGEND = (
    "Dashed: the limit. A gap: nothing was measured. Red below: a rollout that began there would "
    "have been stopped. Shaded: left out of what is called normal."
)

Point = tuple[int, Decimal]


def page(name: str, summary: str, found: Backtest) -> str:
    """Write the page; every foreign word is escaped."""
    often = found.quiet.stopped > (1 - QUIET) * found.quiet.begun
    kind = "bad" if often else "open" if found.stopped or found.held else "good"
    parts = "\n".join(_check(one, found.stopped) for one in found.ranges)
    return (
        f'{head(f"Backtest of {name}", _STYLE)}<header class="{kind}"><p class="kind">Backtest</p>'
        f"<h1>{escape(name)}</h1><p>{escape(summary)}</p></header>\n{_table(found)}\n{parts}\n"
        f"{_stopped(found)}</main>\n</body>\n</html>\n"
    )


def _table(found: Backtest) -> str:
    titles = ("Check", "Limit", "Looks", "Failed", "Silent", "Middle", "Worst 1 %", "Suggested")
    return table("Checks", titles, [_cells(one) for one in found.ranges])


def _cells(one: Range) -> tuple[str, ...]:
    ends = (None if v is None else percent(v) for v in (one.middle, one.worst))
    middle, worst = (joined(end, one.unit) for end in ends)
    counts = (str(one.looks), str(one.failed), str(one.silent))
    limit, better = (bounded(text, one.unit) for text in (one.limit, suggested(one)))
    return (one.check, limit, *counts, middle, worst, better)


def _stopped(found: Backtest) -> str:
    """List when those that would have been rolled back began."""
    every = list(periods(found.stopped, found.apart_ms))
    if not every:
        return ""
    items = "".join(f"<li>{when(*one)}</li>" for one in every[:_STOPPED_MAX])
    rest = len(every) - _STOPPED_MAX
    more = f"<p>and {rest} more times</p>" if rest > 0 else ""
    words = f"When the {len(found.stopped)} that would have been rolled back began"
    return f"<details><summary>{words}</summary><ul>{items}</ul>{more}</details>"


def when(first_ms: int, last_ms: int, count: int) -> str:
    """Say when some began one after the other.

    >>> when(0, 120_000, 3), when(0, 86_400_000, 2), when(0, 0, 1)[-6:]
    ('1970-01-01T00:00:00Z to 00:02:00Z (3)', '1970-01-01T00:00:00Z to 1970-01-02T00:00:00Z (2)', \
'00:00Z')
    """
    first, last = iso(first_ms), iso(last_ms)
    if count == 1:
        return first
    return f"{first} to {last[11:] if last[:10] == first[:10] else last} ({count})"


def _check(one: Range, stopped: Sequence[int]) -> str:
    top = f"<h2>{escape(one.check)}</h2><p>{escape(_told(one))}</p>"
    if not one.values:
        why = f" {escape(one.why)}." if one.why else ""
        return f"<section>{top}<p>No value at all.{why}</p></section>"
    return f"<section>{top}{_plot(one, stopped)}</section>"


def _told(one: Range) -> str:
    limit = bounded(one.limit, one.unit)
    text = f"Limit {limit}: {one.failed} of {one.looks} looks failed, {one.silent} were silent."
    better = bounded(one.suggested or "", one.unit)
    text = f"{text} Suggested: {better}." if better else text
    text = f"{text} Normal is told {leaving(one)}." if one.left_out else text
    return f"{text} {one.misfit}" if one.misfit else text


def _plot(one: Range, stopped: Sequence[int]) -> str:
    """Draw the values, the limits, and below them where a rollout would have been stopped."""
    parts = tuple(_unbroken(one.values))
    shown = [value for part in parts for _, value in part]
    limits = [limit for limit in (one.least, one.most) if limit is not None]
    line, scale = plot.Axis(*one.span), plot.fit([*shown, *limits], HEIGHT)
    path = "".join(
        f"M{'L'.join(f'{line.x(at):.1f},{scale.y(float(value)):.1f}' for at, value in part)}h.5"
        for part in parts
    )
    body = (
        "".join(_odd(day, line) for day in one.left_out)
        + plot.grid(scale, line)
        + "".join(_limit(scale.y(float(limit))) for limit in limits)
        + f'<path class="canary" d="{path}"/>'
        + _strokes([line.x(at) for at in stopped if one.span[0] <= at <= one.span[1]])
    )
    unit = one.unit and f" {one.unit}"
    ends = f"{percent(min(shown))} to {percent(max(shown))}{unit}"
    drawn = plot.drawing(HEIGHT, f"{ends}, {iso(one.span[0])} to {iso(one.span[1])}", body)
    return f'{scrolling(one.check, drawn)}<p class="legend">{_LEGEND}</p>'


def _limit(y: float) -> str:
    """Draw a limit; its number stands above the plot, where no line runs through it."""
    return f'<path class="limit" d="M{plot.LEFT} {y:.1f}H{plot.WIDTH - plot.RIGHT}"/>'


def _odd(day: LeftOut, line: plot.Axis) -> str:
    """Shade a day that was left out, as far as it was looked at."""
    start, end = (
        line.x(min(max(at, line.start_ms), line.end_ms)) for at in (day.start_ms, day.end_ms)
    )
    height = HEIGHT - plot.TOP - plot.BOTTOM
    size = f'width="{end - start:.1f}" height="{height}"'
    title = f"<title>left out: {escape(day.words)}</title>"
    return f'<rect class="odd" x="{start:.1f}" y="{plot.TOP}" {size}>{title}</rect>'


def _strokes(columns: Sequence[float]) -> str:
    """Draw a stroke for each column, and one line for all that touch."""
    if not columns:
        return ""
    row, runs = HEIGHT - plot.BOTTOM + 4, [[columns[0], columns[0]]]
    for x in columns[1:]:
        if x - runs[-1][1] > _APART:
            runs.append([x, x])
        runs[-1][1] = x
    path = "".join(f"M{start:.1f},{row}H{end + 0.5:.1f}" for start, end in runs)
    return f'<path class="fail" d="{path}"/>'


def _unbroken(values: Sequence[Point]) -> Iterator[tuple[Point, ...]]:
    """Cut values where looks were silent: no line is drawn where nothing was measured."""
    size = -(-len(values) // COLUMNS)
    step = min((b - a for (a, _), (b, _) in pairwise(values)), default=0)
    begin = 0
    for i in range(1, len(values) + 1):
        if i == len(values) or values[i][0] - values[i - 1][0] > step:
            yield tuple(_thinned(values[begin:i], size))
            begin = i


def _thinned(values: Sequence[Point], size: int) -> Iterator[Point]:
    """Leave at most two values a column: its least and its largest."""
    if size < 3:  # noqa: PLR2004 - nothing to leave out
        yield from values
        return
    for start in range(0, len(values), size):
        column = values[start : start + size]
        ends = {min(column, key=lambda p: p[1]), max(column, key=lambda p: p[1])}
        yield from sorted(ends)
