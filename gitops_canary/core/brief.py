"""A long rollout made short for its page: what is left out stays in the decisions.

A page is to stay below 1 MiB however often was looked and whatever a version changed.
"""

from dataclasses import replace

from gitops_canary.core.told import Json, Told

ROWS_MAX = 1000
"""Checks that are shown, each as a row of a table and a mark in a plot."""
LINES_MAX = 3000
"""Lines of diffs that are shown."""
LINE_MAX = 200
"""Characters of a line of a diff that are shown."""


def brief(story: Told) -> Told:
    """Leave out of each decision the middle of its verdicts, and the ends of its long diffs."""
    judged = [d for d in story.decisions if d["verdicts"]]
    checks = max((len(v["checks"]) for d in judged for v in d["verdicts"]), default=0)
    looks = _each(ROWS_MAX, len(judged) * checks)
    lines = _each(LINES_MAX, sum(len(d["changes"]) for d in story.decisions))
    return replace(
        story, decisions=tuple(_short(d, looks=looks, lines=lines) for d in story.decisions)
    )


def left_out(whole: Told, shown: Told) -> int:
    """Count the looks that are not shown."""
    counts = [sum(len(d["verdicts"]) for d in one.decisions) for one in (whole, shown)]
    return counts[0] - counts[1]


def _each(most: int, parts: int) -> int:
    """Divide what is shown among its parts: two are shown of each, however many there are."""
    return max(most // parts, 2) if parts else most


def _short(decision: Json, *, looks: int, lines: int) -> Json:
    verdicts = decision["verdicts"]
    oldest = looks // 2
    newest = oldest + max(len(verdicts) - looks, 0)
    verdicts = [*verdicts[:oldest], *verdicts[newest:]]
    changes = [{**one, "diff": _cut(one["diff"], lines)} for one in decision["changes"]]
    return {**decision, "verdicts": verdicts, "changes": changes}


def _cut(diff: str, most: int) -> str:
    lines = diff.splitlines()
    shown = [line if len(line) <= LINE_MAX else f"{line[:LINE_MAX]} ..." for line in lines[:most]]
    more = len(lines) - len(shown)
    return "\n".join([*shown, f"... {more} more lines: see the decision"] if more else shown)
