"""`history`: the moves of a canary as its commits tell them."""

from collections.abc import Iterator

from gitops_canary.app.tick import Report
from gitops_canary.cli.looked import chosen, looked
from gitops_canary.cli.options import (
    DEFAULT_CONFIG,
    CanariesArgument,
    ConfigOption,
    Form,
    OutputOption,
)
from gitops_canary.cli.printing import Row, say, show
from gitops_canary.core.text import iso, percent

COLUMNS = ("when", "canary", "rollout", "action", "step", "weight", "verdict", "version", "commit")


def history(
    canaries: CanariesArgument = None,
    config: ConfigOption = DEFAULT_CONFIG,
    output: OutputOption = Form.TABLE,
) -> int:
    """List every move, newest first."""
    reports = looked(config)
    wanted = chosen(reports, canaries)
    rows = [row for report in reports for row in _rows(report) if wanted(row["canary"])]
    show(rows, COLUMNS, output)
    errors = [report.error for report in reports if report.error]
    for error in errors:
        say(f"error: {error}")
    return errors[0].exit_code if errors else 0


def _rows(report: Report) -> Iterator[Row]:
    known = report.history
    for canary in sorted({*known.moves, *known.beginnings}):
        for move in (*known.moves.get(canary, ()), *known.beginnings.get(canary, ())):
            record = move.record
            yield {
                "when": iso(move.date_ms),
                "canary": canary,
                "rollout": record.rollout,
                "action": record.action.value,
                "step": f"{record.step}/{record.steps}",
                "weight": f"{percent(record.weight_from)}->{percent(record.weight_to)}",
                "verdict": record.verdict.value,
                "version": record.version,
                "commit": move.revision[:12],
                "revision": move.revision,
                "evidence": record.evidence,
            }
