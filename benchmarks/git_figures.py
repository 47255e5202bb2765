"""One figure, and the file that keeps the last of each."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.git_world import Size


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure: ours and the limit's, and the ratio to hold."""

    name: str
    part: str
    """How `--only` names what measures it."""
    size: Size
    ours: float
    limit: float
    against: str
    """What the limit is."""
    most: float = math.inf
    """The highest ratio to hold; infinite: none."""
    unit: str = "s"
    """`s`, `MiB`, or empty for a count."""
    axis: str | None = None
    """Along what it grows in the plot: `files`, `commits`, `canaries` or `changes`."""
    at: int = 0
    """How many of those."""

    @property
    def ratio(self) -> float:
        """How many times the limit ours takes."""
        return self.ours / self.limit

    @property
    def holds(self) -> bool:
        """Whether the ratio is kept."""
        return self.ratio <= self.most

    @property
    def verdict(self) -> str:
        """Whether it holds, in words; empty where nothing is to hold."""
        if math.isinf(self.most):
            return ""
        return "holds" if self.holds else "**not met**"

    def write(self, value: float) -> str:
        """Write a value in this figure's unit."""
        if self.unit == "MiB":
            return f"{value:.1f} MiB"
        if self.unit:
            return f"{value:.1f} s" if value >= 1 else f"{value * 1000:.1f} ms"
        return f"{value:.0f}"

    @property
    def told(self) -> str:
        """One line for a terminal."""
        most = "" if math.isinf(self.most) else f"<= {self.most:.2f}"
        return (
            f"{self.size.told:>26}  {self.name:<40} {self.write(self.ours):>10}  "
            f"{self.write(self.limit):>10}  {self.ratio:7.2f} {most:<7} {self.verdict:<11} "
            f"({self.against})"
        )


def remember(file: Path, fresh: Sequence[Figure]) -> list[Figure]:
    """Put figures into a file, each in the place of the last of its name and size; all of them."""
    known = {_key(figure): figure for figure in (_read(file) if file.exists() else [])}
    known |= {_key(figure): figure for figure in fresh}
    figures = sorted(known.values(), key=_order)
    lines = ",\n".join(json.dumps(asdict(figure)) for figure in figures)
    file.write_text(f"[\n{lines}\n]\n")
    return figures


def _read(file: Path) -> list[Figure]:
    return [Figure(**{**one, "size": Size(**one["size"])}) for one in json.loads(file.read_text())]


def _key(figure: Figure) -> tuple[str, Size, int]:
    return figure.name, figure.size, figure.at


def _order(figure: Figure) -> tuple[int, str, str, Size, int]:
    head = figure.name.partition(" ")[0].removeprefix("P")
    number = int(head) if head.isdecimal() else 99
    return number, figure.part, figure.name, figure.size, figure.at
