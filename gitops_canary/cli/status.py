"""`status`: where every canary stands, in one table."""

from collections.abc import Iterator

from gitops_canary.app.telling import words
from gitops_canary.app.tick import Report
from gitops_canary.cli.looked import chosen, looked
from gitops_canary.cli.options import (
    DEFAULT_CONFIG,
    CanariesArgument,
    ConfigOption,
    Form,
    OutputOption,
)
from gitops_canary.cli.outcome import exit_code
from gitops_canary.cli.printing import Row, say, show
from gitops_canary.core.text import percent
from gitops_canary.model.decision import Hold

COLUMNS = ("canary", "state", "weight", "step", "version", "reason")


def status(
    canaries: CanariesArgument = None,
    config: ConfigOption = DEFAULT_CONFIG,
    output: OutputOption = Form.TABLE,
) -> int:
    """Show each canary's state, weight, step and version, and what it waits for."""
    reports = looked(config)
    wanted = chosen(reports, canaries)
    for report in reports:
        if report.error:
            say(f"error: {report.repository}: {report.error}")
        if report.breakglass:
            say(report.breakglass)
        for change in report.unmanaged:
            say(f"unmanaged image change, no canary watches over it: {change}")
    show([row for r in reports for row in _rows(r) if wanted(row["canary"])], COLUMNS, output)
    return exit_code(reports)


def _rows(report: Report) -> Iterator[Row]:
    for canary, decision in sorted(report.decisions.items()):
        one = report.seen.get(canary)
        last = one.rollout.last.record if one and one.rollout else None
        running = one is not None and one.running and last is not None
        yield {
            "canary": canary,
            "repository": report.repository,
            "revision": report.tip,
            "state": words(decision),
            "weight": f"{percent(one.tip.owned.weight)}%" if one else "?",
            "step": f"{last.step}/{last.steps}" if running and last else "-",
            "version": one.tip.owned.candidate.version if one else "?",
            "primary": one.tip.owned.primary.version if one else "?",
            "rollout": last.rollout if running and last else None,
            "reason": decision.reason,
            "remedy": decision.remedy if isinstance(decision, Hold) else "",
        }
