"""`status`: where every canary stands, in one table."""

from gitops_canary.app.by_hand import PrimaryChange
from gitops_canary.app.standing import Standing, standings
from gitops_canary.app.tick import Report
from gitops_canary.app.unmanaged import Unmanaged, told
from gitops_canary.cli.looked import chosen, complaints, looked
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
        _preface(report)
    found = (one for report in reports for one in standings(report))
    rows = [row(one) for one in found if wanted(one.canary)]
    if rows or output is not Form.TABLE:
        show(rows, COLUMNS, output)
    for each in rows if output is Form.TABLE else ():
        if each["remedy"]:
            say(f"{each['canary']}: Try: {each['remedy']}.")
    return exit_code(reports)


def _preface(report: Report) -> None:
    """Say what concerns the repository as a whole, or no canary."""
    for complaint in complaints(report):
        say(complaint)
    if report.breakglass:
        say(report.breakglass)
    for change in report.unmanaged:
        if not _says(report, change):
            say(told(change))


def _says(report: Report, change: Unmanaged) -> bool:
    """Whether the canary's own reason says it already."""
    if not isinstance(change, PrimaryChange):
        return False
    one = report.seen.get(change.canary)
    return one is not None and one.situation.bypass == change.revision


def row(one: Standing) -> Row:
    """Give one canary as a row: what the table shows, and what only programs read."""
    return {
        "canary": one.canary,
        "repository": one.repository,
        "revision": one.revision,
        "state": one.state,
        "weight": "?" if one.weight is None else f"{percent(one.weight)}%",
        "step": one.ladder,
        "version": one.version or "?",
        "primary": one.primary or "?",
        "rollout": one.moves[-1].record.rollout if one.running else None,
        "reason": one.reason,
        "remedy": one.remedy,
    }
