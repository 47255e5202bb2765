"""`report`: one rollout as a page, or a fleet over a period, from a plain clone."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from gitops_canary.app.shelf import stories
from gitops_canary.cli.clones import EvidenceOption, day_ms, evidence_tip, now_ms
from gitops_canary.cli.options import Form, OutputOption
from gitops_canary.cli.printing import say, show, show_fitting, spaced
from gitops_canary.core.asked import MENTION, whys
from gitops_canary.core.fleet import Fleet, fleet
from gitops_canary.core.report import report as page
from gitops_canary.core.told import Told
from gitops_canary.errors import SpecError
from gitops_canary.git.plain import PlainClone
from gitops_canary.model.names import Revision

FIGURES = ("figure", "value", "meaning")
COLUMNS = (
    "began", "canary", "rollout", "outcome", "version", "automatic", "requests",
    "failedRequests", "exposedMinutes", "reason",
)  # fmt: skip
"""Of the table of changes, the most important first."""


def report(
    rollout: Annotated[
        str, typer.Argument(help="Write this rollout's report.html to standard output.")
    ] = "",
    since: Annotated[str, typer.Option(help="First day of the period, e.g. 2026-01-01.")] = "",
    until: Annotated[str, typer.Option(help="Last day of the period; now if none.")] = "",
    changes: Annotated[  # noqa: FBT002 - typer's way to say a flag
        bool, typer.Option("--changes", help="List one row a rollout instead of figures.")
    ] = False,
    clone: Annotated[Path, typer.Option("--clone", "-C", help="A plain clone.")] = Path(),
    evidence: EvidenceOption = "",
    output: OutputOption = Form.TABLE,
) -> int:
    """Write one rollout's page, or the figures of all; `verify` says whether to trust them."""
    opened = PlainClone(clone)
    try:
        found = dict(stories(opened, evidence_tip(opened, evidence)))
        if rollout:
            typer.echo(page(_one(found, rollout)), nl=False)
            return 0
        first, last = day_ms(since, 0), day_ms(until, now_ms()) + (86_399_999 if until else 0)
        said = whys(opened.mentioning(MENTION))
        chosen = fleet(found.values(), first, last, _asked(opened, found), said)
    finally:
        opened.close()
    if changes:
        rows = list(chosen.changes())
        show_fitting(rows, tuple(rows[0]) if rows else (), output, COLUMNS)
        return 0
    return _figures(chosen, output)


def _figures(chosen: Fleet, output: Form) -> int:
    named = spaced if output is Form.TABLE else str
    rows = [(named(figure), value, meaning) for figure, value, meaning in chosen.rows()]
    show([dict(zip(FIGURES, row, strict=True)) for row in rows], FIGURES, output)
    for when, canary, reason in chosen.overrides():
        say(f"override {when} {canary}: {reason}")
    return 0


def _one(found: Mapping[str, Told], rollout: str) -> Told:
    chosen = [story for folder, story in found.items() if folder.endswith(f"/{rollout}")]
    if len(chosen) != 1:
        raise SpecError(
            f"There is no rollout {rollout} on the evidence branch.",
            remedy="gitops-canary report --changes lists them",
        )
    return chosen[0]


def _asked(clone: PlainClone, found: Mapping[str, Told]) -> Mapping[str, int]:
    names = [Revision(story.last["source"]) for story in found.values()]
    return {name: raw.date_s * 1000 for name, raw in clone.commits(names).items() if raw}
