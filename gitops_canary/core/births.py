"""What counters gained in a window: all of what was born in it, nothing from before it.

`increase` knows nothing of what a series has at its first sample, and counters have one the moment
something happens for the first time: the first failures of a version are a series of their own. Nor
does it tell what is older: where nothing was scraped when a window began, VictoriaMetrics counts
from the last sample before that gap, and a counter that was not seen for long looks new.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gitops_canary.core.judges.sequential_types import BORN, CLEAR, RULE

Over = Callable[[Callable[[str], str]], str]
"""Writes an expression over all series, given what wraps each selector."""
KNOWN_S = 3600
"""How far back before a window a series is looked for, so that a gap is no birth."""
_KNOWN_BEFORE_57_S = 300
TARGET = ("job", "instance", "pod", "kubernetes_pod_name")
"""What tells apart whom a series was scraped from, as far as it has these labels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A window, e.g. `1m`, and how new a sample is that tells of an instant, e.g. `30s`."""

    window: str
    recent: str
    rule: int = RULE
    """Which decision on it holds; older ones for old records."""

    def began(self, selector: str) -> str:
        """Give what series had when the window began, where they were scraped then."""
        return f"last_over_time({selector}[{self.recent}] offset {self.window})"

    def known(self, selector: str) -> str:
        """Give what series had the last time before the window."""
        far_s = KNOWN_S if self.rule >= CLEAR else _KNOWN_BEFORE_57_S
        return f"last_over_time({selector}[{far_s}s] offset {self.window})"

    def increase(self, selector: str) -> str:
        """Give what series gained, where they were scraped when the window began.

        From the others what they gained since their first sample in it; where the counter began
        anew then, since that.
        """
        text = f"increase({selector}[{self.window}])"
        if self.rule < CLEAR:
            return text
        since = " - ".join(f"{of}_over_time({selector}[{self.window}])" for of in ("last", "min"))
        return f"({text} and {self.began(selector)} or {since})"


def gained(over: Over, look: Look, *, selectors: Sequence[str]) -> str:
    """Write the expression.

    Born is what was not there before the window, while others of the `selectors` were scraped when
    it began. Where none was, the source itself had nothing, and what the counters have may be older
    than the window; so it may where the rest of the same target was not scraped then.
    """
    if look.rule < BORN:
        return over(look.increase)
    if look.rule < CLEAR:
        newest = over(lambda one: f"max_over_time({one}[{look.window}])")
        heard = " or ".join(map(look.known, selectors))
        before = f"((({newest}) unless ({over(look.known)})) and on () ({heard}))"
        return f"{before} or {over(look.increase)}"
    known, began = (" or ".join(map(wrap, selectors)) for wrap in (look.known, look.began))
    target = f"on ({', '.join(TARGET)})"
    newest = over(lambda one: f"(max_over_time({one}[{look.window}]) unless {look.known(one)})")
    late = f"({known}) unless {target} ({began})"
    born = f"(({newest}) unless {target} ({late}) and on () ({began}))"
    return f"{born} or {over(look.increase)}"
