"""Figures as a page for people: a table, and plots of how a tick's cost grows."""

import math
from collections.abc import Sequence
from pathlib import Path

from benchmarks.git_figures import Figure

_BEGIN, _END = "<!-- figures, by benchmarks/git.py -->", "<!-- end of figures -->"
_HEAD = """| what | repository | ours | limit | ratio | to hold | | measured by `--only` |
|---|---|---|---|---|---|---|---|
"""
_AXES = ("files", "commits", "canaries", "changes")
_WIDTH, _HEIGHT, _MARGIN = 300, 220, 46
_COLOURS = dict(zip(_AXES, ("#1f6feb", "#cf222e", "#1a7f37", "#8250df"), strict=True))


def write(folder: Path, figures: Sequence[Figure]) -> None:
    """Write the table between its marks in the page, and the plot."""
    page = folder / "performance.md"
    before, _, rest = page.read_text().partition(_BEGIN)
    after = rest.partition(_END)[2]
    table = _HEAD + "\n".join(_row(figure) for figure in figures)
    page.write_text(f"{before}{_BEGIN}\n{table}\n{_END}{after}")
    (folder / "git-growth.svg").write_text(_plot(figures))


def _row(figure: Figure) -> str:
    most = "" if math.isinf(figure.most) else f"<= {figure.most:.2f}"
    changes = f", {figure.at:,} changes" if figure.axis == "changes" else ""
    canaries = f", {figure.size.canaries:,} canaries" if figure.axis == "canaries" else ""
    return (
        f"| {figure.name} | {figure.size.told}{changes}{canaries} | {figure.write(figure.ours)} | "
        f"{figure.write(figure.limit)} ({figure.against}) | {figure.ratio:.2f} | {most} | "
        f"{figure.verdict} | {figure.part} |"
    )


def _plot(figures: Sequence[Figure]) -> str:
    """Draw one small plot for each axis, all with the same seconds."""
    drawn = [figure for figure in figures if figure.axis]
    seconds = [figure.ours for figure in drawn] or [1.0]
    low, high = math.floor(math.log10(min(seconds))), math.ceil(math.log10(max(seconds)))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * _WIDTH} {2 * _HEIGHT}">',
        "<style>text { font: 11px sans-serif }</style>",
        '<rect width="100%" height="100%" fill="white"/>',
    ]
    for number, axis in enumerate(_AXES):
        points = sorted((f.at, f.ours) for f in drawn if f.axis == axis)
        corner = _WIDTH * (number % 2), _HEIGHT * (number // 2)
        parts.append(f'<g transform="translate({corner[0]},{corner[1]})">')
        parts += _panel(axis, points, low, max(high, low + 1))
        parts.append("</g>")
    return "\n".join([*parts, "</svg>", ""])


def _panel(axis: str, points: Sequence[tuple[int, float]], low: int, high: int) -> list[str]:
    counts = [count for count, _ in points] or [1]
    left, right = math.log10(min(counts)), math.log10(max(counts))

    def at(count: float, seconds: float) -> tuple[float, float]:
        x = (math.log10(count) - left) / ((right - left) or 1)
        y = (math.log10(seconds) - low) / (high - low)
        return _MARGIN + x * (_WIDTH - 2 * _MARGIN), _HEIGHT - 40 - y * (_HEIGHT - 80)

    parts = [f'<text x="{_MARGIN}" y="18" fill="{_COLOURS[axis]}">a tick by {axis}</text>']
    for power in range(low, high + 1):
        _, y = at(10**left, 10.0**power)
        parts.append(f'<path d="M{_MARGIN},{y:.0f}H{_WIDTH - 20}" stroke="#ddd"/>')
        parts.append(f'<text x="4" y="{y + 4:.0f}">{10.0**power:g} s</text>')
    for count in counts:
        x, _ = at(count, 10.0**low)
        parts.append(f'<text x="{x - 12:.0f}" y="{_HEIGHT - 18}">{count:,}</text>')
    if points:
        line = "L".join(f"{x:.0f},{y:.0f}" for x, y in (at(*point) for point in points))
        colour = _COLOURS[axis]
        parts.append(f'<path d="M{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.0f}" cy="{y:.0f}" r="3" fill="{colour}"/>'
                  for x, y in (at(*point) for point in points)]  # fmt: skip
    return parts
