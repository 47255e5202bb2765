"""`backtest`: what would this policy have said of the last days?"""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from gitops_canary.app.backtesting import Past, run
from gitops_canary.cli.backtest_page import page
from gitops_canary.cli.options import DEFAULT_CONFIG, ConfigOption, Form, OutputOption
from gitops_canary.cli.printing import Row, say, show
from gitops_canary.core.backtest import Backtest, Range, suggested
from gitops_canary.core.text import iso, percent
from gitops_canary.errors import UsageError
from gitops_canary.model.spec import CanarySpec

_COLUMNS = ("check", "limit", "looks", "failed", "silent", "middle", "worst 1 %", "suggested")
_STARTS_MAX = 20


def backtest(
    canary: Annotated[Path, typer.Option(help="File with the Canary, its templates beside it.")],
    from_: Annotated[str, typer.Option("--from", help="Begin, e.g. 2026-11-17T00:00:00Z.")],
    to: Annotated[str, typer.Option(help="End, in the same form.")],
    config: ConfigOption = DEFAULT_CONFIG,
    workload: Annotated[
        str | None, typer.Option(help="Who stands in for the canary; its primary by default.")
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Write a page with plots here too.")] = None,
    output: OutputOption = Form.TABLE,
) -> int:
    """Judge past days as if a canary had run: how often would a healthy one have been stopped?"""
    past = Past(from_ms=_instant("--from", from_), to_ms=_instant("--to", to), workload=workload)
    if past.to_ms > time.time() * 1000:
        raise UsageError(f"{to!r} is not over yet.", remedy="choose an end that is past")
    spec, found = run(canary, config, past)
    whole = _rollouts(spec, found)
    show([{**_row(one), "rollouts": whole} for one in found.ranges], _COLUMNS, output)
    say(_summary(spec, found))
    if html:
        _written(html, page(str(spec.id), _summary(spec, found), found))
        say(f"wrote {html}")
    return 0


def _written(html: Path, text: str) -> None:
    try:
        html.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"{html} cannot be written: {error.strerror}.",
            remedy="name a file in an existing folder",
        ) from error


def _instant(option: str, text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"{option} {text!r} is no instant.", remedy="write it like 2026-11-17T00:00:00Z"
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return int(moment.timestamp()) * 1000


def _summary(spec: CanarySpec, found: Backtest) -> str:
    stopped, begun, judge = len(found.stopped), found.begun, spec.policy.judge.type
    what = "weights" if judge == "conditions" else "rollouts"
    if not begun:
        return f"By {judge}: not one whole rollout of {spec.target.name} fits into that time."
    heard = begun - found.silent
    share = f" ({100 * stopped / heard:.3g} %)" if heard else ""
    text = f"By {judge}, of {begun} {what} of {spec.target.name} begun in turn"
    rest = f" the judge heard nothing in {found.silent}; of the others" if found.silent else ","
    text = f"{text}{rest} {stopped}{share} would have been rolled back."
    first = ", ".join(iso(at) for at in found.stopped[:_STARTS_MAX])
    more = " ..." if stopped > _STARTS_MAX else ""
    return f"{text} They began at: {first}{more}." if stopped else text


def _rollouts(spec: CanarySpec, found: Backtest) -> Row:
    """Give what came out for whole rollouts; the same beside every check."""
    return {
        "judge": spec.policy.judge.type,
        "begun": found.begun,
        "silent": found.silent,
        "stopped": [iso(at) for at in found.stopped],
    }


def _row(one: Range) -> Row:
    return {
        "check": one.check,
        "limit": one.limit,
        "looks": one.looks,
        "failed": one.failed,
        "silent": one.silent,
        "middle": "-" if one.middle is None else percent(one.middle),
        "worst 1 %": "-" if one.worst is None else percent(one.worst),
        "suggested": suggested(one),
        "values": [[iso(at), percent(value)] for at, value in one.values],
    }
