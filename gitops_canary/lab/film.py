"""A recording of the demo as an animated SVG: what was on the screen, frame by frame; pure.

The frames stand side by side and the picture moves along them in jumps, so that a browser needs no
script; whoever asks for less motion sees the last frame.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from gitops_canary.lab.telling import WIDTH, Line

SPEED = 2.5
"""How much faster than life it is shown."""
HEIGHT = 24
_EVERY_S = 0.5
_LAST_S = 6.0
_COLUMN, _ROW, _MARGIN = 8.4, 18, 14
_STYLE = """\
text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;\
fill:#c9d1d9;white-space:pre}
.strong{fill:#fff;font-weight:bold}.good{fill:#3fb950}.bad{fill:#ff7b72}.faint{fill:#9198a1}
"""


@dataclass(slots=True)
class Film:
    """Collects frames; equal ones and those that follow too soon are left out."""

    frames: list[tuple[float, tuple[Line, ...]]] = field(default_factory=list)
    """When each was shown first, in seconds since the beginning."""

    def add(self, at_s: float, lines: Sequence[Line], *, now: bool) -> None:
        """Take a frame; `now` where something has happened, else only once in a while."""
        shown = tuple(lines)
        if self.frames and (
            self.frames[-1][1] == shown or (not now and at_s - self.frames[-1][0] < _EVERY_S)
        ):
            return
        self.frames.append((at_s, shown))

    def svg(self) -> str:
        """Draw all frames."""
        width, height = WIDTH * _COLUMN + 2 * _MARGIN, HEIGHT * _ROW + 2 * _MARGIN
        ids: dict[Line, str] = {}
        strip = "\n".join(
            f'<g transform="translate({number * width:g})">{_drawn(lines, ids)}</g>'
            for number, (_, lines) in enumerate(self.frames)
        )
        known = "\n".join(_text(line, name) for line, name in ids.items())
        label = f"gitops-canary demo, {SPEED:g} times as fast as it is"
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
            f'width="{width:g}" height="{height:g}" role="img" aria-label="{label}">\n'
            f"<style>\n{_STYLE}{self._keyframes(width)}</style>\n"
            f"<defs>\n{known}\n</defs>\n"
            f'<rect width="100%" height="100%" rx="8" fill="#0d1117"/>\n'
            f'<g class="film">\n{strip}\n</g>\n</svg>\n'
        )

    def _keyframes(self, width: float) -> str:
        starts = [(at_s - self.frames[0][0]) / SPEED for at_s, _ in self.frames]
        total = starts[-1] + _LAST_S
        stops = "".join(
            f"{100 * at_s / total:.3f}%{{transform:translateX({-number * width:g}px)}}"
            for number, at_s in enumerate(starts)
        )
        last = f"transform:translateX({-(len(starts) - 1) * width:g}px)"
        return (
            f"@keyframes film{{{stops}100%{{{last}}}}}\n"
            f".film{{animation:film {total:.1f}s step-end infinite}}\n"
            f"@media (prefers-reduced-motion:reduce){{.film{{animation:none;{last}}}}}\n"
        )


def _drawn(lines: Sequence[Line], ids: dict[Line, str]) -> str:
    """Refer to each line, which is written down once however often it is shown."""
    found = []
    for row, line in enumerate(lines):
        if line.text:
            name = ids.setdefault(line, f"l{len(ids)}")
            found.append(f'<use href="#{name}" y="{row * _ROW}"/>')
    return "".join(found)


def _text(line: Line, name: str) -> str:
    mood = "" if line.mood == "plain" else f' class="{line.mood}"'
    return f'<text id="{name}" x="{_MARGIN}" y="{_MARGIN + 14}"{mood}>{escape(line.text)}</text>'
