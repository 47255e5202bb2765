"""The page of a backtest: one file with its plots in it, nothing loaded from elsewhere."""

from decimal import Decimal
from html import escape

from gitops_canary.core.backtest import Backtest, Range
from gitops_canary.core.text import iso, percent

WIDTH, HEIGHT = 860, 180
_POINTS_MAX = 2_000
_STYLE = (
    "body{font:15px system-ui;margin:2em;max-width:900px}svg{background:#f7f7f7;width:100%}"
    "td,th{padding:.2em .8em;text-align:left}"
)


def page(name: str, summary: str, found: Backtest) -> str:
    """Write the page; every foreign word is escaped."""
    plots = "\n".join(_plot(one) for one in found.ranges)
    title = escape(f"Backtest of {name}")
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style><h1>{title}</h1><p>{escape(summary)}</p>\n{plots}\n</html>\n"
    )


def _plot(one: Range) -> str:
    head = f"<h2>{escape(one.check)}</h2><p>{escape(_told(one))}</p>"
    if not one.values:
        return f"{head}<p>No value at all.</p>"
    step = max(len(one.values) // _POINTS_MAX, 1)
    values = one.values[::step]
    low, high = min(v for _, v in values), max(v for _, v in values)
    room = (high - low) or Decimal(1)
    first, span = values[0][0], max(values[-1][0] - values[0][0], 1)
    points = " ".join(
        f"{WIDTH * (at - first) / span:.1f},{float(HEIGHT - HEIGHT * (v - low) / room):.1f}"
        for at, v in values
    )
    ends = f"{iso(values[0][0])} to {iso(values[-1][0])}, {percent(low)} to {percent(high)}"
    return (
        f'{head}<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(ends)}">'
        f'<polyline fill="none" stroke="#06c" points="{points}"/></svg><p>{escape(ends)}</p>'
    )


def _told(one: Range) -> str:
    text = f"Limit {one.limit}: {one.failed} of {one.looks} looks failed, {one.silent} were silent."
    return f"{text} Suggested: {one.suggested}." if one.suggested else text
