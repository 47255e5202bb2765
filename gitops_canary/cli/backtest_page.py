"""The page of a backtest: one file with its plots in it, nothing loaded from elsewhere."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from html import escape
from itertools import pairwise

from gitops_canary.core.backtest import Backtest, Range, suggested
from gitops_canary.core.report import head
from gitops_canary.core.text import iso, percent

WIDTH, HEIGHT, LEFT, FOOT = 860, 200, 64, 26
COLUMNS = 400
"""Of these each shows its least and its largest value, so that no spike gets lost."""
_STOPPED_MAX = 200

Point = tuple[int, Decimal]


def page(name: str, summary: str, found: Backtest) -> str:
    """Write the page; every foreign word is escaped."""
    kind = "bad" if found.stopped else "good"
    parts = "\n".join(_check(one, found.stopped) for one in found.ranges)
    return (
        f'{head(f"Backtest of {name}")}<header class="{kind}"><p class="kind">Backtest</p>'
        f"<h1>{escape(name)}</h1><p>{escape(summary)}</p></header>\n{_table(found)}\n{parts}\n"
        f"{_stopped(found)}</main>\n</body>\n</html>\n"
    )


def _table(found: Backtest) -> str:
    titles = ("Check", "Limit", "Looks", "Failed", "Silent", "Middle", "Worst 1 %", "Suggested")
    rows = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in _cells(one))}</tr>"
        for one in found.ranges
    )
    names = "".join(f'<th scope="col">{name}</th>' for name in titles)
    table = f"<table><thead><tr>{names}</tr></thead><tbody>{rows}</tbody></table>"
    return f'<div class="scroll" tabindex="0" role="region" aria-label="Checks">{table}</div>'


def _cells(one: Range) -> tuple[str, ...]:
    middle, worst = ("-" if v is None else percent(v) for v in (one.middle, one.worst))
    counts = (str(one.looks), str(one.failed), str(one.silent))
    return (one.check, one.limit, *counts, middle, worst, suggested(one))


def _stopped(found: Backtest) -> str:
    """List when those that would have been rolled back began."""
    if not found.stopped:
        return ""
    items = "".join(f"<li>{iso(at)}</li>" for at in found.stopped[:_STOPPED_MAX])
    rest = len(found.stopped) - _STOPPED_MAX
    more = f"<p>and {rest} more</p>" if rest > 0 else ""
    words = f"When the {len(found.stopped)} that would have been rolled back began"
    return f"<details><summary>{words}</summary><ul>{items}</ul>{more}</details>"


def _check(one: Range, stopped: Sequence[int]) -> str:
    top = f"<h2>{escape(one.check)}</h2><p>{escape(_told(one))}</p>"
    if not one.values:
        return f"<section>{top}<p>No value at all.</p></section>"
    return f"<section>{top}{_plot(one, stopped)}</section>"


def _told(one: Range) -> str:
    text = f"Limit {one.limit}: {one.failed} of {one.looks} looks failed, {one.silent} were silent."
    return f"{text} Suggested: {one.suggested}." if one.suggested else text


def _plot(one: Range, stopped: Sequence[int]) -> str:
    """Draw the values, the limits, and below them where a rollout would have been stopped."""
    parts = tuple(_unbroken(one.values))
    shown = tuple(point for part in parts for point in part)
    limits = [limit for limit in (one.least, one.most) if limit is not None]
    low = min([*(v for _, v in shown), *limits])
    high = max([*(v for _, v in shown), *limits])
    room = (high - low) or Decimal(1)
    first, last = one.span

    def x(at: int) -> float:
        return LEFT + (WIDTH - LEFT - 8) * (at - first) / max(last - first, 1)

    def y(value: Decimal) -> float:
        return 8 + float((HEIGHT - 16) * (high - value) / room)

    line = "".join(
        f"M{'L'.join(f'{x(at):.1f},{y(value):.1f}' for at, value in part)}h.5" for part in parts
    )
    ends = f"{iso(first)} to {iso(last)}, {percent(low)} to {percent(high)}"
    marks = "".join(
        f'<path class="fail" d="M{x(at):.1f},{HEIGHT + 2}v8"/>'
        for at in stopped
        if first <= at <= last
    )
    bounds = "".join(
        f'<path class="limit" d="M{LEFT},{y(limit):.1f}H{WIDTH - 8}"/>' for limit in limits
    )
    labels = (
        f'<text class="y" x="{LEFT - 6}" y="16">{percent(high)}</text>'
        f'<text class="y" x="{LEFT - 6}" y="{HEIGHT - 4}">{percent(low)}</text>'
        f'<text x="{LEFT}" y="{HEIGHT + FOOT - 2}">{iso(first)}</text>'
        f'<text class="y" x="{WIDTH - 8}" y="{HEIGHT + FOOT - 2}">{iso(last)}</text>'
    )
    legend = (
        "Dashed: the limit. A gap: nothing was measured. Strokes below: a rollout that began there "
        "would have been stopped."
    )
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT + FOOT}" role="img" aria-label="{escape(ends)}">'
        f'<path class="grid" d="M{LEFT},8V{HEIGHT - 8}H{WIDTH - 8}"/>{bounds}'
        f'<path class="canary" d="{line}"/>{marks}{labels}</svg>'
        f'<p class="legend">{escape(ends)}. {legend}</p>'
    )


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
