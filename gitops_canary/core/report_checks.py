"""The checks of a rollout on its report: what each weight's newest look rests on, and others."""

from collections.abc import Iterator

from gitops_canary.core.evidence import Json
from gitops_canary.core.markup import MARKS, table, text
from gitops_canary.core.text import counted
from gitops_canary.core.told import Told

_ROWS_MAX = 60
"""Checks that are shown at once; of more the newest at each weight are, the others on demand."""


def checks(story: Told, left_out: int) -> str:
    """Show the newest look at each weight with its sum, and every look where there are more.

    `left_out` counts the looks that the story was cut short by.
    """
    newest = [_look(d["weight"]["from"], one, story) for d, one in _looks(story, newest=True)]
    if not newest:
        return "<p>Nothing was measured.</p>"
    if left_out:
        newest.insert(0, _left_out(left_out))
    elif sum(len(d["verdicts"]) for d in story.decisions) == len(newest):
        return "\n".join(newest)
    every = [
        (verdict["at"], f"{d['weight']['from']} %", *figures, MARKS[outcome], samples)
        for d, verdict in _looks(story)
        for *figures, outcome, samples in story.checked(verdict)
    ]
    head = ("evaluated", "weight", "check", "canary", "primary", "limit", "verdict", "samples")
    opened = " open" if len(every) <= _ROWS_MAX else ""
    more = f"<details{opened}><summary>Every look, {counted(len(every), 'row')}</summary>"
    return "\n".join((*newest, more, table("Every look", head, every), "</details>"))


def _looks(story: Told, *, newest: bool = False) -> Iterator[tuple[Json, Json]]:
    """List (decision, verdict), oldest first; or the newest verdict of each decision."""
    for d in story.decisions:
        for verdict in d["verdicts"][-1:] if newest else d["verdicts"]:
            yield d, verdict


def _look(weight: str, verdict: Json, story: Told) -> str:
    """Show one look: every check with what its verdict rests on."""
    rows = [
        (name, MARKS[outcome], *figures, samples, check["why"])
        for check, (name, *figures, outcome, samples) in zip(
            verdict["checks"], story.checked(verdict), strict=True
        )
    ]
    name = f"Newest look at {weight} %, of {verdict['at']}"
    head = ("check", "verdict", "canary", "primary", "limit", "samples", "why")
    return f"<h3>{text(name)}</h3>\n{table(name, head, rows)}"


def _left_out(looks: int) -> str:
    return (
        f"<p>Left out here and in the plots: {counted(looks, 'look')} in the middle of long steps; "
        "the decisions hold them all.</p>"
    )
