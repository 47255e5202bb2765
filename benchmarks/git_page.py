"""Figures as a page for people: a table, and a plot of how the cost grows."""

import math
from collections.abc import Sequence
from pathlib import Path

from benchmarks.git_bench import Figure

_PAGE = """# Performance of the Git engine

Measured by `python benchmarks/git.py` (`--large` for the largest sizes), each figure beside the
limit it is bound by, in the same run and in turns; medians. The ratio is what is promised, the
times only say on what machine it was. Over a network add its round trips: a step has one fetch and
one push, an idle look one small request.

| what | files | commits | ours | limit | ratio | to hold | |
|---|---|---|---|---|---|---|---|
{rows}

A figure without a number to hold is there to be looked at.

![How a step's cost grows with the files](git-growth.svg)
"""
_WIDTH, _HEIGHT, _MARGIN = 640, 360, 60
_COLOURS = ("#1f6feb", "#cf222e", "#1a7f37", "#8250df", "#9a6700")


def write(folder: Path, figures: Sequence[Figure]) -> None:
    """Write the page and its plot."""
    rows = "\n".join(_row(figure) for figure in figures)
    (folder / "performance.md").write_text(_PAGE.format(rows=rows))
    (folder / "git-growth.svg").write_text(_plot(figures))


def _row(figure: Figure) -> str:
    most = "" if math.isinf(figure.most) else f"<= {figure.most:.2f}"
    files = f"{figure.size.files:,}{' flat' if figure.size.flat else ''}"
    kept = "" if math.isinf(figure.most) else ("holds" if figure.holds else "**not met**")
    unit = figure.unit
    return (
        f"| {figure.name} | {files} | {figure.size.commits:,} | {unit(figure.ours_s)} | "
        f"{unit(figure.limit_s)} ({figure.limit}) | {figure.ratio:.2f} | {most} | {kept} |"
    )


def _plot(figures: Sequence[Figure]) -> str:
    lines: dict[str, list[tuple[int, float]]] = {}
    for figure in figures:
        if not figure.size.flat and figure.unit(1.0) == "1.0 s" and figure.size.commits <= 1000:  # noqa: PLR2004 - the sizes compared
            lines.setdefault(figure.name, []).append((figure.size.files, figure.ours_s))
    grown = {name: points for name, points in lines.items() if len(points) > 1}
    times = [s for points in grown.values() for _, s in points] or [1.0]
    files = [f for points in grown.values() for f, _ in points] or [1]
    low, high = math.floor(math.log10(min(times))), math.ceil(math.log10(max(times)))
    left, right = math.log10(min(files)), math.log10(max(files)) or 1.0

    def at(count: float, seconds: float) -> tuple[float, float]:
        x = (math.log10(count) - left) / ((right - left) or 1)
        y = (math.log10(seconds) - low) / ((high - low) or 1)
        return _MARGIN + x * (_WIDTH - 260), _HEIGHT - _MARGIN - y * (_HEIGHT - 2 * _MARGIN)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}">',
        "<style>text { font: 11px sans-serif }</style>",
        '<rect width="100%" height="100%" fill="white"/>',
    ]
    for power in range(low, high + 1):
        _, y = at(10**left, 10.0**power)
        parts.append(f'<path d="M{_MARGIN},{y:.0f}H{_WIDTH - 200}" stroke="#ddd"/>')
        parts.append(f'<text x="8" y="{y + 4:.0f}">{10.0**power:g} s</text>')
    for count in sorted(set(files)):
        x, _ = at(count, 10.0**low)
        parts.append(f'<text x="{x - 20:.0f}" y="{_HEIGHT - 35}">{count:,} files</text>')
    for number, (name, points) in enumerate(grown.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        path = "L".join(f"{x:.0f},{y:.0f}" for x, y in (at(*p) for p in sorted(points)))
        parts.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts.append(
            f'<text x="{_WIDTH - 190}" y="{60 + 18 * number}" fill="{colour}">{name}</text>'
        )
    return "\n".join([*parts, "</svg>", ""])
