"""`history`: the moves of a canary as its commits tell them."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from gitops_canary.app.claims import Claim, read
from gitops_canary.app.lineage import Lineage
from gitops_canary.app.tick import Report
from gitops_canary.cli.looked import chosen, looked
from gitops_canary.cli.options import (
    DEFAULT_CONFIG,
    CanariesArgument,
    ConfigOption,
    Form,
    OutputOption,
    PlainOption,
)
from gitops_canary.cli.printing import Row, say, show_fitting
from gitops_canary.core.text import change, iso, percent
from gitops_canary.errors import SpecError
from gitops_canary.git.plain import PlainClone
from gitops_canary.manifest.problems import nearest_canary
from gitops_canary.model.rollout import Move

COLUMNS = ("when", "canary", "rollout", "action", "step", "weight", "verdict", "version", "commit")
FIRST = ("when", "canary", "action", "weight", "commit", "verdict", "step", "version", "rollout")


def history(
    canaries: CanariesArgument = None,
    config: ConfigOption = DEFAULT_CONFIG,
    clone: PlainOption = None,
    output: OutputOption = Form.TABLE,
) -> int:
    """List every move, newest first."""
    if clone:
        return _plain(clone, frozenset(canaries or ()), output)
    reports = looked(config)
    wanted = chosen(reports, canaries)
    rows = [row for report in reports for row in _rows(report) if wanted(row["canary"])]
    _show(rows, output)
    if not rows:
        say("No move is there yet: nothing has rolled out.")
    errors = [report.error for report in reports if report.error]
    for error in errors:
        say(f"error: {error}")
    return errors[0].exit_code if errors else 0


def _plain(path: Path, wanted: frozenset[str], output: Form) -> int:
    """List what commits of a clone say they are; whose they are is for `verify` to find out."""
    with closing(PlainClone(path)) as clone:
        lineage = Lineage(clone, clone.resolve("HEAD"))
        claims = list(read(lineage.commits(), lineage.landings))
    moves = [one.move for one in claims if isinstance(one, Claim)]
    known = {str(move.record.canary) for move in moves}
    unknown = sorted(wanted - known)
    if unknown:
        raise SpecError(
            f"No commit here is a move of {unknown[0]}.",
            remedy=nearest_canary(unknown[0], known),
        )
    rows = [_row(move) for move in reversed(moves) if not wanted or move.record.canary in wanted]
    _show(rows, output)
    errors = [one.error for one in claims if not isinstance(one, Claim)]
    for error in errors:
        say(f"error: {error}")
    if not claims:
        say("No move is in the checked-out history; `git pull` brings those of the config branch.")
    say("As the commits say; `gitops-canary verify` tells whose they are.")
    return errors[0].exit_code if errors else 0


def _show(rows: Sequence[Row], output: Form) -> None:
    """Print moves; weights stand in a table as people write them, else as in the trailer."""
    if output is Form.TABLE:
        rows = [{**row, "weight": change(*row["weight"].split("->"))} for row in rows]
    show_fitting(rows, COLUMNS, output, FIRST)


def _rows(report: Report) -> Iterator[Row]:
    known = report.history
    for canary in sorted({*known.moves, *known.beginnings}):
        moves: Sequence[Move] = (*known.moves.get(canary, ()), *known.beginnings.get(canary, ()))
        yield from (_row(move) for move in moves)


def _row(move: Move) -> Row:
    record = move.record
    return {
        "when": iso(move.date_ms),
        "canary": record.canary,
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
